/**
 * A line of a recording: a message with its envelope as one JSON object,
 * `{exchange, routing_key, redelivered, properties: {content_type, content_encoding, headers}, body, received_at}`,
 * with `body_base64` for `body` when the body is no text. Other lines are bodies as they are, without envelope.
 */
import { isUtf8 } from 'node:buffer';
import type { MessageProperties } from '../contracts.js';

/** A message as it is recorded and read again. */
export interface RecordedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly properties: MessageProperties;
  readonly body: Buffer;
}

/** What a line holds; `receivedAt` in milliseconds since the Unix epoch, with a fraction, when the line says. */
export interface ReadLine extends RecordedMessage {
  readonly receivedAt?: number;
}

/** What a publisher of oslo.messaging sets; assumed of a body that was recorded without its envelope. */
const BARE_PROPERTIES: MessageProperties = { contentType: 'application/json', contentEncoding: 'utf-8' };
/** Both keys of a record begin with it; a line without it is spared parsing. */
const BODY_KEY = '"body';

/** One line, without its end, for {@link readLine}. Bodies are kept byte for byte, headers as far as JSON can. */
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

/**
 * Reads a line without its end. A line that is no record is a body of its own, byte for byte: Python's JSON, which
 * bare notifications are written in, would not survive being parsed and written again here.
 */
export function readLine(line: Buffer): ReadLine {
  const record = line.includes(BODY_KEY) ? parseObject(line) : undefined;
  const body = record && bodyOf(record);
  if (record === undefined || body === undefined) {
    // A copy, so that a delivery that is kept for long does not keep the whole chunk its line was read with.
    const copy = Buffer.from(line);
    return { exchange: '', routingKey: '', redelivered: false, properties: BARE_PROPERTIES, body: copy };
  }
  const receivedAt = parseTime(record['received_at']);
  return {
    exchange: textOf(record['exchange']) ?? '',
    routingKey: textOf(record['routing_key']) ?? '',
    redelivered: record['redelivered'] === true,
    properties: readProperties(record['properties']),
    body,
    ...(receivedAt === undefined ? {} : { receivedAt }),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(line: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nothing when the object is a bare message, which may have a key named `body` too. */
function bodyOf(record: JsonObject): Buffer | undefined {
  if (Object.hasOwn(record, 'payload') || Object.hasOwn(record, 'event_type')) {
    return undefined;
  }
  const { body, body_base64: encoded } = record;
  if (typeof body === 'string') {
    return Buffer.from(body, 'utf8');
  }
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : undefined;
}

function readProperties(value: unknown): MessageProperties {
  if (!isObject(value)) {
    return {};
  }
  return {
    contentType: textOf(value['content_type']),
    contentEncoding: textOf(value['content_encoding']),
    headers: isObject(value['headers']) ? value['headers'] : undefined,
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
