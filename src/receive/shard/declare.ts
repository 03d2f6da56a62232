/** A layout's exchange and queues on the broker: made, looked for, and taken away. */
import type { Channel } from 'amqplib';
import type { BrokerConnection } from '../connection.js';
import { queueDepth, releaseLock, takeLock, unlessRefused } from '../topology.js';
import {
  exchangeName,
  indicesOf,
  LAYOUT_LOCK,
  type Layout,
  type ShardExchange,
  shardQueue,
} from './layout.js';
import { type LayoutRecord, readRecordSurely, writeRecord } from './record.js';

/** AMQP's name of each kind. */
const EXCHANGE_TYPES: Readonly<Record<ShardExchange, string>> = {
  direct: 'direct',
  'consistent-hash': 'x-consistent-hash',
};
/** In the ring of a consistent-hash exchange all queues weigh the same. */
const WEIGHT = '1';
/**
 * Every move of a shard counts as a delivery of all that was open in it. RabbitMQ 4 has 20 for a default; "none" cannot
 * be said in a way that 3.10 and 4 both understand.
 */
const DELIVERY_LIMIT = 1_000_000;

/**
 * The layout that holds, with all its parts there: made after `wanted` when there is none yet, mended when something
 * of it is missing.
 * @returns undefined when somebody else is changing it at this moment.
 */
export async function ensureLayout(
  connection: BrokerConnection,
  wanted: Layout,
): Promise<LayoutRecord | undefined> {
  if (!(await takeLock(connection, LAYOUT_LOCK))) return undefined;
  try {
    const found = await readRecordSurely(connection);
    const record = found ?? { ...wanted, generation: 1, old: [] };
    await declareLayout(connection, record);
    if (found === undefined) await writeRecord(connection, record);
    return record;
  } finally {
    await releaseLock(connection, LAYOUT_LOCK);
  }
}

/** Declares queues, exchange and bindings unless they are there. */
export async function declareLayout(connection: BrokerConnection, layout: Layout): Promise<void> {
  const { shards, exchange } = layout;
  for (const index of indicesOf(layout)) await declareShard(connection, layout, index);
  await connection.onThrowawayChannel(async (channel) => {
    await channel.assertExchange(exchangeName(shards), EXCHANGE_TYPES[exchange], { durable: true });
    for (const index of indicesOf(layout)) await bindShard(channel, layout, index);
  });
}

async function declareShard(
  connection: BrokerConnection,
  { shards, queueType }: Layout,
  index: number,
): Promise<void> {
  const queue = shardQueue(index, shards);
  if ((await queueDepth(connection, queue)) !== undefined) return;
  const limit = queueType === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {};
  const type = { 'x-queue-type': queueType, 'x-single-active-consumer': true };
  await connection.onThrowawayChannel((channel) =>
    channel.assertQueue(queue, { durable: true, arguments: { ...type, ...limit } }),
  );
}

async function bindShard(channel: Channel, { shards, exchange }: Layout, index: number): Promise<void> {
  const key = exchange === 'direct' ? String(index) : WEIGHT;
  await channel.bindQueue(shardQueue(index, shards), exchangeName(shards), key);
}

/** Whether a layout holds: without its exchange nothing more is written to its queues. */
export async function isInForce(connection: BrokerConnection, shards: number): Promise<boolean> {
  const checked = await unlessRefused('404', () =>
    connection.onThrowawayChannel(async (channel) => {
      await channel.checkExchange(exchangeName(shards));
      return true;
    }),
  );
  return checked ?? false;
}

/** From now on nobody can write to the layout's queues. */
export async function fence(connection: BrokerConnection, shards: number): Promise<void> {
  await connection.onThrowawayChannel((channel) => channel.deleteExchange(exchangeName(shards)));
}

/** How many consume each shard, by index; a queue that is gone is left out. */
export async function consumersOf(
  connection: BrokerConnection,
  layout: Pick<Layout, 'shards'>,
): Promise<ReadonlyMap<number, number>> {
  const consumers = new Map<number, number>();
  for (const index of indicesOf(layout)) {
    const depth = await queueDepth(connection, shardQueue(index, layout.shards));
    if (depth !== undefined) consumers.set(index, depth.consumers);
  }
  return consumers;
}
