/** Whether a span is one that OTLP can hold and its readers expect. */
import assert from 'node:assert/strict';
import type { AttributeValue, HrTime } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { TranslatorOptions } from '../../src/translator.js';
import { otlpJson } from './translating.js';

/** All that OTLP and its readers ask of a span. */
export function assertValid(span: ReadableSpan, options: TranslatorOptions = {}): void {
  const { attributeCountLimit = 128, attributeValueLengthLimit = 4096 } = options;
  const { traceId, spanId } = span.spanContext();
  assert.match(traceId, /^(?!0+$)[0-9a-f]{32}$/);
  assert.match(spanId, /^(?!0+$)[0-9a-f]{16}$/);
  if (span.parentSpanContext !== undefined) {
    assert.match(span.parentSpanContext.spanId, /^(?!0+$)[0-9a-f]{16}$/);
    assert.equal(span.parentSpanContext.traceId, traceId);
  }
  assertText(span.name);
  assert.ok(span.name.length > 0);
  if (span.status.message !== undefined) assertText(span.status.message, attributeValueLengthLimit);
  for (const time of [
    span.startTime,
    span.endTime,
    span.duration,
    ...span.events.map((event) => event.time),
  ]) {
    assertTime(time);
  }
  assert.ok(nanosOf(span.endTime) - nanosOf(span.startTime) === nanosOf(span.duration));
  assert.ok(Object.keys(span.attributes).length <= attributeCountLimit);
  for (const [name, value] of Object.entries(span.attributes)) {
    assertText(name, 1_024);
    assertValue(value, attributeValueLengthLimit);
  }
  for (const event of span.events) {
    for (const value of Object.values(event.attributes ?? {})) assertValue(value, attributeValueLengthLimit);
  }
  for (const value of Object.values(span.resource.attributes)) assertValue(value, Number.POSITIVE_INFINITY);
  assertSerializable(span);
}

function assertText(value: string, limit = Number.POSITIVE_INFINITY): void {
  assert.ok(value.isWellFormed());
  assert.ok(value.length <= limit, `${value.length} characters`);
}

function assertValue(value: AttributeValue | undefined, limit: number): void {
  if (typeof value === 'string') assertText(value, limit);
  else if (typeof value === 'number') {
    assert.ok(
      Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)),
      String(value),
    );
  } else assert.equal(typeof value, 'boolean');
}

function assertTime([seconds, nanos]: HrTime): void {
  assert.ok(Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 2 ** 63 / 1e9);
  assert.ok(Number.isInteger(nanos) && nanos >= 0 && nanos < 1e9);
}

/** Nanoseconds since the epoch. */
export function nanosOf([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

function assertSerializable(span: ReadableSpan): void {
  const { resourceSpans } = JSON.parse(otlpJson([span])) as {
    resourceSpans: { scopeSpans: { spans: { startTimeUnixNano: string; endTimeUnixNano: string }[] }[] }[];
  };
  const [sent] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  assert.equal(BigInt(sent!.startTimeUnixNano), nanosOf(span.startTime));
  assert.ok(BigInt(sent!.endTimeUnixNano) >= BigInt(sent!.startTimeUnixNano));
  assert.ok((ProtobufTraceSerializer.serializeRequest([span])?.length ?? 0) > 0);
}
