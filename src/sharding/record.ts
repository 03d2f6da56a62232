/**
 * The layout that holds, kept on the broker where every process finds it: one durable message in a queue of its own.
 * Reading takes the message and gives it back, so two readers at the same moment may see nothing: they look again.
 */
import type { Channel } from 'amqplib';
import { pause } from '../pause.js';
import type { BrokerConnection } from '../rabbitmq/connection.js';
import { type Layout, RECORD_QUEUE } from '../rabbitmq/shard-names.js';
import { declareOwn, queueDepth } from '../rabbitmq/topology.js';

export interface LayoutRecord extends Layout {
  /** Each change has the next number; of several records the highest counts. */
  readonly generation: number;
  /** Layouts, by their number of shards, whose queues are not emptied yet. */
  readonly old: readonly number[];
}

/** How often a reader that finds nothing looks again before there is nothing for sure. */
const LOOKS = 30;
const LOOK_AGAIN_MS = 100;

/** The record, or undefined when there is none, or another reader has it in hand at this moment. */
export async function readRecord(connection: BrokerConnection): Promise<LayoutRecord | undefined> {
  if ((await queueDepth(connection, RECORD_QUEUE)) === undefined) return undefined;
  return connection.onThrowawayChannel(async (channel) => newest(await takeAll(channel)));
}

/** Like {@link readRecord}, for one that must know: undefined means that there is none. */
export async function readRecordSurely(connection: BrokerConnection): Promise<LayoutRecord | undefined> {
  if ((await queueDepth(connection, RECORD_QUEUE)) === undefined) return undefined;
  for (let look = 0; look < LOOKS; look++) {
    const record = await readRecord(connection);
    if (record !== undefined) return record;
    await pause(LOOK_AGAIN_MS, connection.gone);
  }
  return undefined;
}

/** Puts a record in the place of all others; the caller holds the lock. Rejects unless the broker confirmed it. */
export async function writeRecord(connection: BrokerConnection, record: LayoutRecord): Promise<void> {
  await declareOwn(connection, { name: RECORD_QUEUE });
  const channel = await connection.createConfirmChannel();
  try {
    const before = await takeAll(channel);
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

type Taken = Exclude<Awaited<ReturnType<Channel['get']>>, false>;

async function takeAll(channel: Channel): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (;;) {
    const message = await channel.get(RECORD_QUEUE);
    if (message === false) return taken;
    taken.push(message);
  }
}

function newest(messages: readonly Taken[]): LayoutRecord | undefined {
  const records = messages.flatMap(({ content }) => parse(content));
  return records.sort((one, other) => other.generation - one.generation)[0];
}

/** Somebody else's message in our queue is no record. */
function parse(content: Buffer): LayoutRecord[] {
  try {
    const { generation, shards, queueType, old } = JSON.parse(content.toString('utf8'));
    if (!isCount(generation) || !isCount(shards) || !Array.isArray(old)) return [];
    const layout: Layout = { shards, queueType: queueType === 'classic' ? queueType : 'quorum' };
    return [{ ...layout, generation, old: old.filter(isCount) }];
  } catch {
    return [];
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
