/**
 * Changes the number of shards, while everything runs. In this order; after each step a crash loses nothing, and the
 * command finishes when it is run again:
 *
 * 1. the new queues and their exchange are declared; nobody knows of them yet;
 * 2. the old exchange is deleted: from now on nobody can write to the old shards. Sharders hold what they have, and
 *    replicas see that their layout is not in use any more, and let go of the old shards;
 * 3. the record names the new layout: sharders and replicas go on with that;
 * 4. when all replicas have let go, what is in the old shards, with the open start events that replicas gave back, is
 *    moved to the new ones, each message with the broker's confirmation. So a start meets its stop in the new shard of
 *    the trace;
 * 5. the old queues, which are empty and unused, are deleted.
 */
import type { Log } from '../contracts.js';
import { BridgeError } from '../errors.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import { pause } from '../pause.js';
import { AckScheduler } from '../rabbitmq/ack-scheduler.js';
import type { BrokerConnection } from '../rabbitmq/connection.js';
import { Consumer } from '../rabbitmq/consumer.js';
import { type Explanation, explain, hostAndPort } from '../rabbitmq/hints.js';
import { brokerUnusable, connectOnce } from '../rabbitmq/reconnect-loop.js';
import { LAYOUT_LOCK, type Layout, RECORD_QUEUE, shardQueue } from '../rabbitmq/shard-names.js';
import { takeLock } from '../rabbitmq/topology.js';
import {
  combined,
  declareLayout,
  depthsOf,
  type LayoutRecord,
  makeUnwritable,
  readRecord,
  writeRecord,
} from './layout.js';
import { Sharder } from './sharder.js';

export interface ReshardOptions {
  readonly address: BrokerAddress;
  readonly layout: Layout;
  readonly log: Log;
  /** How long nothing may move before it is given up, ms. */
  readonly patienceMs: number;
  /** Aborted to end early. */
  readonly stopping: AbortSignal;
}

export interface Resharded {
  /** `host:port`. */
  readonly broker: string;
  /** Shards before; 0 when there were none. */
  readonly before: number;
  readonly now: number;
  /** Messages moved. */
  readonly moved: number;
}

const PREFETCH = 1_000;
const LOOK_MS = 200;
/**
 * How long old shards are empty before they count as that: inside the broker a message may still be on its way that had
 * passed the exchange when that was deleted.
 */
const EMPTY_FOR_MS = 1_000;

/**
 * @throws BridgeError `BROKER_UNUSABLE` when the broker cannot be reached or refuses, `RESHARD_INCOMPLETE` when
 *   somebody does not let go of a shard, or it was stopped.
 */
export async function reshard(options: ReshardOptions): Promise<Resharded> {
  const { address, log, stopping } = options;
  const { connection } = await connectOnce(address, RECORD_QUEUE, log, stopping);
  try {
    return await new Reshard(connection, options).run();
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw brokerUnusable(explain(error, connection.where, RECORD_QUEUE));
  } finally {
    // The lock goes with it.
    await connection.close();
  }
}

