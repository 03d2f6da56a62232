/** The shards that are assigned to one connection, each with a session that consumes it. */
import { pause, settledWithin } from '../pause.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from '../rabbitmq/connection.js';
import { ConsumerSession, type ConsumerSessionOptions } from '../rabbitmq/consumer-session.js';
import { shardQueue } from '../rabbitmq/shard-names.js';
import { releaseLock, takeLock } from '../rabbitmq/topology.js';
import { depthsOf } from './layout.js';

/** How long a shard's release waits for spans that are on their way to the backend. */
const LONGEST_RELEASE_MS = 3_000;
/** Nothing was acknowledged for so long: what is left are open points, which go to the next owner. */
const QUIET_MS = 300;

export interface ShardAssignmentOptions {
  readonly connection: BrokerConnection;
  /** How many there are. */
  readonly shards: number;
  /** Take a shard by a lock, which excludes other replicas; otherwise stand by behind whoever consumes it. */
  readonly isLocking: boolean;
  readonly session: (queue: string) => ConsumerSessionOptions;
  /** A session ended by itself: its queue or its channel is gone. */
  readonly onLost: (index: number) => void;
}

export class ShardAssignment {
  readonly #sessions = new Map<number, ConsumerSession>();
  readonly #closing = new WeakSet<ConsumerSession>();

  constructor(private readonly options: ShardAssignmentOptions) {}

  /** In the order in which they were taken. */
  get indices(): readonly number[] {
    return [...this.#sessions.keys()];
  }

  get sessions(): readonly ConsumerSession[] {
    return [...this.#sessions.values()];
  }

  get shards(): number {
    return this.options.shards;
  }

  /** Takes these shards as far as they exist. Rejects with what the broker refuses one with. */
  async take(indices: Iterable<number>): Promise<void> {
    for (const index of indices) if (index < this.shards) await this.#take(index);
  }

  /** Releases what is above the share, the latest taken first: it has the least that is open. Or takes free shards. */
  async keepShare(share: number): Promise<void> {
    await this.release(this.indices.slice(share));
    if (this.#sessions.size >= share) return;
    for (const [index, { consumers }] of await depthsOf(this.options.connection, this)) {
      if (consumers === 0 && this.#sessions.size < share) await this.#take(index);
    }
  }

  /**
   * Takes no more of the shards, waits for what is on its way, and gives back what is open. Only then may another
   * replica take them: otherwise it would get what this one still exports.
   */
  async release(indices: readonly number[] = this.indices): Promise<void> {
    await Promise.all(
      indices.map(async (index) => {
        const session = this.#sessions.get(index);
        if (session === undefined) return;
        await session.cancel();
        await this.#untilQuiet(session);
        await this.#close(index, session);
      }),
    );
  }

  /** Takes in nothing more; what was handed over can still be acknowledged. Never rejects. */
  async cancel(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.cancel()));
  }

  /** Sends acknowledgements that are held back; everything unacknowledged returns to the broker. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map(([index, session]) => this.#close(index, session)));
  }

  async #take(index: number): Promise<void> {
    const { connection, shards, isLocking, session: optionsOf, onLost } = this.options;
    const queue = shardQueue(index, shards);
    if (this.#sessions.has(index) || (isLocking && !(await takeLock(connection, queue)))) return;
    try {
      const session = await ConsumerSession.open(connection, optionsOf(queue));
      this.#sessions.set(index, session);
      void session.ended.then(async () => {
        if ((await this.#close(index, session)) && connection.open) onLost(index);
      });
    } catch (error) {
      await this.#unlock(index);
      throw error;
    }
  }

  async #untilQuiet(session: ConsumerSession): Promise<void> {
    const { gone } = this.options.connection;
    const deadline = performance.now() + LONGEST_RELEASE_MS;
    for (let before = Number.NaN; session.unacknowledged !== before && performance.now() < deadline; ) {
      before = session.unacknowledged;
      if (before > 0) await pause(QUIET_MS, gone);
    }
  }

  /** @returns false when it was closed before, or is being closed. */
  async #close(index: number, session: ConsumerSession): Promise<boolean> {
    if (this.#closing.has(session)) return false;
    this.#closing.add(session);
    await session.close();
    this.#sessions.delete(index);
    await this.#unlock(index);
    return true;
  }

  async #unlock(index: number): Promise<void> {
    const { connection, shards, isLocking } = this.options;
    if (!isLocking || !connection.open) return;
    await settledWithin(releaseLock(connection, shardQueue(index, shards)), ANSWER_DEADLINE_MS);
  }
}
