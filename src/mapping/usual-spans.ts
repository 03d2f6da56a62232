/**
 * Nine in ten points are mapped by the pattern of an earlier one that said the same. A pattern is what the mapping made
 * of the first; nothing is mapped here.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Gist, gistOf, saysNothing } from '../codec/gists.js';
import type { TraceEvent } from '../codec/trace-event.js';
import type { TracePoint } from '../pairing/pair.js';
import { isUsualId, type SpanIdentity, type SpanPattern, UsualSpan } from '../span/usual-span.js';
import { toTraceId } from './ids.js';
import type { MappingOptions } from './options.js';
import type { Resources } from './resource.js';

/** Some kilobytes each. A cloud has about a thousand; when there are more it starts afresh. */
const MAX_PATTERNS = 4_096;
const ID_ATTRIBUTES = ['osprofiler.base_id', 'osprofiler.trace_id', 'osprofiler.parent_id'];

/** The halves of a trace point, whoever holds it. */
export type PointHalves = Pick<TracePoint<unknown>, 'start' | 'stop'>;

export class UsualSpans {
  /** `undefined`: spans of this gist say more than a usual one can. */
  private readonly patterns = new Map<Gist, SpanPattern | undefined>();

  /** @param map what maps any point; asked for the first of each gist. */
  constructor(
    private readonly options: Pick<MappingOptions, 'rootSpan' | 'shiftMicros'>,
    private readonly resources: Resources,
    private readonly map: (halves: PointHalves) => ReadableSpan,
  ) {}

  /** @returns undefined when the point is to be mapped as any other. */
  spanOf(halves: PointHalves): UsualSpan | undefined {
    const { start, stop } = halves;
    if (start === undefined || stop === undefined || !addsOnlyTime(stop, start)) return undefined;
    const gist = gistOf(start);
    if (gist === undefined) return undefined;
    const identity = identityOf(start, this.options.rootSpan);
    if (identity === undefined) return undefined;
    const pattern = this.patternOf(gist, identity, halves);
    if (pattern === undefined) return undefined;
    const { shiftMicros } = this.options;
    const begin = start.timestamp + shiftMicros;
    return new UsualSpan(pattern, identity, begin, stop.timestamp + shiftMicros, this.resources.of(start));
  }

  private patternOf(gist: Gist, identity: SpanIdentity, halves: PointHalves): SpanPattern | undefined {
    const known = this.patterns.get(gist);
    if (known !== undefined || this.patterns.has(gist)) return known;
    if (this.patterns.size >= MAX_PATTERNS) this.patterns.clear();
    const pattern = patternIn(this.map(halves), identity);
    this.patterns.set(gist, pattern);
    return pattern;
  }
}

function addsOnlyTime(stop: TraceEvent, start: TraceEvent): boolean {
  return saysNothing(stop) && stop.host === start.host && stop.timestamp >= start.timestamp;
}

/** Points of one trace come together, and so do those that one point calls: an id that was usual still is. */
let usualBaseId: string | undefined;
let usualParentId: string | undefined;

function identityOf({ baseId, traceId, parentId }: TraceEvent, rootSpan: boolean): SpanIdentity | undefined {
  if (baseId !== usualBaseId) {
    if (!isUsualId(baseId)) return undefined;
    usualBaseId = baseId;
  }
  if (parentId !== usualParentId) {
    if (!isUsualId(parentId)) return undefined;
    usualParentId = parentId;
  }
  if (!isUsualId(traceId)) return undefined;
  const isRoot = parentId === baseId && !rootSpan;
  return { traceId: toTraceId(baseId), baseId, pointId: traceId, parentId, isRoot };
}

/** What a span says besides its identity; undefined when it lacks some of that, or says more than a usual one can. */
function patternIn(span: ReadableSpan, { baseId, pointId, parentId }: SpanIdentity): SpanPattern | undefined {
  const { name, kind, status, instrumentationScope, events, droppedAttributesCount } = span;
  const attributes = Object.entries(span.attributes);
  const ids = [baseId, pointId, parentId];
  const isWhole = ids.every(
    (id, at) => attributes[at]?.[0] === ID_ATTRIBUTES[at] && attributes[at]?.[1] === id,
  );
  if (!isWhole || events.length > 0 || droppedAttributesCount > 0) return undefined;
  const others = Object.fromEntries(attributes.slice(ids.length));
  return { name, kind, status, attributes: others, instrumentationScope };
}
