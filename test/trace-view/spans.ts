/** Hand-made spans. */
import type { Span } from '../../src/trace-view/span.js';

export interface Sketch extends Partial<Omit<Span, 'spanId' | 'parentSpanId'>> {
  readonly id: string;
  readonly parent?: string;
  /** Milliseconds. */
  readonly at?: number;
  /** Milliseconds. */
  readonly for?: number;
}

/** A moment to count from, microseconds. */
export const BEGIN = 1_700_000_000_000_000;

export function span({ id, parent, at = 0, for: length = 1, ...rest }: Sketch): Span {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: id,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: id,
    service: 'api',
    kind: 'internal',
    startMicros: BEGIN + at * 1000,
    endMicros: BEGIN + (at + length) * 1000,
    attributes: {},
    events: [],
    resource: {},
    ...rest,
  };
}
