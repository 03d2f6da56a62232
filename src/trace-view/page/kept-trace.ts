/** One trace in the page's memory, and what a list says of it, kept up to date span by span. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { toSpanId } from '../../mapping/ids.js';
import { durationOf } from '../span.js';
import { bytesOf, type KeptSpan, keepSpan, SHARED, textBytes } from './kept-span.js';

export interface TraceBounds {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export class KeptTrace {
  /** By span id, in order of coming. Of spans with one id the first is kept, as backends do. */
  readonly spans = new Map<string, KeptSpan>();
  /** Spans of each service. */
  readonly services = new Map<string, number>();
  /** Estimated. */
  bytes = 0;
  errors = 0;
  incomplete = 0;
  statements = 0;
  /** Spans that nothing called: a client command makes many. */
  calls = 0;
  /** Spans that came when a bound was reached. */
  unkept = 0;
  /** Microseconds since the Unix epoch. */
  startMicros = Number.POSITIVE_INFINITY;
  endMicros = 0;
  /** What the trace is called after: the call that took longest, without any the span that did. */
  private leading: KeptSpan | undefined;
  /** Of the span that gathers the calls, when there is one. */
  private gatheringId: string | undefined;
  private readonly spanNames = new Set<string>();
  private readonly texts = new Map<string, string>();

  constructor(
    readonly traceId: string,
    private readonly bounds: TraceBounds,
  ) {}

  get name(): string {
    return this.leading?.name ?? '';
  }

  /** The service that {@link name} is of. */
  get service(): string {
    return this.leading?.service ?? '';
  }

  get durationMicros(): number {
    return Math.max(0, this.endMicros - this.startMicros);
  }

  /** `base_id` as osprofiler wrote it, which is what `openstack --os-profile` prints. */
  get baseId(): string | undefined {
    const baseId = this.leading?.attributes['osprofiler.base_id'];
    return typeof baseId === 'string' ? baseId : undefined;
  }

  /** @returns the bytes that it takes; undefined when it is here already, or there is no room for it. */
  add(span: ReadableSpan): number | undefined {
    const { spanId } = span.spanContext();
    if (this.spans.has(spanId)) return undefined;
    if (this.spans.size >= this.bounds.maxSpans || this.bytes >= this.bounds.maxBytes) {
      this.unkept++;
      return undefined;
    }
    this.gatheringId ??= toSpanId(String(span.attributes['osprofiler.base_id'] ?? ''));
    const before = this.bytes;
    const kept = keepSpan(span, this.share);
    this.bytes += bytesOf(kept);
    this.spans.set(spanId, kept);
    this.countIn(kept);
    return this.bytes - before;
  }

  /** The same as {@link add} of a span that was read from bytes, and has texts of its own. */
  addRead(span: ReadableSpan): number | undefined {
    const { attributes } = span;
    for (const key of SHARED) {
      const value = attributes[key];
      if (typeof value === 'string') attributes[key] = this.share(value);
    }
    return this.add(span);
  }

  /** Whether the words are in the name of any span or service, whatever the case. @param words in lower case. */
  mentions(words: string): boolean {
    for (const text of this.names()) if (text.toLowerCase().includes(words)) return true;
    return false;
  }

  /** Each once. */
  private *names(): Generator<string> {
    yield* this.services.keys();
    yield* this.spanNames;
  }

  private readonly share = (text: string): string => {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    this.texts.set(text, text);
    this.bytes += textBytes(text) + SHARED_TEXT_BYTES;
    return text;
  };

  private countIn(span: KeptSpan): void {
    this.services.set(span.service, (this.services.get(span.service) ?? 0) + 1);
    this.startMicros = Math.min(this.startMicros, span.startMicros);
    this.endMicros = Math.max(this.endMicros, span.endMicros);
    if (span.error !== undefined) this.errors++;
    if (span.incomplete !== undefined) this.incomplete++;
    if (span.statement !== undefined) this.statements++;
    if (this.isCall(span)) this.calls++;
    this.spanNames.add(span.name);
    if (this.leading === undefined || this.leads(span, this.leading)) this.leading = span;
  }

  /** Whether a span hangs under the one that gathers the calls, which comes last. */
  isGathered({ parentSpanId }: { readonly parentSpanId?: string }): boolean {
    return parentSpanId !== undefined && parentSpanId === this.gatheringId;
  }

  private isCall({ spanId, parentSpanId }: KeptSpan): boolean {
    return spanId !== this.gatheringId && (parentSpanId === undefined || parentSpanId === this.gatheringId);
  }

  private leads(span: KeptSpan, former: KeptSpan): boolean {
    const isCall = this.isCall(span);
    if (isCall !== this.isCall(former)) return isCall;
    const longer = durationOf(span) - durationOf(former);
    if (longer !== 0) return longer > 0;
    return (
      span.startMicros < former.startMicros ||
      (span.startMicros === former.startMicros && span.spanId < former.spanId)
    );
  }
}

/** A text's place in the map of shared ones. */
const SHARED_TEXT_BYTES = 64;
