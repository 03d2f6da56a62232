/** The shards that one connection consumes: taken, let go of, and lost. */

import { pause, settledWithin } from '../pause.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from '../rabbitmq/connection.js';
import { ConsumerSession, type ConsumerSessionOptions } from '../rabbitmq/consumer-session.js';
import { shardQueue } from '../rabbitmq/shard-names.js';
import { releaseLock, takeLock } from '../rabbitmq/topology.js';

/** How long what is on its way to the backend may take to be settled when a shard is let go of. */
const LONGEST_FAREWELL_MS = 3_000;
/** Nothing was settled for so long: what is left is open, and goes to the next owner. */
const QUIET_MS = 300;

export interface HoldingOptions {
  readonly connection: BrokerConnection;
  readonly shards: number;
  /** Take each shard by a claim that excludes other replicas; otherwise stand in the broker's line for it. */
  readonly isClaiming: boolean;
  readonly intake: (queue: string) => ConsumerSessionOptions;
  /** A shard's consumption ended by itself: its queue or its channel is gone. */
  readonly onLost: (index: number) => void;
}

export class Holding {
  readonly #held = new Map<number, ConsumerSession>();

  constructor(private readonly options: HoldingOptions) {}

  /** In the order in which they were taken. */
  get indices(): readonly number[] {
    return [...this.#held.keys()];
  }

  get intakes(): readonly ConsumerSession[] {
    return [...this.#held.values()];
  }

  get shards(): number {
    return this.options.shards;
  }

  /** @returns false when another has it. Rejects with what the broker refuses it with. */
  async take(index: number): Promise<boolean> {
    const { connection, shards, isClaiming, intake } = this.options;
    const queue = shardQueue(index, shards);
    if (isClaiming && !(await takeLock(connection, queue))) return false;
    try {
      const taken = await ConsumerSession.open(connection, intake(queue));
      this.#held.set(index, taken);
      void taken.ended.then(() => this.#lose(index, taken));
      return true;
    } catch (error) {
      if (isClaiming) await releaseLock(connection, queue).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Lets go of a shard: takes no more of it, waits for what is on its way, and gives back what is open. Only then may
   * another take it, so that nothing is in two hands that would come twice.
   */
  async release(index: number): Promise<void> {
    const intake = this.#held.get(index);
    if (intake === undefined) return;
    await intake.cancel();
    await this.#farewell(intake);
    this.#held.delete(index);
    await intake.close();
    await this.#unclaim(index);
  }

  async releaseAll(): Promise<void> {
    await Promise.all(this.indices.map((index) => this.release(index)));
  }

  /** Takes in nothing more; what was handed over can still be settled. Never rejects. */
  async cancel(): Promise<void> {
    await Promise.all(this.intakes.map((intake) => intake.cancel()));
  }

  /** Sends what settlements are held back; everything unsettled returns to the broker. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.intakes.map((intake) => intake.close()));
    this.#held.clear();
  }

  async #farewell(intake: ConsumerSession): Promise<void> {
    const { gone } = this.options.connection;
    const deadline = performance.now() + LONGEST_FAREWELL_MS;
    for (let before = Number.NaN; intake.unacknowledged !== before && performance.now() < deadline; ) {
      before = intake.unacknowledged;
      if (before > 0) await pause(QUIET_MS, gone);
    }
  }

  async #lose(index: number, intake: ConsumerSession): Promise<void> {
    if (this.#held.get(index) !== intake) return;
    this.#held.delete(index);
    await intake.close();
    await this.#unclaim(index);
    if (this.options.connection.open) this.options.onLost(index);
  }

  async #unclaim(index: number): Promise<void> {
    const { connection, shards, isClaiming } = this.options;
    if (!isClaiming || !connection.open) return;
    const queue = shardQueue(index, shards);
    await settledWithin(releaseLock(connection, queue), ANSWER_DEADLINE_MS);
  }
}
