/**
 * The spans that are shown → Jaeger's JSON, which its user interface opens as a file. Pure.
 * Source: jaeger `model/json/model.go`.
 */
import { type Attributes, durationOf, type Span, type Value } from './span.js';

/** One trace, as Jaeger's HTTP API gives it. */
export function writeJaeger(traceId: string, spans: readonly Span[]): object {
  const processes = new Map<Attributes, string>();
  for (const { resource } of spans)
    if (!processes.has(resource)) processes.set(resource, `p${processes.size + 1}`);
  return {
    data: [
      {
        traceID: traceId,
        spans: spans.map((span) => writeSpan(span, processes.get(span.resource)!)),
        processes: Object.fromEntries(
          Array.from(processes, ([resource, id]) => [
            id,
            { serviceName: String(resource['service.name'] ?? ''), tags: writeTags(resource) },
          ]),
        ),
      },
    ],
  };
}

function writeSpan(span: Span, processID: string): object {
  const { traceId, spanId, parentSpanId, name, kind, startMicros, error, attributes, events } = span;
  const parent = parentSpanId && [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentSpanId }];
  return {
    ...{ traceID: traceId, spanID: spanId, processID, operationName: name },
    ...{ startTime: startMicros, duration: durationOf(span), references: parent ?? [] },
    tags: writeTags({
      ...attributes,
      'span.kind': kind,
      ...(error === undefined ? {} : { error: true, 'otel.status_description': error.message }),
    }),
    logs: events.map(({ name: event, micros, attributes: of }) => ({
      timestamp: micros,
      fields: writeTags({ event, ...of }),
    })),
  };
}

function writeTags(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, ...typed(value) }));
}

function typed(value: Value): object {
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: Number.isSafeInteger(value) ? 'int64' : 'float64', value };
  return { type: 'string', value: typeof value === 'string' ? value : JSON.stringify(value) };
}
