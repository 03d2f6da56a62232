/**
 * The exchange in front of a layout's shards, of either kind. A durable exchange of the layout's name is what sharders
 * write to, and whether it is there says whether the layout holds.
 *
 * - `direct`: it has a binding for each shard; the bridge hashes.
 * - `consistent-hash`: it leads to a ring, an exchange of RabbitMQ's plugin. Which trace goes where depends on the order
 *   in which queues were bound to the ring, and after a restart the broker binds them in another one: most traces would
 *   move, and halves miss each other. So the ring is transient. After a restart it is gone, what is written comes back
 *   as unroutable, and it is made again in the order of the shards.
 */
import type { Channel } from 'amqplib';
import { messageOf } from '../errors.js';
import { settledWithin } from '../pause.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from '../rabbitmq/connection.js';
import { codeOf } from '../rabbitmq/hints.js';
import {
  exchangeName,
  indicesOf,
  type Layout,
  ringMarkName,
  ringName,
  type ShardExchange,
  shardQueue,
  type WantedLayout,
} from '../rabbitmq/shard-names.js';
import { hasExchange } from '../rabbitmq/topology.js';

const RING_TYPE = 'x-consistent-hash';
/**
 * How many buckets of the ring lead to a queue, as the plugin counts since RabbitMQ 3.8: one each is an even spread. (A
 * number of points on a circle, as before, it would be uneven.)
 */
const WEIGHT = '1';

/**
 * What a wanted layout is made as: `auto` is `consistent-hash` where the plugin is enabled. Only an attempt tells.
 * @param openAnother opens another connection to the same host: RabbitMQ closes one that asks for what it does not have.
 */
export async function chooseExchange(
  { exchange, ...others }: WantedLayout,
  openAnother: () => Promise<BrokerConnection>,
): Promise<Layout> {
  if (exchange !== 'auto') return { ...others, exchange };
  return { ...others, exchange: await whatIsOffered(others.shards, openAnother) };
}

async function whatIsOffered(
  shards: number,
  openAnother: () => Promise<BrokerConnection>,
): Promise<ShardExchange> {
  const connection = await openAnother();
  try {
    await onChannel(connection, (channel) => assertRing(channel, shards));
    return 'consistent-hash';
  } catch (error) {
    if (isUnknownType(error)) return 'direct';
    throw error;
  } finally {
    await connection.close();
  }
}

/** What RabbitMQ answers to an exchange of a type that it does not know: 503 before 4.0, on the connection; 406 since. */
export function isUnknownType(error: unknown): boolean {
  return (
    codeOf(error) === '503' || (codeOf(error) === '406' && /unknown exchange type/.test(messageOf(error)))
  );
}

/**
 * Declares the exchange and what leads from it to the shards, unless that is there.
 * @param isChanged a shard's queue was declared just now: a ring that was made before is made again.
 */
export async function declareExchange(
  connection: BrokerConnection,
  layout: Layout,
  isChanged: boolean,
): Promise<void> {
  const name = exchangeName(layout.shards);
  if (layout.exchange === 'direct') {
    await connection.onThrowawayChannel(async (channel) => {
      await channel.assertExchange(name, 'direct', { durable: true });
      for (const index of indicesOf(layout))
        await channel.bindQueue(shardQueue(index, layout.shards), name, String(index));
    });
    return;
  }
  // One that is whole stays as it is: while it is made again, what others write comes back to them.
  const isWhole = !isChanged && (await hasRing(connection, layout.shards));
  await onChannel(connection, async (channel) => {
    if (!isWhole) await makeRing(channel, layout);
    await channel.assertExchange(name, 'fanout', { durable: true });
    // Last: nothing comes through before all shards have their place.
    await channel.bindExchange(ringName(layout.shards), name, '');
  });
}

/** Takes the exchange away, and with it the way to the shards. */
export async function removeExchange(connection: BrokerConnection, shards: number): Promise<void> {
  await connection.onThrowawayChannel(async (channel) => {
    await channel.deleteExchange(exchangeName(shards));
    await removeRing(channel, shards);
  });
}

async function hasRing(connection: BrokerConnection, shards: number): Promise<boolean> {
  const isMarked = await hasExchange(connection, ringMarkName(shards));
  return isMarked && (await hasExchange(connection, ringName(shards)));
}

async function makeRing(channel: Channel, layout: Layout): Promise<void> {
  const { shards } = layout;
  await removeRing(channel, shards);
  await assertRing(channel, shards);
  for (const index of indicesOf(layout))
    await channel.bindQueue(shardQueue(index, shards), ringName(shards), WEIGHT);
  await channel.assertExchange(ringMarkName(shards), 'fanout', { durable: false });
}

/** Rejects with the reason when it is the whole connection that the broker closes: the operation does not say it. */
async function onChannel(
  connection: BrokerConnection,
  operation: (channel: Channel) => Promise<void>,
): Promise<void> {
  try {
    await connection.onThrowawayChannel(operation);
  } catch (error) {
    const lost = codeOf(error) === '' && (await settledWithin(connection.closed, ANSWER_DEADLINE_MS));
    throw lost || error;
  }
}

async function assertRing(channel: Channel, shards: number): Promise<void> {
  await channel.assertExchange(ringName(shards), RING_TYPE, { durable: false });
}

/** Deleting what is not there is no error. */
async function removeRing(channel: Channel, shards: number): Promise<void> {
  await channel.deleteExchange(ringMarkName(shards));
  await channel.deleteExchange(ringName(shards));
}
