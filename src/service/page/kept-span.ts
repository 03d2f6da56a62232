/** A span as the page keeps it: what lists and waterfalls need at hand, and the rest as one text. Pure. */
import type { AttributeValue, HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { ShownSpan, SpanKindName } from '../demo/shown-span.js';

export interface KeptSpan extends ShownSpan {
  /** What {@link detailOf} reads; JSON. */
  readonly detail: string;
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

/** What is kept of one event: name, microseconds, attributes. */
type KeptEvent = readonly [string, number, Attributes];

/** OpenTelemetry's `SpanKind` by its numbers; producers and consumers call and serve. */
const KINDS: Readonly<Record<number, SpanKindName>> = { 1: 'server', 2: 'client', 3: 'client', 4: 'server' };
const STATUS_ERROR = 2;
/** Statements repeat, and are kept apart so that equal ones share one text. */
const STATEMENT = 'db.query.text';

/** @param share gives the same text for equal texts, so that repeated names and statements are kept once. */
export function keepSpan(span: ReadableSpan, share: (text: string) => string): KeptSpan {
  const { attributes, status, resource } = span;
  const { traceId, spanId } = span.spanContext();
  const parentSpanId = span.parentSpanContext?.spanId;
  const startMicros = toMicros(span.startTime);
  const incomplete = attributes['osprofiler.incomplete'];
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: share(span.name),
    service: share(String(resource.attributes['service.name'] ?? '')),
    kind: KINDS[span.kind] ?? 'internal',
    startMicros,
    endMicros: Math.max(startMicros, toMicros(span.endTime)),
    ...('db.system.name' in attributes ? { statement: share(String(attributes[STATEMENT] ?? '')) } : {}),
    ...(incomplete === undefined ? {} : { incomplete: String(incomplete) }),
    ...(status.code === STATUS_ERROR
      ? { error: { type: String(attributes['error.type'] ?? ''), message: status.message ?? '' } }
      : {}),
    detail: pack(span),
    resource,
  };
}

export function detailOf({ detail, statement, resource }: KeptSpan): SpanDetail {
  const [attributes, events] = JSON.parse(detail) as [Attributes, readonly KeptEvent[]];
  const text = statement === undefined || statement === '' ? {} : { [STATEMENT]: statement };
  return {
    attributes: sorted({ ...attributes, ...text }),
    events: events.map(([name, micros, of]) => ({ name, micros, attributes: sorted(of) })),
    resource: sorted(resource.attributes),
  };
}

/** Bytes that a kept span takes, roughly: engines do not tell. Shared texts are counted by whoever shares them. */
export function bytesOf({ detail }: KeptSpan): number {
  return OBJECT_BYTES + textBytes(detail);
}

/** One byte a character as long as every one is Latin, two otherwise. Source: V8's one- and two-byte strings. */
export function textBytes(text: string): number {
  return /^[\u0000-\u00ff]*$/.test(text) ? text.length : 2 * text.length;
}

/** The object, its two ids, and its place in a map. */
const OBJECT_BYTES = 320;

function pack({ attributes, events }: ReadableSpan): string {
  const { [STATEMENT]: _, ...others } = attributes;
  const kept: KeptEvent[] = events.map(({ name, time, attributes: of }) => [name, toMicros(time), of ?? {}]);
  return JSON.stringify([others, kept]);
}

function toMicros([seconds, nanos]: HrTime): number {
  return seconds * 1_000_000 + Math.floor(nanos / 1000);
}

function sorted(attributes: Attributes): [string, AttributeValue][] {
  const present = Object.entries(attributes).filter(
    (entry): entry is [string, AttributeValue] => entry[1] !== undefined && entry[1] !== null,
  );
  return present.sort(([a], [b]) => (a < b ? -1 : 1));
}
