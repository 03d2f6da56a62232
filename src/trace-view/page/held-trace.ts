/**
 * One trace in the page's memory, its spans as they were sent until somebody looks. Every span that is exported passes
 * here, and few are ever looked at: to have them all at hand cost a quarter of the bridge's CPU.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { WrittenRun } from '../../export/written-run.js';
import { WrittenSpan } from '../../export/written-span.js';
import { readOnce } from '../../span/unread-span.js';
import { CHUNK_BYTES, Chunks } from './chunks.js';
import { KeptTrace, type TraceBounds } from './kept-trace.js';

/** Bytes are copied to chunks of the trace's own, each twice as large as the one before up to {@link CHUNK_BYTES}. */
const FIRST_CHUNK = 4 * 1024;
/** A run's object and its place in a list, roughly. */
const RUN_BYTES = 160;

export class HeldTrace {
  private readonly kept: KeptTrace;
  private unread: WrittenRun[] = [];
  private unreadSpans = 0;
  private unreadBytes = 0;
  private chunks: Buffer[] = [];
  /** Of the last of them. */
  private chunkLength = 0;

  constructor(
    readonly traceId: string,
    private readonly bounds: TraceBounds,
    private readonly pool = new Chunks(),
  ) {
    this.kept = new KeptTrace(traceId, bounds);
  }

  /** Of spans with one id each counts until somebody looks. */
  get spans(): number {
    return this.kept.spans.size + this.unreadSpans;
  }

  /** Estimated. */
  get bytes(): number {
    return this.kept.bytes + this.unreadBytes;
  }

  /**
   * Takes in the span at a place of a list, and those behind it that were written with it.
   * @returns how many.
   */
  add(spans: readonly ReadableSpan[], at: number): number {
    const span = spans[at]!;
    if (!(span instanceof WrittenSpan)) this.kept.add(readOnce(span));
    else if (this.isFull) this.kept.unkept++;
    else return this.hold(span, spans, at);
    return 1;
  }

  private get isFull(): boolean {
    return this.spans >= this.bounds.maxSpans || this.bytes >= this.bounds.maxBytes;
  }

  /** The trace as it is shown. What was not read yet is read now, and takes more or less memory than before. */
  read(): KeptTrace {
    for (const run of this.unread) for (const span of run.read()) this.kept.addRead(span);
    this.forgetUnread();
    return this.kept;
  }

  /** Lets go of what was not read. */
  forgetUnread(): void {
    this.unread = [];
    this.unreadSpans = 0;
    this.unreadBytes = 0;
    this.pool.giveBack(this.chunks);
    this.chunks = [];
    this.chunkLength = 0;
  }

  private hold(first: WrittenSpan, spans: readonly ReadableSpan[], at: number): number {
    const chunk = this.chunkFor(first);
    const run = WrittenRun.from(first, spans, at, {
      maxSpans: this.bounds.maxSpans - this.spans,
      maxBytes: chunk.length - this.chunkLength,
    });
    this.unread.push(run.copiedTo(chunk, this.chunkLength));
    this.chunkLength += run.length;
    this.unreadBytes += RUN_BYTES;
    this.unreadSpans += run.count;
    return run.count;
  }

  /** The last chunk, which has room for the span. */
  private chunkFor({ length }: WrittenSpan): Buffer {
    const last = this.chunks.at(-1);
    if (last !== undefined && last.length - this.chunkLength >= length) return last;
    const size = Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK, 2 * (last?.length ?? 0)));
    const next = this.pool.take(Math.max(size, length));
    this.chunks.push(next);
    this.chunkLength = 0;
    this.unreadBytes += next.length;
    return next;
  }
}
