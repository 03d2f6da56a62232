/**
 * A span as the page keeps it: what lists and waterfalls need at hand, and its attributes as they are. Pure.
 *
 * Every span that is exported passes here, so nothing is copied or written that nobody may ever look at: that was a
 * quarter of the bridge's CPU. Values that repeat, such as statements, are the same texts in all spans as it is.
 */
import type { AttributeValue, HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Span, SpanKindName } from '../span.js';

export interface KeptSpan extends Span {
  readonly attributes: ReadableSpan['attributes'];
  readonly events: ReadableSpan['events'];
  /** The exporters' own object, shared by all spans of one service on one host. */
  readonly resource: ReadableSpan['resource'];
}

/** What is shown of a span when somebody asks for it. */
export interface SpanDetail {
  readonly attributes: readonly (readonly [name: string, value: AttributeValue])[];
  readonly events: readonly {
    readonly name: string;
    readonly micros: number;
    readonly attributes: readonly (readonly [name: string, value: AttributeValue])[];
  }[];
  readonly resource: readonly (readonly [name: string, value: AttributeValue])[];
}

type Attributes = ReadableSpan['attributes'];

/** OpenTelemetry's `SpanKind` by its numbers; producers and consumers call and serve. */
const KINDS: Readonly<Record<number, SpanKindName>> = { 1: 'server', 2: 'client', 3: 'client', 4: 'server' };
const STATUS_ERROR = 2;
const STATEMENT = 'db.query.text';
/** Texts that many spans share, and that are counted once by whoever shares them. */
export const SHARED: ReadonlySet<string> = new Set([
  STATEMENT,
  'db.query.summary',
  'db.system.name',
  'code.function.name',
  'rpc.method',
]);

/** @param share gives the same text for equal texts, so that repeated names and statements are kept once. */
export function keepSpan(span: ReadableSpan, share: (text: string) => string): KeptSpan {
  const { attributes, status, resource } = span;
  const { traceId, spanId } = span.spanContext();
  const startMicros = toMicros(span.startTime);
  const kept: { -readonly [Key in keyof KeptSpan]: KeptSpan[Key] } = {
    traceId,
    spanId,
    name: share(span.name),
    service: share(String(resource.attributes['service.name'] ?? '')),
    kind: KINDS[span.kind] ?? 'internal',
    startMicros,
    endMicros: Math.max(startMicros, toMicros(span.endTime)),
    attributes,
    events: span.events,
    resource,
  };
  const parentSpanId = span.parentSpanContext?.spanId;
  const incomplete = attributes['osprofiler.incomplete'];
  if (parentSpanId !== undefined) kept.parentSpanId = parentSpanId;
  if ('db.system.name' in attributes) kept.statement = share(String(attributes[STATEMENT] ?? ''));
  if (incomplete !== undefined) kept.incomplete = String(incomplete);
  if (status.code === STATUS_ERROR)
    kept.error = { type: String(attributes['error.type'] ?? ''), message: status.message ?? '' };
  return kept;
}

export function detailOf({ attributes, events, resource }: KeptSpan): SpanDetail {
  return {
    attributes: sorted(attributes),
    events: events.map(({ name, time, attributes: of = {} }) => ({
      name,
      micros: toMicros(time),
      attributes: sorted(of),
    })),
    resource: sorted(resource.attributes),
  };
}

/** Bytes that a kept span takes, roughly: engines do not tell. Shared texts are counted by whoever shares them. */
export function bytesOf({ attributes, events }: KeptSpan): number {
  let bytes = OBJECT_BYTES + attributesBytes(attributes);
  for (const event of events) bytes += OBJECT_BYTES + attributesBytes(event.attributes ?? {});
  return bytes;
}

function attributesBytes(attributes: Attributes): number {
  let bytes = 0;
  for (const key in attributes) {
    const value = attributes[key];
    bytes += ATTRIBUTE_BYTES;
    if (typeof value === 'string' && !SHARED.has(key)) bytes += textBytes(value);
  }
  return bytes;
}

/** The object, its two ids, and its place in a map. */
const OBJECT_BYTES = 320;
/** An attribute's place in its object, and a text's own overhead. */
const ATTRIBUTE_BYTES = 32;
/** Beyond this a look at every character costs more than what it tells. */
const LONGEST_LOOKED_AT = 256;

/** One byte a character as long as every one is Latin, two otherwise. Source: V8's one- and two-byte strings. */
export function textBytes(text: string): number {
  return text.length > LONGEST_LOOKED_AT || !LATIN.test(text) ? 2 * text.length : text.length;
}

const LATIN = /^[\u0000-\u00ff]*$/;

function toMicros([seconds, nanos]: HrTime): number {
  return seconds * 1_000_000 + Math.floor(nanos / 1000);
}

function sorted(attributes: Attributes): [string, AttributeValue][] {
  const present = Object.entries(attributes).filter(
    (entry): entry is [string, AttributeValue] => entry[1] !== undefined && entry[1] !== null,
  );
  return present.sort(([a], [b]) => (a < b ? -1 : 1));
}
