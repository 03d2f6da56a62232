/** The spans that are shown → OTLP/JSON, for a download that other programs read. Pure. */
import type { Attributes, Span, SpanEvent, SpanKindName, Value } from './span.js';

const KINDS: Readonly<Record<SpanKindName, number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;

/** An `ExportTraceServiceRequest`. */
export function writeRequest(spans: readonly Span[]): object {
  const resources = new Map<Attributes, Span[]>();
  for (const span of spans) {
    const known = resources.get(span.resource);
    if (known === undefined) resources.set(span.resource, [span]);
    else known.push(span);
  }
  return {
    resourceSpans: Array.from(resources, ([resource, its]) => ({
      resource: { attributes: writeAttributes(resource) },
      scopeSpans: [{ scope: { name: 'osprofiler-otel-bridge' }, spans: its.map(writeSpan) }],
    })),
  };
}

function writeSpan(span: Span): object {
  const { traceId, spanId, parentSpanId, name, kind, startMicros, endMicros, error } = span;
  return {
    ...{ traceId, spanId, parentSpanId, name, kind: KINDS[kind] },
    ...{ startTimeUnixNano: `${startMicros}000`, endTimeUnixNano: `${endMicros}000` },
    attributes: writeAttributes(span.attributes),
    events: span.events.map(writeEvent),
    status: error === undefined ? {} : { code: STATUS_ERROR, message: error.message },
  };
}

function writeEvent({ name, micros, attributes }: SpanEvent): object {
  return { name, timeUnixNano: `${micros}000`, attributes: writeAttributes(attributes) };
}

function writeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: writeValue(value) }));
}

function writeValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(writeValue) } };
}
