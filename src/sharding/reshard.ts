/**
 * Changes the number of shards, while everything runs. In this order, each step of which can be the last one before a
 * crash without a loss, and the command finished by running it again:
 *
 * 1. the new queues and their exchange are made; nobody knows of them yet;
 * 2. the old exchange is deleted: from now on nobody can write to the old queues. Sharders hold what they have, and
 *    replicas see that their layout is over, and give the old queues back;
 * 3. the record names the new layout: sharders and replicas go on with that;
 * 4. what is in the old queues, open starts that replicas gave back among it, is moved to the new ones, each message
 *    with the broker's confirmation, so that a start meets its stop in the trace's new shard. That begins when all
 *    replicas have let go;
 * 5. empty queues that nobody uses are deleted.
 */
import type { Log } from '../contracts.js';
import { BridgeError } from '../errors.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import { pause } from '../pause.js';
import { AckScheduler } from '../rabbitmq/ack-scheduler.js';
import { type BrokerConnection, CONNECTION_NAME } from '../rabbitmq/connection.js';
import { Consumer } from '../rabbitmq/consumer.js';
import { type Explanation, explain, hostAndPort } from '../rabbitmq/hints.js';
import { type Connected, HostCycle } from '../rabbitmq/host-cycle.js';
import { indicesOf, LAYOUT_LOCK, type Layout, RECORD_QUEUE, shardQueue } from '../rabbitmq/shard-names.js';
import { type QueueDepth, queueDepth, takeLock } from '../rabbitmq/topology.js';
import { declareLayout, fence } from './declare.js';
import { type LayoutRecord, readRecordSurely, writeRecord } from './record.js';
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
 * An old queue has been empty for so long before it is taken for that: a message may still be on its way inside of the
 * broker that had passed the exchange when that was deleted.
 */
const EMPTY_FOR_MS = 1_000;

/**
 * @throws BridgeError `BROKER_UNUSABLE` when the broker cannot be reached or refuses, `RESHARD_INCOMPLETE` when
 *   somebody does not let go of a shard, or it was stopped.
 */
export async function reshard(options: ReshardOptions): Promise<Resharded> {
  const { connection } = await connect(options);
  try {
    return await new Reshard(connection, options).run();
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw unusable(explain(error, connection.where, RECORD_QUEUE));
  } finally {
    // The lock goes with it.
    await connection.close();
  }
}

async function connect({ address, log, stopping }: ReshardOptions): Promise<Connected> {
  const problems: Explanation[] = [];
  const onFailure = (why: Explanation): void => void problems.push(why);
  const hosts = new HostCycle({
    address,
    log,
    name: CONNECTION_NAME,
    queue: RECORD_QUEUE,
    onFailure,
  });
  const connected = await hosts.connect(stopping);
  if (connected !== undefined) return connected;
  throw unusable({
    reason: problems.map(({ reason }) => reason).join('; '),
    hint: problems.at(-1)?.hint ?? 'run it again',
  });
}

