/** A layout's exchange and queues on the broker: made, looked for, and taken away. */
import type { BrokerConnection } from '../rabbitmq/connection.js';
import { exchangeName, indicesOf, LAYOUT_LOCK, type Layout, shardQueue } from '../rabbitmq/shard-names.js';
import { hasExchange, type QueueDepth, queueDepth, releaseLock, takeLock } from '../rabbitmq/topology.js';
import { type LayoutRecord, readRecordSurely, writeRecord } from './record.js';

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
  for (const index of indicesOf(layout)) await declareShard(connection, layout, index);
  const exchange = exchangeName(layout.shards);
  await connection.onThrowawayChannel(async (channel) => {
    await channel.assertExchange(exchange, 'direct', { durable: true });
    for (const index of indicesOf(layout))
      await channel.bindQueue(shardQueue(index, layout.shards), exchange, String(index));
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

/** Whether a layout holds: without its exchange nothing more is written to its queues. */
export function isInForce(connection: BrokerConnection, shards: number): Promise<boolean> {
  return hasExchange(connection, exchangeName(shards));
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

/** Of some shards together: what waits, and the most consumers that one has. One that is gone counts as empty. */
export async function depthOf(
  connection: BrokerConnection,
  { shards, indices }: { readonly shards: number; readonly indices: readonly number[] },
): Promise<QueueDepth> {
  let [messages, consumers] = [0, 0];
  for (const index of indices) {
    const depth = await queueDepth(connection, shardQueue(index, shards));
    messages += depth?.messages ?? 0;
    consumers = Math.max(consumers, depth?.consumers ?? 0);
  }
  return { messages, consumers };
}
