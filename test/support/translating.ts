/** Recordings translated as a whole, and the bytes that OTLP makes of them. */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { decode } from '../../src/codec/envelope.js';
import type { TraceEvent } from '../../src/trace-point.js';
import { type Translated, Translator, type TranslatorOptions } from '../../src/translator.js';
import { readCapture } from './captures.js';

/** The notifications of a capture, in the order in which they came. */
export function notificationsOf(capture: string): TraceEvent[] {
  return readCapture(capture).flatMap(({ body, properties }) => {
    const decoded = decode(body, properties);
    return decoded.kind === 'event' ? [decoded.event] : [];
  });
}

/** What becomes of notifications, what is open at their end included. */
export function translate(
  notifications: readonly TraceEvent[],
  options: TranslatorOptions = {},
): Translated<undefined>[] {
  const translator = new Translator(options);
  const added = notifications.flatMap((notification) => translator.add(notification, undefined));
  return [...added, ...translator.flush()];
}

export function spansIn(all: Iterable<Translated<unknown>>): ReadableSpan[] {
  return Array.from(all).flatMap((one) => (one.kind === 'span' ? [one.span] : []));
}

/** The body of an OTLP/JSON request. */
export function otlpJson(spans: readonly ReadableSpan[]): string {
  const bytes = JsonTraceSerializer.serializeRequest([...spans]);
  if (bytes === undefined) throw new Error('the serializer gave nothing');
  return Buffer.from(bytes).toString('utf8');
}
