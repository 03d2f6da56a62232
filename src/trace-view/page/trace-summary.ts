/** What a list says of a trace, kept up to date span by span. Pure. */
import { toSpanId } from '../../mapping/ids.js';
import { slotsFor } from '../colours.js';
import { durationOf, type Span } from '../span.js';

/** As many as the stylesheet has. */
const SERVICE_COLOURS = 12;
/** A name or an id, and its place in a set. */
const ENTRY_BYTES = 64;

export class TraceSummary {
  /** Spans that were read, those that were sent twice included. */
  seen = 0;
  /** Spans of each service. */
  services = new Map<string, number>();
  errors = 0;
  incomplete = 0;
  statements = 0;
  /** Trace points in progress. */
  open = 0;
  /** Spans that nothing called: a client command makes many. */
  calls = 0;
  /** Microseconds since the Unix epoch. */
  startMicros = Number.POSITIVE_INFINITY;
  endMicros = 0;
  /** `base_id` as osprofiler wrote it, which is what `openstack --os-profile` prints. */
  baseId: string | undefined;
  /** Estimated. */
  bytes = 0;
  /** The trace is named after the call that took longest; without any, after the span that did. */
  private leading: Span | undefined;
  /** Of the span that gathers the calls, when there is one. */
  private gatheringId: string | undefined;
  private names = new Set<string>();
  private ids = new Set<string>();

  get name(): string {
    return this.leading?.name ?? '';
  }

  /** The service that {@link name} is of. */
  get service(): string {
    return this.leading?.service ?? '';
  }

  /** The number of each service's colour. */
  get slots(): ReadonlyMap<string, number> {
    return slotsFor(this.services.keys(), SERVICE_COLOURS);
  }

  get durationMicros(): number {
    return Math.max(0, this.endMicros - this.startMicros);
  }

  /** Spans, each once. */
  get spans(): number {
    return this.ids.size;
  }

  /** Of spans with one id the first counts, as in backends. */
  add(span: Span): void {
    if (this.ids.has(span.spanId)) return;
    const { service, attributes } = span;
    this.ids.add(span.spanId);
    this.names.add(span.name);
    this.bytes = (this.ids.size + this.names.size) * ENTRY_BYTES;
    this.services.set(service, (this.services.get(service) ?? 0) + 1);
    this.startMicros = Math.min(this.startMicros, span.startMicros);
    this.endMicros = Math.max(this.endMicros, span.endMicros);
    if (this.baseId === undefined && 'osprofiler.base_id' in attributes) {
      this.baseId = String(attributes['osprofiler.base_id']);
      this.gatheringId = toSpanId(this.baseId);
    }
    if (span.error !== undefined) this.errors++;
    if (span.incomplete !== undefined) this.incomplete++;
    if (span.statement !== undefined) this.statements++;
    if (span.isOpen) this.open++;
    if (this.isCall(span)) this.calls++;
    if (this.leading === undefined || this.leads(span, this.leading)) this.leading = span;
  }

  /** The same with more spans, which are not kept. */
  with(spans: readonly Span[]): TraceSummary {
    const more: TraceSummary = Object.assign(new TraceSummary(), this);
    more.services = new Map(this.services);
    more.names = new Set(this.names);
    more.ids = new Set(this.ids);
    for (const span of spans) more.add(span);
    return more;
  }

  /** Whether the words are in the name of any span or service, whatever the case. @param words in lower case. */
  mentions(words: string): boolean {
    for (const texts of [this.services.keys(), this.names])
      for (const text of texts) if (text.toLowerCase().includes(words)) return true;
    return false;
  }

  /** Whether a span is a child of the one that gathers the calls, which comes last. */
  isGathered({ parentSpanId }: Span): boolean {
    return parentSpanId !== undefined && parentSpanId === this.gatheringId;
  }

  private isCall(span: Span): boolean {
    return span.spanId !== this.gatheringId && (span.parentSpanId === undefined || this.isGathered(span));
  }

  private leads(span: Span, former: Span): boolean {
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