class Reshard {
  #moved = 0;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: ReshardOptions,
  ) {}

  async run(): Promise<Resharded> {
    if (!(await takeLock(this.connection, LAYOUT_LOCK))) throw brokerUnusable(BUSY);
    const { layout } = this.options;
    const found = await readRecord(this.connection);
    // What an interrupted run left behind comes first.
    if (found !== undefined) await this.#emptyOld(found);
    if (found?.shards !== layout.shards) await this.#emptyOld(await this.#change(found));
    else if (found.queueType !== layout.queueType) throw sameNames(found);
    const broker = hostAndPort(this.connection.where);
    return { broker, before: found?.shards ?? 0, now: layout.shards, moved: this.#moved };
  }

  async #change(before: LayoutRecord | undefined): Promise<LayoutRecord> {
    const { layout, log } = this.options;
    await declareLayout(this.connection, layout);
    if (before !== undefined) await makeUnwritable(this.connection, before.shards);
    const generation = (before?.generation ?? 0) + 1;
    const record = { ...layout, generation, old: before === undefined ? [] : [before.shards] };
    await writeRecord(this.connection, record);
    log.info({ before: before?.shards, ...layout }, 'the new layout is in use');
    return record;
  }

  /** Moves what is in shards of former layouts, and deletes these. */
  async #emptyOld(record: LayoutRecord): Promise<void> {
    for (const shards of record.old) {
      // Once more, for a run that was interrupted before it.
      await makeUnwritable(this.connection, shards);
      while ((await depthsOf(this.connection, { shards })).size > 0) await this.#moveAll(shards, record);
    }
    if (record.old.length > 0) await writeRecord(this.connection, { ...record, old: [] });
  }

  async #moveAll(shards: number, layout: Layout): Promise<void> {
    const { address, log, stopping } = this.options;
    const depths = () => depthsOf(this.connection, { shards });
    // Subscribing behind the replicas would not do: quorum queues do not count consumers that are not active.
    await this.#until(async () => {
      const { consumers } = combined(await depths());
      return consumers > 0 && 'consumers do not let go of former shards';
    });
    const handler = new Sharder({ address, layout, log });
    handler.start();
    const shared = { handler, acks: new AckScheduler(), stopping, log, prefetch: PREFETCH };
    try {
      const consumers = await Promise.all(
        [...(await depths()).keys()].map((index) =>
          Consumer.open(this.connection, { ...shared, queue: shardQueue(index, shards) }),
        ),
      );
      const isLeft = async () => {
        const inHand = consumers.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0);
        const left = inHand + combined(await depths()).messages;
        return left > 0 && `${left} messages are left in former shards, ${handler.counts.sharded} were moved`;
      };
      let received: number;
      do {
        await this.#until(isLeft);
        received = handler.counts.received;
        await pause(EMPTY_FOR_MS, this.connection.gone);
      } while (handler.counts.received > received || (await isLeft()));
      for (const consumer of consumers) await consumer.cancel();
      for (const consumer of consumers) await consumer.close();
    } finally {
      await handler.close();
      this.#moved += handler.counts.sharded;
    }
    // Looked at here: quorum queues refuse to be deleted on the condition that they are empty.
    for (const [index, { messages }] of await depths())
      if (messages === 0)
        await this.connection.onThrowawayChannel((channel) => channel.deleteQueue(shardQueue(index, shards)));
  }

  /**
   * Waits until nothing is in the way.
   * @param look says what is in the way.
   * @throws BridgeError `RESHARD_INCOMPLETE` when that stays the same for too long, or the command is stopped.
   */
  async #until(look: () => Promise<string | false>): Promise<void> {
    const { patienceMs, stopping, log } = this.options;
    let before = '';
    let since = 0;
    for (;;) {
      const obstacle = await look();
      if (obstacle === false) return;
      if (obstacle !== before) {
        [before, since] = [obstacle, performance.now()];
        log.debug({ obstacle }, 'emptying the former shards');
      }
      if (stopping.aborted) throw incomplete(`it was stopped when ${obstacle}`);
      if (performance.now() - since > patienceMs) throw incomplete(obstacle);
      await pause(LOOK_MS, stopping, this.connection.gone);
    }
  }
}

const BUSY: Explanation = {
  reason: 'another process is making or changing the shards',
  hint: 'wait until that is done, and run it again',
};

function sameNames({ shards, queueType }: Layout): BridgeError {
  return new BridgeError(
    'CONFIG_INVALID',
    `there are ${shards} shards already, ${queueType} queues`,
    'Their type can be changed together with their number only.',
  );
}

function incomplete(why: string): BridgeError {
  return new BridgeError(
    'RESHARD_INCOMPLETE',
    `the former shards are not emptied: ${why}`,
    'Nothing is lost, and the new shards work; run it again, to move the rest.',
  );
}
