/** The shards that are assigned to one connection, each with a session that consumes it. */
import { pause } from '../pause.js';
import type { BrokerConnection } from '../rabbitmq/connection.js';
import { ConsumerSession, type ConsumerSessionOptions } from '../rabbitmq/consumer-session.js';
import { shardQueue } from '../rabbitmq/shard-names.js';
import { depthsOf } from './layout.js';

/** How long a shard's release waits for spans that are on their way to the backend. */
const LONGEST_RELEASE_MS = 3_000;
/** Nothing was acknowledged for so long: what is left are open points, which go to the next owner. */
const QUIET_MS = 300;

export interface ShardAssignmentOptions {
  readonly connection: BrokerConnection;
  /** How many there are. */
  readonly shards: number;
  /** Take a shard only when nobody consumes it; otherwise stand by behind whoever does. */
  readonly onlyFree: boolean;
  readonly session: (queue: string) => ConsumerSessionOptions;
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

  /** Releases all but these shards, and takes those of them that it can. Rejects with what the broker refuses. */
  async keep(indices: readonly number[]): Promise<void> {
    const { connection, onlyFree } = this.options;
    await this.release(this.indices.filter((index) => !indices.includes(index)));
    const missing = indices.filter((index) => !this.#sessions.has(index));
    for (const [index, { consumers }] of await depthsOf(connection, this, missing))
      if (consumers === 0 || !onlyFree) await this.#take(index);
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
    const { connection, shards, session: optionsOf } = this.options;
    const options = optionsOf(shardQueue(index, shards));
    const session = await ConsumerSession.open(connection, options);
    this.#sessions.set(index, session);
    // Its queue or its channel is gone, unless it was closed here.
    void session.ended.then(async () => {
      if ((await this.#close(index, session)) && connection.open)
        options.log.warn({ shard: index }, 'a shard was lost; taking it again if it is there');
    });
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
    return true;
  }
}
