/**
 * OTLP's JSON → the spans that the demo shows. Reads what it needs and overlooks the rest, as OTLP wants of a receiver.
 * Source: opentelemetry-proto `trace/v1/trace.proto`, and the specification's "JSON Protobuf Encoding".
 */
import type { Span, SpanKindName } from './span.js';

type Json = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<number, SpanKindName>> = { 2: 'server', 3: 'client', 4: 'client', 5: 'server' };
const STATUS_ERROR = 2;

/** @returns the spans of an `ExportTraceServiceRequest`, or undefined when it is none. */
export function readOtlpTraces(request: unknown): Span[] | undefined {
  if (!isObject(request)) return undefined;
  const spans: Span[] = [];
  for (const resourceSpans of objectsIn(request, 'resourceSpans')) {
    const service = textOf(attributesOf(objectIn(resourceSpans, 'resource')), 'service.name');
    for (const scopeSpans of objectsIn(resourceSpans, 'scopeSpans')) {
      for (const span of objectsIn(scopeSpans, 'spans')) {
        const read = readSpan(span, service);
        if (read === undefined) return undefined;
        spans.push(read);
      }
    }
  }
  return spans;
}

function readSpan(span: Json, service: string): Span | undefined {
  const startMicros = microsOf(span['startTimeUnixNano']);
  const endMicros = microsOf(span['endTimeUnixNano']);
  const spanId = textOf(span, 'spanId');
  if (startMicros === undefined || endMicros === undefined || spanId === '') return undefined;
  const attributes = attributesOf(span);
  const status = objectIn(span, 'status');
  const parentSpanId = textOf(span, 'parentSpanId');
  const incomplete = textOf(attributes, 'osprofiler.incomplete');
  return {
    traceId: textOf(span, 'traceId'),
    spanId,
    name: textOf(span, 'name'),
    service,
    kind: KINDS[Number(span['kind'])] ?? 'internal',
    startMicros,
    endMicros: Math.max(startMicros, endMicros),
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    ...('db.system.name' in attributes ? { statement: textOf(attributes, 'db.query.text') } : {}),
    ...(incomplete === '' ? {} : { incomplete }),
    ...(status['code'] === STATUS_ERROR
      ? { error: { type: textOf(attributes, 'error.type'), message: textOf(status, 'message') } }
      : {}),
  };
}

/** OTLP writes 64-bit integers as text; a receiver takes numbers too. */
function microsOf(nanos: unknown): number | undefined {
  if (typeof nanos === 'number') return Math.floor(nanos / 1000);
  return typeof nanos === 'string' && /^\d{1,20}$/.test(nanos) ? Number(BigInt(nanos) / 1000n) : undefined;
}

/** The attributes that are text, by key. */
function attributesOf(holder: Json): Json {
  const attributes: Record<string, unknown> = {};
  for (const attribute of objectsIn(holder, 'attributes')) {
    attributes[textOf(attribute, 'key')] = objectIn(attribute, 'value')['stringValue'];
  }
  return attributes;
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
