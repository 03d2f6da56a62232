/**
 * The last traces that the backend accepted, bounded by traces, spans and bytes. When a bound is reached, the trace that
 * has been without a new span for longest is evicted. The same spans in the same order always leave the same traces.
 */
import type { Sent } from '../../export/observed-sink.js';
import { encoded } from '../encoded-spans.js';
import { ChunkPool } from './chunk-pool.js';
import { KeptTrace } from './kept-trace.js';

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
  /** Traces that were evicted. */
  evicted = 0;
  /** The one that got its last span longest ago first. */
  private readonly traces = new Map<string, KeptTrace>();
  private readonly pool = new ChunkPool();

  constructor(bounds: Partial<RecentTracesBounds> = {}) {
    this.bounds = { ...DEFAULT_RECENT_TRACES, ...bounds };
  }

  get size(): number {
    return this.traces.size;
  }

  get spans(): number {
    return this.sum(({ count }) => count);
  }

  /** Estimated. */
  get bytes(): number {
    return this.sum(({ bytes }) => bytes);
  }

  /** Keeps what the backend accepted; what it did not accept is sent again, and shown then. */
  observe({ spans, outcome }: Sent): void {
    if (outcome.kind !== 'accepted' || this.bounds.maxTraces === 0) return;
    const touched = new Set<KeptTrace>();
    for (const span of spans) {
      const bytes = encoded(span);
      const trace = this.traces.get(bytes.traceId) ?? this.begin(bytes.traceId);
      trace.add(bytes);
      touched.add(trace);
    }
    for (const trace of touched) {
      this.traces.delete(trace.traceId);
      this.traces.set(trace.traceId, trace);
    }
    this.evict();
  }

  /** @param traceId 32 lower-case hex digits. */
  find(traceId: string): KeptTrace | undefined {
    return this.traces.get(traceId);
  }

  /** The one that began last first; of those that began at once, by id. */
  latest(): KeptTrace[] {
    for (const trace of this.traces.values()) void trace.summary;
    // Summaries take memory too.
    this.evict();
    return [...this.traces.values()].sort(
      (a, b) => b.summary.startMicros - a.summary.startMicros || (a.traceId < b.traceId ? -1 : 1),
    );
  }

  private begin(traceId: string): KeptTrace {
    const maxSpans = Math.max(1, Math.floor(this.bounds.maxSpans / 2));
    const trace = new KeptTrace(
      traceId,
      { maxSpans, maxBytes: Math.floor(this.bounds.maxBytes / 2) },
      this.pool,
    );
    this.traces.set(traceId, trace);
    return trace;
  }

  private sum(of: (trace: KeptTrace) => number): number {
    let sum = 0;
    for (const trace of this.traces.values()) sum += of(trace);
    return sum;
  }

  private evict(): void {
    const { maxTraces, maxSpans, maxBytes } = this.bounds;
    let { spans, bytes } = this;
    for (const trace of this.traces.values()) {
      const fits = this.size <= maxTraces && spans <= maxSpans && bytes <= maxBytes;
      if (fits || this.size === 1) return;
      this.traces.delete(trace.traceId);
      spans -= trace.count;
      bytes -= trace.bytes;
      trace.free();
      this.evicted++;
    }
  }
}
