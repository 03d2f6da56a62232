/**
 * Copies of a message in a queue of our own: what they keep of the original, and headers that say where it came from.
 * Nothing here depends on time, so that the same message makes the same copy. Pure.
 */
import type { MessageProperties, Options } from 'amqplib';
import type { Rejection } from '../contracts.js';
import { isShardExchange } from './shard-names.js';

/** Where a message was before the bridge moved it. */
export interface Provenance {
  readonly exchange: string;
  readonly routingKey: string;
  /** The queue that the bridge took it from. */
  readonly queue: string;
}

const PREFIX = 'x-osprofiler-bridge-';
const REASON = `${PREFIX}reason`;
const DETAIL = `${PREFIX}detail`;
const EXCHANGE = `${PREFIX}exchange`;
const ROUTING_KEY = `${PREFIX}routing-key`;
const QUEUE = `${PREFIX}queue`;
/** How often a quorum queue has given the message out before this time; absent the first time and on other queues. */
const DELIVERY_COUNT = 'x-delivery-count';
/** The broker would deliver a copy to the queues that these name, too. */
const COPY_TO = ['CC', 'BCC'];
/** Characters; headers share one frame with all other properties. */
const LONGEST_DETAIL = 1_000;

type Headers = Readonly<Record<string, unknown>>;

/** What a broker's message says of itself. */
interface Message {
  readonly fields: { readonly exchange: string; readonly routingKey: string };
  readonly properties: { readonly headers?: Headers | undefined };
}

/** @param queue - the one it was consumed from, which counts unless its headers name another. */
export function provenanceOf({ fields, properties: { headers } }: Message, queue: string): Provenance {
  const routingKey = text(headers, ROUTING_KEY);
  // Only a copy of ours came through one of these exchanges and says that the original came in another way.
  const mayBeOurs = fields.exchange === '' || isShardExchange(fields.exchange);
  if (!mayBeOurs || routingKey === undefined) return { ...routeOf(fields), queue };
  return { exchange: text(headers, EXCHANGE) ?? '', routingKey, queue: text(headers, QUEUE) ?? queue };
}

function routeOf({ exchange, routingKey }: Message['fields']): Omit<Provenance, 'queue'> {
  return { exchange, routingKey };
}

/** The reason that a dead letter carries. */
export function rejectionOf(headers: Headers | undefined): Rejection {
  return { reason: text(headers, REASON) ?? 'unknown', detail: text(headers, DETAIL) ?? '' };
}

/** The queue that a dead letter came from; undefined when it is none of ours. */
export function homeOf(headers: Headers | undefined): string | undefined {
  return text(headers, QUEUE);
}

/** How often a quorum queue gave the message out before; 0 the first time and on any other queue. */
export function deliveriesBefore(headers: Headers | undefined): number {
  const count = headers?.[DELIVERY_COUNT];
  return typeof count === 'number' ? count : 0;
}

/** The properties of a dead letter. */
export function deadLetterProperties(
  properties: MessageProperties,
  from: Provenance,
  { reason, detail }: Rejection,
): Options.Publish {
  return copied(properties, {
    ...whereFrom(from),
    [QUEUE]: from.queue,
    [REASON]: reason,
    [DETAIL]: detail.slice(0, LONGEST_DETAIL),
  });
}

/** The properties of a copy that the bridge takes again: parked, or moved back from the dead letters. */
export function returningProperties(properties: MessageProperties, from: Provenance): Options.Publish {
  return copied(properties, { ...whereFrom(from), [QUEUE]: from.queue });
}

function whereFrom({ exchange, routingKey }: Provenance): Headers {
  return { [EXCHANGE]: exchange, [ROUTING_KEY]: routingKey };
}

/**
 * Everything but what would make the broker refuse the copy (`userId` must be the publisher's), send it elsewhere, or
 * let it expire.
 */
function copied(properties: MessageProperties, ours: Headers): Options.Publish {
  const {
    contentType,
    contentEncoding,
    priority,
    correlationId,
    replyTo,
    messageId,
    timestamp,
    type,
    appId,
  } = properties;
  const headers = { ...kept(properties.headers), ...ours };
  const others = { contentType, contentEncoding, priority, correlationId, replyTo, messageId, timestamp };
  return { ...others, type, appId, headers, persistent: true, mandatory: true };
}

function kept(headers: Headers | undefined): Headers {
  const isOurs = (name: string) =>
    name.startsWith(PREFIX) || name === DELIVERY_COUNT || COPY_TO.includes(name);
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !isOurs(name)));
}

function text(headers: Headers | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return typeof value === 'string' ? value : undefined;
}
