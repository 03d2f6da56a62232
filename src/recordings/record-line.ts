/**
 * A line of a recording: a message with its envelope as one JSON object,
 * `{exchange, routing_key, redelivered, properties: {content_type, content_encoding, headers}, body, received_at}`,
 * with `body_base64` for `body` when the body is no text.
 */
import { isUtf8 } from 'node:buffer';
import type { MessageProperties } from '../contracts.js';
import { isObject, own, type PyObject, type PyValue } from '../python-json/parse.js';

/** A message as it is recorded and read again. */
export interface RecordedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly properties: MessageProperties;
  readonly body: Buffer;
}

/** A message that was read. */
export interface ReadMessage extends RecordedMessage {
  /** Milliseconds since the Unix epoch, with a fraction, if the recording tells. */
  readonly receivedAt?: number;
}

/** What a publisher of oslo.messaging sets; assumed of a body that was recorded without its envelope. */
const BARE_PROPERTIES: MessageProperties = { contentType: 'application/json', contentEncoding: 'utf-8' };

/** One line, without its end, that {@link readRecord} reads back. Bodies are kept byte for byte, headers as far as JSON can. */
export function formatRecord(message: RecordedMessage, receivedAt: Date): string {
  const { contentType, contentEncoding, headers = {} } = message.properties;
  const isText = isUtf8(message.body) && headers['compression'] === undefined;
  const record = {
    exchange: message.exchange,
    routing_key: message.routingKey,
    redelivered: message.redelivered,
    properties: { content_type: contentType, content_encoding: contentEncoding, headers },
    ...(isText ? { body: message.body.toString('utf8') } : { body_base64: message.body.toString('base64') }),
    received_at: receivedAt.toISOString(),
  };
  return JSON.stringify(record, withoutBigInt);
}

/** AMQP's 64-bit integers may be bigints, which `JSON.stringify` throws on. */
function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** A body without an envelope, as a message. It is copied: a line is a view of the whole chunk it was read with. */
export function bareMessage(body: Buffer): ReadMessage {
  const copy = Buffer.from(body);
  return { exchange: '', routingKey: '', redelivered: false, properties: BARE_PROPERTIES, body: copy };
}

/** @returns undefined when the object is no record: it may be a bare message, which may have a key named `body` too. */
export function readRecord(record: PyObject): ReadMessage | undefined {
  const body = bodyOf(record);
  if (body === undefined) return undefined;
  const receivedAt = parseTime(own(record, 'received_at'));
  return {
    exchange: textOf(own(record, 'exchange')) ?? '',
    routingKey: textOf(own(record, 'routing_key')) ?? '',
    redelivered: own(record, 'redelivered') === true,
    properties: readProperties(own(record, 'properties')),
    body,
    ...(receivedAt === undefined ? {} : { receivedAt }),
  };
}

function bodyOf(record: PyObject): Buffer | undefined {
  if (Object.hasOwn(record, 'payload') || Object.hasOwn(record, 'event_type')) return undefined;
  const { body, body_base64: encoded } = record;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : undefined;
}

function readProperties(value: PyValue | undefined): MessageProperties {
  if (!isObject(value)) return {};
  const headers = own(value, 'headers');
  return {
    contentType: textOf(own(value, 'content_type')),
    contentEncoding: textOf(own(value, 'content_encoding')),
    headers: isObject(headers) ? headers : undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const TIME = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?/;
/** The first timestamp within a body, which in osprofiler's payload comes before anything a user could have written. */
const TIMESTAMP_KEY = new RegExp(`timestamp\\\\*"\\s*:\\s*\\\\*"(${TIME.source})`);

/**
 * When a body's message was made, by the first `timestamp` in it, in milliseconds since the Unix epoch; read from the
 * text, in whatever format and nesting the body is.
 */
export function timestampWithin(body: Buffer): number | undefined {
  return parseTime(TIMESTAMP_KEY.exec(body.toString('latin1'))?.[1]);
}

/** A date and time in UTC, whether or not it says so, down to the microsecond. */
function parseTime(value: unknown): number | undefined {
  const [, date, time, fraction = '.0'] = (typeof value === 'string' && TIME.exec(value)) || [];
  const wholeSeconds = date === undefined ? Number.NaN : Date.parse(`${date}T${time}Z`);
  return Number.isNaN(wholeSeconds) ? undefined : wholeSeconds + Number(fraction) * 1000;
}
