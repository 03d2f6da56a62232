/**
 * Points that say what others said become spans by a template: the bytes of such a span, with other ids and times put
 * in. Nine in ten do.
 *
 * A template is made by the specification. It encodes a point with ids and times that are marks, and what it wrote is
 * searched for them. It encodes the point again with other ids, times and durations. If these differ in anything else, then
 * something depends on an id or a time in a way that cannot be copied (a duration, half of an id): all such points are
 * left to the specification.
 */
import { type EncodedResource, EncodedSpan, type OutgoingSpan, SpanArena } from '../encoded-span.js';
import type { Pipeline } from '../pipeline.js';
import type { TraceEvent } from '../trace-point.js';
import { digitsOf } from '../uuid.js';
import { marksOf, Template, type Variables } from './template.js';

/** Times of 16 digits, from 2001 to 2286: those of other lengths would not fit. */
const MIN_TIME = 1e15;
const MAX_TIME = 1e16;
/** Bytes of templates; when there are more they are all made anew, so that hostile variety costs time, not memory. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What a template takes besides, roughly. */
const ENTRY_BYTES = 1_024;

/** No digit of an id is the same in both. One point takes next to no time, the other takes years. */
const MARKS = [
  {
    baseId: '5f3a9c71-08d2-4e6b-9f14-c27be05d8a36',
    traceId: 'b81e4d07-c69f-4a35-8d72-0f9c63b5e1a4',
    parentId: '27c05fe9-b4a1-4d83-a60e-93d81f4c7b52',
    start: 1_402_753_869_171_553,
    stop: 1_402_753_869_171_554,
  },
  {
    baseId: 'a0c5638e-f72d-b194-60eb-3d841fa275c9',
    traceId: '47e1b2f8-3960-b5ca-728d-f0639c4a1e5b',
    parentId: 'd83fa016-4b5e-b27c-59f1-6c27e0b384ad',
    start: 1_613_942_507_836_092,
    stop: 1_788_215_904_417_393,
  },
].map(marksOf);
/** The same of roots, whose parent is the trace. */
const ROOT_MARKS = MARKS.map((marks) => marksOf({ ...marks, parentId: marks.baseId }));
/** Microseconds. What depends on a duration shows at one of these or at those of {@link MARKS}: 1 µs, and years. */
const OTHER_DURATIONS = [10_000, 500_000, 20_000_000];

/** A template of points with one key each for start and stop; none for those that are left to the specification. */
interface Entry {
  readonly stopKey: number;
  /** Whether a template was tried. */
  readonly isTried: boolean;
  readonly template?: Template;
  readonly resource?: EncodedResource;
}

/** Events with a key have such ids. */
interface UuidEvent extends TraceEvent {
  readonly baseId: string;
  readonly traceId: string;
  readonly parentId: string;
}

export class TemplateEncoder {
  /** By the key of the start event: of roots, whose parent is the trace, and of others. */
  private readonly roots = new Map<number, Entry>();
  private readonly children = new Map<number, Entry>();
  private bytes = 0;
  private readonly arena = new SpanArena();
  private readonly variables = { baseId: '', traceId: '', parentId: '', start: 0, stop: 0 };
  private lastBaseId = '';
  private lastTraceId = '';

  constructor(private readonly spec: Pick<Pipeline, 'encode'>) {}

  /** @returns undefined for what the specification has to encode. */
  encode(start: TraceEvent, stop: TraceEvent): EncodedSpan | undefined {
    if (start.templateKey === undefined || stop.templateKey === undefined) return undefined;
    const { baseId, traceId, parentId, timestamp } = start as UuidEvent;
    const fits = timestamp >= MIN_TIME && stop.timestamp >= timestamp && stop.timestamp < MAX_TIME;
    if (!fits || stop.parentId !== parentId || traceId === baseId || traceId === parentId) return undefined;
    const { template, resource } = this.entryOf(start, stop);
    if (template === undefined || resource === undefined) return undefined;
    const { variables, arena } = this;
    variables.baseId = baseId;
    variables.traceId = traceId;
    variables.parentId = parentId;
    variables.start = timestamp;
    variables.stop = stop.timestamp;
    const begin = arena.reserve(template.length);
    const { bytes } = arena;
    template.write(variables, bytes, begin);
    const end = begin + template.length;
    return new EncodedSpan(resource, this.traceIdOf(baseId), stop.timestamp, bytes, begin, end);
  }

  private entryOf(start: TraceEvent, stop: TraceEvent): Entry {
    const entries = start.parentId === start.baseId ? this.roots : this.children;
    const known = entries.get(start.templateKey!);
    const isKnown = known !== undefined && known.stopKey === stop.templateKey;
    if (isKnown && known.isTried) return known;
    // The first of a kind may be the last: a template costs as much as two spans.
    const entry = {
      stopKey: stop.templateKey!,
      isTried: isKnown,
      ...(isKnown ? this.make(start, stop) : {}),
    };
    this.count(entry.template?.length ?? 0);
    entries.set(start.templateKey!, entry);
    return entry;
  }

  private make(start: TraceEvent, stop: TraceEvent): Pick<Entry, 'template' | 'resource'> {
    const [marks, others] = start.parentId === start.baseId ? ROOT_MARKS : MARKS;
    const span = this.encodeMarked(start, stop, marks!);
    const other = this.encodeMarked(start, stop, others!);
    if (span === undefined || other === undefined || span.resource !== other.resource) return {};
    const template = new Template(bytesOf(span), marks!);
    const isSame = OTHER_DURATIONS.every((micros) => {
      const between = { ...others!, stop: others!.start + micros };
      return isCopied(template, between, this.encodeMarked(start, stop, between));
    });
    return isSame && isCopied(template, others!, other) ? { template, resource: span.resource } : {};
  }

  /** @returns undefined when it is not encoded, or not as this expects. */
  private encodeMarked(start: TraceEvent, stop: TraceEvent, marks: Variables): EncodedSpan | undefined {
    const { baseId, traceId, parentId, start: begin, stop: end } = marks;
    const ids = { baseId, traceId, parentId };
    const point = {
      start: { ...start, ...ids, timestamp: begin },
      stop: { ...stop, ...ids, timestamp: end },
    };
    let span: OutgoingSpan;
    try {
      span = this.spec.encode(point);
    } catch {
      return undefined;
    }
    if (!(span instanceof EncodedSpan)) return undefined;
    return span.traceId === digitsOf(ids.baseId) && span.endMicros === end ? span : undefined;
  }

  private count(bytes: number): void {
    this.bytes += bytes + ENTRY_BYTES;
    if (this.bytes <= MAX_BYTES) return;
    this.bytes = bytes + ENTRY_BYTES;
    this.roots.clear();
    this.children.clear();
  }

  private traceIdOf(baseId: string): string {
    if (baseId !== this.lastBaseId) {
      this.lastBaseId = baseId;
      this.lastTraceId = digitsOf(baseId);
    }
    return this.lastTraceId;
  }
}

function isCopied(template: Template, variables: Variables, span: EncodedSpan | undefined): boolean {
  if (span === undefined) return false;
  const copy = Buffer.alloc(template.length);
  template.write(variables, copy, 0);
  return copy.equals(bytesOf(span));
}

function bytesOf({ bytes, begin, end }: EncodedSpan): Buffer {
  return bytes.subarray(begin, end);
}
