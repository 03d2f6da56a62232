/**
 * Queues and exchanges. OpenStack's own are only ever looked at (declared passively): declaring one with other flags
 * than its owner's is a 406 that can break the services. What the bridge declares is its own tap queue and its lock.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { BrokerConnection } from './connection.js';
import { codeOf } from './explain.js';

/** What a queue holds (ready messages, not those handed out) and how many consume it. */
export interface QueueDepth {
  readonly messages: number;
  readonly consumers: number;
}

/** AMQP 0-9-1 carries names as short strings. */
const LONGEST_NAME_BYTES = 255;
const LOCK_PREFIX = 'osprofiler-otel-bridge.lock.';

/** The name of the lock beside a queue; a name that grows too long has its end replaced by a hash. */
export function lockName(queue: string): string {
  const name = LOCK_PREFIX + queue;
  if (Buffer.byteLength(name) <= LONGEST_NAME_BYTES) return name;
  return LOCK_PREFIX + createHash('sha256').update(queue).digest('hex');
}

/** A queue's depth, or undefined when there is no such queue. */
export function queueDepth(connection: BrokerConnection, queue: string): Promise<QueueDepth | undefined> {
  return unlessRefused('404', () =>
    connection.onThrowawayChannel(async (channel) => {
      const { messageCount, consumerCount } = await channel.checkQueue(queue);
      return { messages: messageCount, consumers: consumerCount };
    }),
  );
}

/**
 * Takes the lock beside `queue` for as long as the connection lives: an exclusive queue, which another connection
 * cannot declare. An exclusive consumer would not do, for on quorum queues and streams it excludes nobody.
 * @returns false when another connection holds it.
 */
export async function takeLock(connection: BrokerConnection, queue: string): Promise<boolean> {
  const taken = await unlessRefused('405', () =>
    connection.onThrowawayChannel((channel) =>
      channel.assertQueue(lockName(queue), { exclusive: true, durable: false, autoDelete: false }),
    ),
  );
  return taken !== undefined;
}

/** Declares the tap's durable queue unless it is there, in whatever form an operator gave it. */
export async function declareTap(connection: BrokerConnection, queue: string): Promise<void> {
  if ((await queueDepth(connection, queue)) !== undefined) return;
  await connection.onThrowawayChannel((channel) => channel.assertQueue(queue, { durable: true }));
}

/**
 * Declares a queue that goes with the connection.
 * @param prefix - its name up to a dot, after which a random part follows.
 * @returns its name.
 */
export async function declareTemporaryTap(connection: BrokerConnection, prefix: string): Promise<string> {
  const queue = `${prefix}.${randomUUID()}`;
  await connection.onThrowawayChannel((channel) =>
    channel.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false }),
  );
  return queue;
}

/**
 * Binds `queue` to an exchange with each routing key; binding again does nothing.
 * @returns false when there is no such exchange.
 */
export async function bindIfPresent(
  connection: BrokerConnection,
  queue: string,
  exchange: string,
  routingKeys: readonly string[],
): Promise<boolean> {
  const bound = await unlessRefused('404', () =>
    connection.onThrowawayChannel(async (channel) => {
      await channel.checkExchange(exchange);
      for (const key of routingKeys) await channel.bindQueue(queue, exchange, key);
      return true;
    }),
  );
  return bound ?? false;
}

async function unlessRefused<T>(replyCode: string, operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (codeOf(error) === replyCode) return undefined;
    throw error;
  }
}
