/** The traces as they are at one moment: what is kept of them, and the trace points that are still open. */
import type { OutgoingSpan } from '../../encoded-span.js';
import { toTraceId } from '../../mapping/ids.js';
import { readExported } from '../encoded-spans.js';
import type { Span } from '../span.js';
import type { PageFeed } from './feed.js';
import type { KeptTrace } from './kept-trace.js';
import { TraceSummary } from './trace-summary.js';

/** Trace points that are read, the oldest ones. */
const MOST_OPEN = 1_000;

export interface CurrentTrace {
  readonly traceId: string;
  readonly summary: TraceSummary;
  /** Absent while all of its points are open. */
  readonly kept: KeptTrace | undefined;
  /** Its open trace points, as spans that reach to now. */
  readonly open: readonly Span[];
}

/** An operation in progress. */
export interface Running {
  /** The outermost open span. */
  readonly span: Span;
  /** The open spans inside it, down to the one that began last. */
  readonly inside: readonly Span[];
}

export class CurrentTraces {
  private readonly nowMicros: number;

  /** @param now milliseconds since the Unix epoch */
  constructor(
    private readonly feed: PageFeed,
    now: number,
  ) {
    this.nowMicros = now * 1000;
  }

  /** @param traceId 32 lower-case hex digits */
  find(traceId: string): CurrentTrace | undefined {
    const kept = this.feed.traces.find(traceId);
    const open = this.open(traceId);
    return kept === undefined && open.length === 0 ? undefined : current(traceId, kept, open);
  }

  /** The one that began last first; of those that began at once, by id. */
  latest(): CurrentTrace[] {
    const open = new Map<string, Span[]>();
    for (const span of this.open()) open.set(span.traceId, [...(open.get(span.traceId) ?? []), span]);
    const traces = this.feed.traces.latest().map((kept) => {
      const { traceId } = kept;
      const its = open.get(traceId) ?? [];
      open.delete(traceId);
      return current(traceId, kept, its);
    });
    for (const [traceId, spans] of open) traces.push(current(traceId, undefined, spans));
    return traces.sort(
      (a, b) => b.summary.startMicros - a.summary.startMicros || (a.traceId < b.traceId ? -1 : 1),
    );
  }

  /** The longest running operations of all traces, and how many trace points are open. */
  running(most: number): { readonly longest: readonly Running[]; readonly openPoints: number } {
    const open = this.open().sort((a, b) => a.startMicros - b.startMicros);
    const inside = new Map<string, Span>();
    // The one that began last takes the place of its siblings.
    for (const span of open) if (span.parentSpanId !== undefined) inside.set(span.parentSpanId, span);
    const ids = new Set(open.map(({ spanId }) => spanId));
    const outermost = open.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId)).slice(0, most);
    const longest = outermost.map((span) => ({ span, inside: chainBelow(span, inside) }));
    return { longest, openPoints: open.length };
  }

  /** Of a recording nothing is in progress: its times are past. */
  private open(traceId?: string): Span[] {
    const { source, isLive } = this.feed;
    const open: Span[] = [];
    if (!isLive || source === undefined) return open;
    const spans = source.bridge.openSpans(
      ({ baseId }) => traceId === undefined || toTraceId(baseId) === traceId,
    );
    for (const span of spans) {
      if (open.length === MOST_OPEN) break;
      const read = openSpan(span, this.nowMicros);
      if (read !== undefined) open.push(read);
    }
    return open;
  }
}

function current(traceId: string, kept: KeptTrace | undefined, open: readonly Span[]): CurrentTrace {
  const known = kept?.summary ?? new TraceSummary();
  return { traceId, kept, open, summary: open.length === 0 ? known : known.with(open) };
}

/** A span that lacks its stop, as one that goes on. */
function openSpan(exported: OutgoingSpan, nowMicros: number): Span | undefined {
  const read = readExported(exported);
  if (read === undefined) return undefined;
  const { incomplete, attributes, ...span } = read;
  const { 'osprofiler.incomplete': _, ...others } = attributes;
  return { ...span, attributes: others, isOpen: true, endMicros: Math.max(read.startMicros, nowMicros) };
}

function chainBelow(span: Span, inside: ReadonlyMap<string, Span>): Span[] {
  const chain: Span[] = [];
  const seen = new Set<Span>();
  for (let next = inside.get(span.spanId); next !== undefined; next = inside.get(next.spanId)) {
    if (seen.has(next)) break;
    seen.add(next);
    chain.push(next);
  }
  return chain;
}
