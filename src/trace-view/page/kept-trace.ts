/** One trace in the page's memory: its spans as they were sent, read back when somebody looks. */
import type { EncodedSpan } from '../encoded-spans.js';
import type { Span } from '../span.js';
import type { ChunkPool } from './chunk-pool.js';
import { SpanLog } from './span-log.js';
import { TraceSummary } from './trace-summary.js';

export interface TraceBounds {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export class KeptTrace {
  /** Spans that came after a bound was reached. */
  unkept = 0;
  private readonly log: SpanLog;
  private summarised: TraceSummary | undefined;

  constructor(
    readonly traceId: string,
    private readonly bounds: TraceBounds,
    pool: ChunkPool,
  ) {
    this.log = new SpanLog(pool);
  }

  add(span: EncodedSpan): void {
    const { maxSpans, maxBytes } = this.bounds;
    if (this.log.count >= maxSpans || this.bytes >= maxBytes) this.unkept++;
    else this.log.append(span);
  }

  /** How many spans are kept; a span that was sent twice counts twice. */
  get count(): number {
    return this.log.count;
  }

  /** Estimated. */
  get bytes(): number {
    return this.log.bytes + (this.summarised?.bytes ?? 0);
  }

  /** What a list says of it. Reads the spans that came since the last time. */
  get summary(): TraceSummary {
    this.summarised ??= new TraceSummary();
    for (const span of this.log.read(this.summarised.seen)) this.summarised.add(span);
    this.summarised.seen = this.log.count;
    return this.summarised;
  }

  /** Reads all of its spans. */
  spans(): Span[] {
    return [...this.log.read()];
  }

  /** Whether a word is in any of its spans. @param word in lower case */
  mentions(word: string): boolean {
    return this.log.mentions(word);
  }

  free(): void {
    this.log.free();
  }
}
