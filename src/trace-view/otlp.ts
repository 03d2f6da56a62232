/**
 * OTLP → the spans that are shown, from JSON and from protobuf; nothing else reads OTLP back. What is unknown is
 * ignored, as OTLP wants of a receiver.
 * Source: opentelemetry-proto `trace/v1/trace.proto`, and the specification's "JSON Protobuf Encoding".
 */
import { readMessage, SPAN } from './protobuf.js';
import type { Attributes, Span, SpanEvent, SpanKindName, Value } from './span.js';

type Json = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<number, SpanKindName>> = { 2: 'server', 3: 'client', 4: 'client', 5: 'server' };
const STATUS_ERROR = 2;

/** @returns the spans of an `ExportTraceServiceRequest` in JSON, or undefined when it is none. */
export function readRequest(request: unknown): Span[] | undefined {
  if (!isObject(request)) return undefined;
  const spans: Span[] = [];
  for (const resourceSpans of objectsIn(request, 'resourceSpans')) {
    const resource = attributesOf(objectIn(resourceSpans, 'resource'));
    for (const scopeSpans of objectsIn(resourceSpans, 'scopeSpans')) {
      for (const span of objectsIn(scopeSpans, 'spans')) {
        const read = readSpan(span, resource);
        if (read === undefined) return undefined;
        spans.push(read);
      }
    }
  }
  return spans;
}

/** @param bytes one `Span` message in protobuf. */
export function readProtobufSpan(bytes: Buffer, resource: Attributes): Span | undefined {
  return readSpan(readMessage(bytes, SPAN), resource);
}

/** @param span one `Span` message as JSON. @returns undefined when an id or a time is missing. */
export function readSpan(span: unknown, resource: Attributes): Span | undefined {
  if (!isObject(span)) return undefined;
  const startMicros = microsOf(span['startTimeUnixNano']);
  const endMicros = microsOf(span['endTimeUnixNano']);
  const spanId = textOf(span, 'spanId');
  if (startMicros === undefined || endMicros === undefined || spanId === '') return undefined;
  const attributes = attributesOf(span);
  const status = objectIn(span, 'status');
  const parentSpanId = textOf(span, 'parentSpanId');
  const incomplete = attributes['osprofiler.incomplete'];
  return {
    traceId: textOf(span, 'traceId'),
    spanId,
    name: textOf(span, 'name'),
    service: String(resource['service.name'] ?? ''),
    kind: KINDS[Number(span['kind'])] ?? 'internal',
    startMicros,
    endMicros: Math.max(startMicros, endMicros),
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    ...('db.system.name' in attributes ? { statement: textOf(attributes, 'db.query.text') } : {}),
    ...(incomplete === undefined ? {} : { incomplete: String(incomplete) }),
    ...(status['code'] === STATUS_ERROR
      ? { error: { type: textOf(attributes, 'error.type'), message: textOf(status, 'message') } }
      : {}),
    attributes,
    events: objectsIn(span, 'events').map(readEvent),
    resource,
  };
}

function readEvent(event: Json): SpanEvent {
  return {
    name: textOf(event, 'name'),
    micros: microsOf(event['timeUnixNano']) ?? 0,
    attributes: attributesOf(event),
  };
}

/** OTLP writes 64-bit integers as text; a receiver reads numbers too. */
function microsOf(nanos: unknown): number | undefined {
  if (typeof nanos === 'number') return Math.floor(nanos / 1000);
  return typeof nanos === 'string' && /^\d{1,20}$/.test(nanos) ? Number(nanos.slice(0, -3)) : undefined;
}

/** @param holder has a list of `KeyValue` named `attributes`. */
function attributesOf(holder: Json, list = 'attributes'): Attributes {
  const attributes: Record<string, Value> = {};
  for (const attribute of objectsIn(holder, list)) {
    const value = readValue(objectIn(attribute, 'value'));
    if (value !== undefined) attributes[textOf(attribute, 'key')] = value;
  }
  return attributes;
}

/** @param value an `AnyValue`, which has one member, named after the type. */
function readValue(value: Json): Value | undefined {
  const [type] = Object.keys(value);
  const content = type === undefined ? undefined : value[type];
  switch (type) {
    case 'intValue':
      return Number.isSafeInteger(Number(content)) ? Number(content) : String(content);
    case 'doubleValue':
      return Number(content);
    case 'arrayValue':
      return isObject(content)
        ? objectsIn(content, 'values').flatMap((item) => readValue(item) ?? [])
        : undefined;
    case 'kvlistValue':
      return isObject(content) ? JSON.stringify(attributesOf(content, 'values')) : undefined;
    default:
      return typeof content === 'string' || typeof content === 'boolean' ? content : undefined;
  }
}

function objectsIn(holder: Json, key: string): Json[] {
  const list = holder[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function objectIn(holder: Json, key: string): Json {
  const value = holder[key];
  return isObject(value) ? value : {};
}

function textOf(holder: Json, key: string): string {
  const value = holder[key];
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
