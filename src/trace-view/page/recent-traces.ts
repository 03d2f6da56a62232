/**
 * The last traces that the backend took, for the page: a memory bounded by traces, spans and bytes. When a bound is
 * reached, the trace that has been without a new span for longest goes. The same spans in the same order always leave
 * the same traces.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { writeAsJson } from '../../export/json-encoding.js';
import type { Sent } from '../../export/observed-sink.js';
import { traceIdOf, UnreadSpan } from '../../span/unread-span.js';
import { Chunks } from './chunks.js';
import { HeldTrace } from './held-trace.js';
import type { KeptTrace } from './kept-trace.js';

export interface RecentTracesBounds {
  /** @default 300 */
  readonly maxTraces: number;
  /** Of all traces; one may have half of them. @default 100,000 */
  readonly maxSpans: number;
  /** Of all traces, estimated; one may have half of them. @default 64 MiB */
  readonly maxBytes: number;
}

export const DEFAULT_RECENT_TRACES: RecentTracesBounds = {
  maxTraces: 300,
  maxSpans: 100_000,
  maxBytes: 64 * 1024 * 1024,
};

export class RecentTraces {
  readonly bounds: RecentTracesBounds;
  /** In the order of their last spans' coming: the first one goes first. */
  private readonly traces = new Map<string, HeldTrace>();
  private readonly chunks = new Chunks();
  private spanCount = 0;
  private byteCount = 0;
  private evictedCount = 0;

  constructor(bounds: Partial<RecentTracesBounds> = {}) {
    this.bounds = { ...DEFAULT_RECENT_TRACES, ...bounds };
  }

  get size(): number {
    return this.traces.size;
  }

  get spans(): number {
    return this.spanCount;
  }

  /** Estimated. */
  get bytes(): number {
    return this.byteCount;
  }

  /** Traces that had to go. */
  get evicted(): number {
    return this.evictedCount;
  }

  /** Sees an answer of the backend; what it did not take is not shown, since it comes again. */
  observe({ spans, outcome }: Sent): void {
    if (outcome.kind !== 'accepted' || this.bounds.maxTraces === 0) return;
    const touched = new Set<HeldTrace>();
    const held = spans.map(writtenDown);
    for (let at = 0; at < held.length; ) {
      const traceId = traceIdOf(held[at]!);
      const trace = this.traces.get(traceId) ?? this.begin(traceId);
      touched.add(trace);
      at += this.counting(trace, () => trace.add(held, at));
    }
    for (const trace of touched) this.moveToEnd(trace);
    this.evict();
  }

  /** @param traceId 32 lower-case hex digits. */
  find(traceId: string): KeptTrace | undefined {
    const trace = this.traces.get(traceId);
    return trace && this.read(trace);
  }

  /** The one that began last first; of those that began at once, by id. */
  latest(): KeptTrace[] {
    return Array.from(this.traces.values(), (trace) => this.read(trace)).sort(
      (a, b) => b.startMicros - a.startMicros || (a.traceId < b.traceId ? -1 : 1),
    );
  }

  private read(trace: HeldTrace): KeptTrace {
    return this.counting(trace, () => trace.read());
  }

  /** Does something to a trace that changes how much there is of it. */
  private counting<Result>(trace: HeldTrace, change: () => Result): Result {
    const { spans, bytes } = trace;
    const result = change();
    this.spanCount += trace.spans - spans;
    this.byteCount += trace.bytes - bytes;
    return result;
  }

  private begin(traceId: string): HeldTrace {
    const { maxSpans, maxBytes } = this.bounds;
    const bounds = {
      maxSpans: Math.max(1, Math.floor(maxSpans / 2)),
      maxBytes: Math.floor(maxBytes / 2),
    };
    const trace = new HeldTrace(traceId, bounds, this.chunks);
    this.traces.set(traceId, trace);
    return trace;
  }

  private moveToEnd(trace: HeldTrace): void {
    this.traces.delete(trace.traceId);
    this.traces.set(trace.traceId, trace);
  }

  private evict(): void {
    const { maxTraces, maxSpans, maxBytes } = this.bounds;
    for (const trace of this.traces.values()) {
      const fits = this.size <= maxTraces && this.spanCount <= maxSpans && this.byteCount <= maxBytes;
      if (fits || this.size === 1) return;
      this.traces.delete(trace.traceId);
      this.spanCount -= trace.spans;
      this.byteCount -= trace.bytes;
      trace.forgetUnread();
      this.evictedCount++;
    }
  }
}

/** What can be read again later is kept as text until somebody looks, however it was sent. */
function writtenDown(span: ReadableSpan): ReadableSpan {
  return span instanceof UnreadSpan ? writeAsJson(span) : span;
}
