/**
 * The layout of the shards, on the broker where every process finds it: one durable queue for each shard, a direct
 * exchange with a binding for each, and a record, which is one durable message in a queue of its own, that says which
 * layout is in use. While the exchange is gone nothing can be written to the shards.
 */
import { pause } from '../pause.js';
import type { BrokerConnection, Channel, GetMessage } from '../rabbitmq/connection.js';
import {
  exchangeName,
  indicesOf,
  LAYOUT_LOCK,
  type Layout,
  RECORD_QUEUE,
  shardQueue,
} from '../rabbitmq/shard-names.js';
import {
  declareOwn,
  hasExchange,
  type QueueDepth,
  queueDepth,
  releaseLock,
  takeLock,
} from '../rabbitmq/topology.js';

/** What the record says. */
export interface LayoutRecord extends Layout {
  /** Each change has the next number; of several records the highest counts. */
  readonly generation: number;
  /** Former layouts, by their number of shards, whose queues are not emptied yet. */
  readonly old: readonly number[];
}

/**
 * Every move of a shard counts as a delivery of all that was open in it. RabbitMQ 4 has 20 for a default; "none" cannot
 * be said in a way that 3.10 and 4 both understand.
 */
const DELIVERY_LIMIT = 1_000_000;
/** Reading the record takes the message and gives it back: another reader finds nothing meanwhile, and looks again. */
const LOOKS = 30;
const LOOK_AGAIN_MS = 100;

/** @returns undefined when there is no record. */
export async function readRecord(connection: BrokerConnection): Promise<LayoutRecord | undefined> {
  if ((await queueDepth(connection, RECORD_QUEUE)) === undefined) return undefined;
  for (let look = 0; look < LOOKS && connection.open; look++) {
    const messages = await connection.onThrowawayChannel(getAll);
    const records = messages.flatMap(({ content }) => parse(content));
    if (records.length > 0) return records.sort((one, other) => other.generation - one.generation)[0];
    await pause(LOOK_AGAIN_MS, connection.gone);
  }
  return undefined;
}

/** Replaces the record; the caller holds the lock. Rejects unless the broker confirmed it. */
export async function writeRecord(connection: BrokerConnection, record: LayoutRecord): Promise<void> {
  await declareOwn(connection, { name: RECORD_QUEUE });
  const channel = await connection.createConfirmChannel();
  try {
    const before = await getAll(channel);
    channel.sendToQueue(RECORD_QUEUE, Buffer.from(JSON.stringify(record)), {
      persistent: true,
      contentType: 'application/json',
    });
    await channel.waitForConfirms();
    for (const message of before) channel.ack(message);
  } finally {
    await channel.close().catch(() => undefined);
  }
}

/**
 * The layout in use, with missing parts declared again; made as `wanted` when there is none yet.
 * @returns undefined when another process is changing it at this moment.
 */
export async function ensureLayout(
  connection: BrokerConnection,
  wanted: Layout,
): Promise<LayoutRecord | undefined> {
  if (!(await takeLock(connection, LAYOUT_LOCK))) return undefined;
  try {
    const found = await readRecord(connection);
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
  const { shards, queueType } = layout;
  const queues = indicesOf(layout).map((index) => shardQueue(index, shards));
  const limit = queueType === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {};
  const queueArguments = { 'x-queue-type': queueType, 'x-single-active-consumer': true, ...limit };
  for (const queue of queues) {
    if ((await queueDepth(connection, queue)) !== undefined) continue;
    await connection.onThrowawayChannel((channel) =>
      channel.assertQueue(queue, { durable: true, arguments: queueArguments }),
    );
  }
  await connection.onThrowawayChannel(async (channel) => {
    await channel.assertExchange(exchangeName(shards), 'direct', { durable: true });
    for (const [index, queue] of queues.entries())
      await channel.bindQueue(queue, exchangeName(shards), String(index));
  });
}

/** Whether the layout's shards can be written to: its exchange is there. */
export function isWritable(
  connection: BrokerConnection,
  { shards }: Pick<Layout, 'shards'>,
): Promise<boolean> {
  return hasExchange(connection, exchangeName(shards));
}

/** From now on nobody can write to the layout's shards. */
export async function makeUnwritable(connection: BrokerConnection, shards: number): Promise<void> {
  await connection.onThrowawayChannel((channel) => channel.deleteExchange(exchangeName(shards)));
}

/** Depth and consumers of a layout's shards by index, or of some of them; a queue that is gone is left out. */
export async function depthsOf(
  connection: BrokerConnection,
  layout: Pick<Layout, 'shards'>,
  indices: readonly number[] = indicesOf(layout),
): Promise<ReadonlyMap<number, QueueDepth>> {
  const depths = new Map<number, QueueDepth>();
  for (const index of indices) {
    const depth = await queueDepth(connection, shardQueue(index, layout.shards));
    if (depth !== undefined) depths.set(index, depth);
  }
  return depths;
}

/** All that wait in some shards, and the most consumers that one of them has. */
export function combined(depths: ReadonlyMap<number, QueueDepth>): QueueDepth {
  let [messages, consumers] = [0, 0];
  for (const depth of depths.values()) {
    messages += depth.messages;
    consumers = Math.max(consumers, depth.consumers);
  }
  return { messages, consumers };
}

async function getAll(channel: Channel): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  const next = () => channel.get(RECORD_QUEUE);
  for (let message = await next(); message !== false; message = await next()) messages.push(message);
  return messages;
}

/** A message of another program in this queue is no record. */
function parse(content: Buffer): LayoutRecord[] {
  try {
    const { generation, shards, queueType, old } = JSON.parse(content.toString('utf8'));
    if (![generation, shards, ...old].every(isCount)) return [];
    return [{ shards, queueType: queueType === 'classic' ? queueType : 'quorum', generation, old }];
  } catch {
    return [];
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
