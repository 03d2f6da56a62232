/** A span as people read one: plain JSON with names for numbers, in a stable order. */
import { type Attributes, type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

export interface ReadableSpanJson {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** ISO 8601 with microseconds, UTC. */
  readonly start: string;
  readonly end: string;
  readonly status: { readonly code: string; readonly message?: string };
  readonly attributes: Attributes;
  readonly events: readonly {
    readonly name: string;
    readonly time: string;
    readonly attributes: Attributes;
  }[];
  readonly resource: Attributes;
  /** Absent when nothing was dropped. */
  readonly droppedAttributes?: number;
}

export function toReadable(span: ReadableSpan): ReadableSpanJson {
  const { traceId, spanId } = span.spanContext();
  const { code, message } = span.status;
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    start: toIso(span.startTime),
    end: toIso(span.endTime),
    status: { code: SpanStatusCode[code], ...(message === undefined ? {} : { message }) },
    attributes: span.attributes,
    events: span.events.map(({ name, time, attributes = {} }) => ({ name, time: toIso(time), attributes })),
    resource: span.resource.attributes,
    ...(span.droppedAttributesCount > 0 ? { droppedAttributes: span.droppedAttributesCount } : {}),
  };
}

function toIso([seconds, nanos]: HrTime): string {
  const micros = String(nanos / 1000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}
