/** A span's identity as the two ids that osprofiler passes on, and back. */
import type { SpanContext } from '@opentelemetry/api';
import { toSpanId, toTraceId } from '../mapping/ids.js';
import type { TraceInfo } from './trace-info.js';

/**
 * What makes OpenStack's trace points the children of a span: `base_id` is the trace id as a UUID, and the low 64 bits
 * of `parent_id` are the span id, which is where the mapping takes a parent from.
 *
 * The high half of `parent_id` is that of the trace id with every bit turned over. It has to be the same whenever the
 * same span calls, and it must not be the trace id's own: `parent_id == base_id` means to osprofiler, and to the
 * mapping, that there is no enclosing point, and the OpenStack side would become a root of its own.
 */
export function toTraceInfo({ traceId, spanId }: Pick<SpanContext, 'traceId' | 'spanId'>): {
  readonly baseId: string;
  readonly parentId: string;
} {
  return {
    baseId: toUuid(traceId),
    parentId: toUuid(turnedOver(traceId.slice(0, 16)) + spanId.toLowerCase()),
  };
}

/**
 * The trace and span ids that the mapping gives to a trace info. Where there is no enclosing point (`parent_id` is
 * `base_id`), the span id is that of the root span which the bridge makes on demand.
 */
export function fromTraceInfo({ baseId, parentId }: TraceInfo): Pick<SpanContext, 'traceId' | 'spanId'> {
  return { traceId: toTraceId(baseId), spanId: toSpanId(parentId) };
}

/** @param hex 32 digits. */
export function toUuid(hex: string): string {
  const text = hex.toLowerCase();
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}

function turnedOver(hex: string): string {
  return Array.from(hex, (digit) => (15 - Number.parseInt(digit, 16)).toString(16)).join('');
}
