import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** All that a span's interface has, its attributes' order included: as values, to be compared. */
export function shown(span: ReadableSpan) {
  const { name, kind, parentSpanContext, startTime, endTime, status, attributes, links, events } = span;
  const { duration, ended, resource, instrumentationScope } = span;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  return {
    ...{ name, kind, parentSpanContext, startTime, endTime, status, attributes, links, events },
    ...{ duration, ended, resource, instrumentationScope, context: span.spanContext() },
    ...{ droppedAttributesCount, droppedEventsCount, droppedLinksCount },
    order: Object.keys(attributes),
  };
}
