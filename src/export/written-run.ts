/**
 * Spans of one trace and one resource that were written one behind the other, as one: bytes and a count. For who keeps
 * many of them and looks at few, that is an object less for each.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { readWritten, WrittenSpan } from './written-span.js';

/** How much a run may be. */
export interface RunBounds {
  /** At least one. */
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export class WrittenRun {
  private constructor(
    /** How many spans it is. */
    readonly count: number,
    private readonly resource: ReadableSpan['resource'],
    private readonly instrumentationScope: ReadableSpan['instrumentationScope'],
    readonly bytes: Buffer,
    private readonly begin: number,
    /** Where the comma behind the last span stands. */
    private readonly end: number,
  ) {}

  /** The first of `spans` from `at` on, and as many of those behind it as the bounds allow and belong together. */
  static from(
    first: WrittenSpan,
    spans: readonly ReadableSpan[],
    at: number,
    { maxSpans, maxBytes }: RunBounds,
  ): WrittenRun {
    let count = 1;
    let { end } = first;
    for (let next = spans[at + 1]; count < maxSpans && next !== undefined; next = spans[at + count]) {
      if (!(next instanceof WrittenSpan) || !follows(next, first, end)) break;
      if (next.end + 1 - first.begin > maxBytes) break;
      ({ end } = next);
      count++;
    }
    return new WrittenRun(count, first.resource, first.instrumentationScope, first.bytes, first.begin, end);
  }

  /** Bytes of it. */
  get length(): number {
    return this.end + 1 - this.begin;
  }

  /** The same in other bytes, which have room for it at `begin`: those that it is in are part of many others'. */
  copiedTo(bytes: Buffer, begin: number): WrittenRun {
    const { count, resource, instrumentationScope } = this;
    const end = begin + this.bytes.copy(bytes, begin, this.begin, this.end + 1) - 1;
    return new WrittenRun(count, resource, instrumentationScope, bytes, begin, end);
  }

  read(): ReadableSpan[] {
    const list = `[${this.bytes.toString('utf8', this.begin, this.end)}]`;
    return readWritten(list, this.resource, this.instrumentationScope);
  }
}

function follows(next: WrittenSpan, first: WrittenSpan, end: number): boolean {
  return (
    next.begin === end + 1 &&
    next.bytes === first.bytes &&
    next.traceId === first.traceId &&
    next.resource === first.resource &&
    next.instrumentationScope === first.instrumentationScope
  );
}