class Reshard {
  #moved = 0;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: ReshardOptions,
  ) {}

  async run(): Promise<Resharded> {
    if (!(await takeLock(this.connection, LAYOUT_LOCK))) throw unusable(BUSY);
    const found = await readRecordSurely(this.connection);
    const before = found && (await this.#finish(found));
    const { layout } = this.options;
    if (before?.shards !== layout.shards) await this.#finish(await this.#change(before));
    else this.#checkSame(before);
    const broker = hostAndPort(this.connection.where);
    return { broker, before: found?.shards ?? 0, now: layout.shards, moved: this.#moved };
  }

  /** Another kind of queue under the same name would be refused by the broker. */
  #checkSame({ queueType }: Layout): void {
    const { layout } = this.options;
    if (queueType === layout.queueType) return;
    throw new BridgeError(
      'CONFIG_INVALID',
      `there are ${layout.shards} shards already, ${queueType} queues`,
      'Their type can be changed together with their number only.',
    );
  }

  async #change(before: LayoutRecord | undefined): Promise<LayoutRecord> {
    const { layout, log } = this.options;
    await declareLayout(this.connection, layout);
    if (before !== undefined) await fence(this.connection, before.shards);
    const generation = (before?.generation ?? 0) + 1;
    const record = { ...layout, generation, old: before === undefined ? [] : [before.shards] };
    await writeRecord(this.connection, record);
    log.info({ before: before?.shards, ...layout }, 'the new layout holds');
    return record;
  }

  /** Empties and removes what is left of former layouts. */
  async #finish(record: LayoutRecord): Promise<LayoutRecord> {
    if (record.old.length === 0) return record;
    for (const shards of record.old) await this.#empty(shards, record);
    const finished = { ...record, old: [] };
    await writeRecord(this.connection, finished);
    return finished;
  }

  async #empty(shards: number, record: LayoutRecord): Promise<void> {
    const { address, log } = this.options;
    // Once more, for who was interrupted before it.
    await fence(this.connection, shards);
    const sharder = new Sharder({ address, layout: record, log });
    const ending = new AbortController();
    try {
      for (let left = await this.#queuesOf(shards); left.length > 0; left = await this.#queuesOf(shards)) {
        await this.#untilLetGo(left);
        const moves = await Promise.all(left.map((queue) => this.#open(queue, sharder, ending.signal)));
        await this.#untilEmpty(left, moves, sharder);
        for (const move of moves) await move.cancel();
        for (const move of moves) await move.close();
        for (const queue of left) await this.#remove(queue);
      }
    } finally {
      ending.abort();
      await sharder.close();
      this.#moved += sharder.counts.sharded;
    }
  }

  async #queuesOf(shards: number): Promise<string[]> {
    const queues: string[] = [];
    for (const index of indicesOf({ shards })) {
      const queue = shardQueue(index, shards);
      if ((await queueDepth(this.connection, queue)) !== undefined) queues.push(queue);
    }
    return queues;
  }

  #open(queue: string, handler: Sharder, stopping: AbortSignal): Promise<Consumer> {
    const { log } = this.options;
    const acks = new AckScheduler();
    return Consumer.open(this.connection, { queue, handler, acks: acks, stopping, log, prefetch: PREFETCH });
  }

  /**
   * Waits until nobody consumes the queues. Standing in their line would not do: quorum queues do not count who waits.
   */
  async #untilLetGo(queues: readonly string[]): Promise<void> {
    const progress = new Progress(this.options);
    for (;;) {
      const { consumers } = await this.#stateOf(queues);
      if (consumers === 0) return;
      progress.look(`${consumers} consumers do not let go of former shards`);
      await this.#pause();
    }
  }

  async #untilEmpty(
    queues: readonly string[],
    moves: readonly Consumer[],
    { counts }: Sharder,
  ): Promise<void> {
    const progress = new Progress(this.options);
    let emptySince = Number.POSITIVE_INFINITY;
    for (;;) {
      const { messages } = await this.#stateOf(queues);
      const left = messages + moves.reduce((sum, move) => sum + move.unacknowledged, 0);
      const now = performance.now();
      emptySince = left === 0 ? Math.min(emptySince, now) : Number.POSITIVE_INFINITY;
      if (now - emptySince >= EMPTY_FOR_MS) return;
      if (left > 0) progress.look(`${left} messages do not move`, `${left} ${counts.sharded}`);
      await this.#pause();
    }
  }

  async #stateOf(queues: readonly string[]): Promise<QueueDepth> {
    const sum = { messages: 0, consumers: 0 };
    for (const queue of queues) {
      const depth = await queueDepth(this.connection, queue);
      sum.messages += depth?.messages ?? 0;
      sum.consumers += depth?.consumers ?? 0;
    }
    return sum;
  }

  #pause(): Promise<void> {
    return pause(LOOK_MS, this.options.stopping, this.connection.gone);
  }

  /**
   * Unless something has come into it after all; then it is emptied once more. Looked at here: quorum queues refuse to
   * be deleted on the condition that they are empty.
   */
  async #remove(queue: string): Promise<void> {
    if ((await queueDepth(this.connection, queue))?.messages !== 0) return;
    await this.connection.onThrowawayChannel((channel) => channel.deleteQueue(queue));
  }
}

/** Gives up when nothing changes for too long. */
class Progress {
  #state = '';
  #changedAt = performance.now();

  constructor(private readonly options: Pick<ReshardOptions, 'patienceMs' | 'stopping' | 'log'>) {}

  /** @param obstacle what is in the way. @throws BridgeError `RESHARD_INCOMPLETE`. */
  look(obstacle: string, state: string = obstacle): void {
    const { patienceMs, stopping, log } = this.options;
    const now = performance.now();
    if (state !== this.#state) {
      this.#state = state;
      this.#changedAt = now;
      log.debug({ state }, 'emptying the former shards');
    }
    if (stopping.aborted) throw incomplete(`it was stopped when ${obstacle}`);
    if (now - this.#changedAt > patienceMs) throw incomplete(obstacle);
  }
}

const BUSY: Explanation = {
  reason: 'the shards are being made or changed by somebody else',
  hint: 'wait until that is done, and run it again',
};

function incomplete(why: string): BridgeError {
  return new BridgeError(
    'RESHARD_INCOMPLETE',
    `the former shards are not emptied: ${why}`,
    'Nothing is lost, and the new shards work; run it again, to move the rest.',
  );
}

function unusable({ reason, hint }: Explanation): BridgeError {
  return new BridgeError('BROKER_UNUSABLE', reason, hint);
}
