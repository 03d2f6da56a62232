/**
 * A message's body → Notification. Three shapes are read:
 * - oslo.messaging format 1.0 (`driver = messaging`, osprofiler's own): the notification as bare JSON;
 * - format 2.0 (`messagingv2`): `{"oslo.version": "2.0", "oslo.message": "<the same JSON as a string>"}`;
 * - osprofiler's bare payload, as recordings and other tools keep it.
 * Source: openstack/oslo.messaging `_drivers/common.py`, `notify/messaging.py`.
 */
import { isUtf8 } from 'node:buffer';
import type { MessageProperties } from '../contracts.js';
import { isObject, own, type PyObject, parsePythonJson } from '../python-json/parse.js';
import type { TraceEvent } from '../trace-point.js';
import { inflate } from './compression.js';
import { readPayload } from './payload.js';

/** Every reason for which a message is rejected: a closed list, used as the label of counters. */
export const MALFORMED_REASONS = [
  'too-large',
  'compression-unsupported',
  'compression-corrupt',
  'not-utf-8',
  'not-json',
  'too-deep',
  'not-a-notification',
  'missing-field',
  'wrong-type',
  'bad-name',
  'bad-timestamp',
] as const;
/** One of {@link MALFORMED_REASONS}. */
export type MalformedReason = (typeof MALFORMED_REASONS)[number];

/** What a message's body is. */
export type Decoded =
  | { readonly kind: 'event'; readonly event: TraceEvent }
  /** A notification of another kind, such as Keystone's `identity.authenticate`: healthy and not ours. */
  | { readonly kind: 'foreign'; readonly eventType: string }
  | Malformed;

/** A message that can never become a span. The detail is for people and never quotes the body. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly reason: MalformedReason;
  readonly detail: string;
}

/** osprofiler's default messages are below 13 kB; a program may send megabytes in its info. */
export const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * Decodes one message. Never throws.
 * @param maxBytes the most that a body may hold, before and after decompression.
 */
export function decode(
  body: Buffer,
  properties: MessageProperties = {},
  maxBytes: number = DEFAULT_MAX_MESSAGE_BYTES,
): Decoded {
  if (body.length > maxBytes) return malformed('too-large', `${body.length} bytes, more than ${maxBytes}`);
  const compression = properties.headers?.['compression'];
  if (typeof compression !== 'string' || compression === '') return decodeText(body);
  const inflated = inflate(body, compression, maxBytes);
  return inflated.ok ? decodeText(inflated.body) : malformed(inflated.reason, inflated.detail);
}

function decodeText(body: Buffer): Decoded {
  if (!isUtf8(body)) return malformed('not-utf-8', 'the body is not UTF-8');
  const outer = parseObject(body.toString('utf8'));
  if ('kind' in outer) return outer;
  const inner = own(outer.object, 'oslo.message');
  if (inner === undefined) return readMessage(outer.object);
  if (typeof inner !== 'string') return malformed('not-a-notification', 'oslo.message is not a string');
  const message = parseObject(inner);
  return 'kind' in message ? message : readMessage(message.object);
}

function parseObject(text: string): { object: PyObject } | Malformed {
  const parsed = parsePythonJson(text);
  if (!parsed.ok) return malformed(parsed.reason, parsed.detail);
  if (!isObject(parsed.value)) return malformed('not-a-notification', 'the body is not an object');
  return { object: parsed.value };
}

function readMessage(message: PyObject): Decoded {
  const eventType = own(message, 'event_type');
  const payload = own(message, 'payload');
  if (eventType === undefined && payload === undefined && own(message, 'base_id') !== undefined) {
    return fromPayload(message);
  }
  if (typeof eventType !== 'string') return malformed('not-a-notification', 'event_type is not a string');
  if (!eventType.startsWith('profiler.')) return { kind: 'foreign', eventType };
  if (!isObject(payload)) return malformed('not-a-notification', 'payload is not an object');
  return fromPayload(payload);
}

function fromPayload(payload: PyObject): Decoded {
  const read = readPayload(payload);
  return read.ok ? { kind: 'event', event: read.notification } : malformed(read.reason, read.detail);
}

function malformed(reason: MalformedReason, detail: string): Malformed {
  return { kind: 'malformed', reason, detail };
}
