/**
 * Queues and exchanges. OpenStack's own are only ever looked at (declared passively): declaring one with other flags
 * than its owner's is a 406 that can break the services. What the bridge declares is its own: its tap, its lock, the dead
 * letters and the holding queue.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { BrokerConnection } from './connection.js';
import { codeOf } from './hints.js';

/** What a queue holds (ready messages, not those handed out) and how many consume it. */
export interface QueueDepth {
  readonly messages: number;
  readonly consumers: number;
}

/** AMQP 0-9-1 carries names as short strings. */
const LONGEST_NAME_BYTES = 255;
const LOCK_PREFIX = 'osprofiler-otel-bridge.lock.';
/** Beside a lock: its holder is one of several that shard the queue. */
const SHARDED = '.sharded';
const HOLDING_PREFIX = 'osprofiler-otel-bridge.holding.';

/** The name of the lock beside a queue. */
export function lockName(queue: string): string {
  return prefixed(LOCK_PREFIX, queue);
}

/** The name of the queue in which the deliveries of another one are renewed. */
export function holdingQueueName(queue: string): string {
  return prefixed(HOLDING_PREFIX, queue);
}

/** A name that grows too long has its end replaced by a hash. */
function prefixed(prefix: string, queue: string): string {
  const name = prefix + queue;
  if (Buffer.byteLength(name) <= LONGEST_NAME_BYTES) return name;
  return prefix + createHash('sha256').update(queue).digest('hex');
}

/** A durable queue of ours. */
export interface OwnQueue {
  readonly name: string;
  /** The most messages it takes; more are refused. Absent: no bound. */
  readonly maxLength?: number;
}

/**
 * Declares a queue of ours unless it is there, in whatever form an operator gave it. A classic one, said aloud since a
 * virtual host may have another default: classic queues have no delivery limit, which is what holding is for.
 */
export async function declareOwn(connection: BrokerConnection, { name, maxLength }: OwnQueue): Promise<void> {
  if ((await queueDepth(connection, name)) !== undefined) return;
  const bound = maxLength === undefined ? {} : { 'x-max-length': maxLength, 'x-overflow': 'reject-publish' };
  await connection.onThrowawayChannel(
    (channel) =>
      channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'classic', ...bound } }),
    `declaring "${name}"`,
  );
}

/** A queue's depth, or undefined when there is no such queue. */
export function queueDepth(connection: BrokerConnection, queue: string): Promise<QueueDepth | undefined> {
  return unlessRefused('404', () =>
    connection.onThrowawayChannel(async (channel) => {
      const { messageCount, consumerCount } = await channel.checkQueue(queue);
      return { messages: messageCount, consumers: consumerCount };
    }, `looking at "${queue}"`),
  );
}

/**
 * Takes the lock beside `queue` for as long as the connection lives: an exclusive queue, which another connection
 * cannot declare. An exclusive consumer would not do, for on quorum queues and streams it excludes nobody.
 * @returns false when another connection holds it.
 */
export async function takeLock(connection: BrokerConnection, queue: string): Promise<boolean> {
  const taken = await unlessRefused('405', () =>
    connection.onThrowawayChannel(
      (channel) =>
        channel.assertQueue(lockName(queue), { exclusive: true, durable: false, autoDelete: false }),
      `taking the lock "${lockName(queue)}"`,
    ),
  );
  return taken !== undefined;
}

/**
 * Whether this connection may consume `queue`: it has the lock beside it, or the lock is with a sharder and this one
 * shards, too. Which of the two has it shows in a second lock, taken after the first.
 */
export async function mayConsume(
  connection: BrokerConnection,
  queue: string,
  exclusive: boolean | 'among sharders',
): Promise<boolean> {
  if (exclusive === false) return true;
  const isTaken = await takeLock(connection, queue);
  if (exclusive === true) return isTaken;
  const mark = `${queue}${SHARDED}`;
  // Only looked at: who took it for a moment to find out would be taken for a sharder by others that look.
  if (!isTaken) return isLockedByAnother(connection, mark);
  if (await takeLock(connection, mark)) return true;
  await releaseLock(connection, queue);
  return false;
}

/** Whether another connection holds the lock beside `queue`; looks only. */
async function isLockedByAnother(connection: BrokerConnection, queue: string): Promise<boolean> {
  try {
    await connection.onThrowawayChannel((channel) => channel.checkQueue(lockName(queue)));
    return false;
  } catch (error) {
    const code = codeOf(error);
    if (code === '405') return true;
    if (code === '404') return false;
    throw error;
  }
}

/** Gives up the lock that this connection holds beside `queue`. */
export async function releaseLock(connection: BrokerConnection, queue: string): Promise<void> {
  await connection.onThrowawayChannel((channel) => channel.deleteQueue(lockName(queue)));
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

/** Whether there is such an exchange; looks only. */
export async function hasExchange(connection: BrokerConnection, exchange: string): Promise<boolean> {
  const found = await unlessRefused('404', () =>
    connection.onThrowawayChannel((channel) => channel.checkExchange(exchange)),
  );
  return found !== undefined;
}

/** Resolves with undefined when the broker refuses the operation with this reply code. */
export async function unlessRefused<T>(
  replyCode: string,
  operation: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (codeOf(error) === replyCode) return undefined;
    throw error;
  }
}
