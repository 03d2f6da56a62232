/**
 * Writes messages to the shards of a layout: many on their way at once, each with the broker's confirmation. Lives and
 * dies with one channel; whatever is wrong ends it, and everything that is not confirmed by then is handed back.
 */
import type { ConfirmChannel, Options } from 'amqplib';
import { settledWithin } from '../pause.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from '../rabbitmq/connection.js';
import { exchangeName, type Layout } from '../rabbitmq/shard-names.js';
import { shardOf } from './place.js';

/** A message on its way to its shard. */
export interface Parcel {
  readonly hash: number;
  readonly body: Buffer;
  readonly properties: Options.Publish;
}

/** Why a writer ended. */
export type WriterEnd =
  /** A queue or its binding is missing, or the exchange: the layout has changed, or somebody deleted a part of it. */
  | { readonly kind: 'missing' }
  /** A queue takes no more. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'closed' };

/** A broker that has confirmed nothing for so long is asked again over another connection. */
const CONFIRM_DEADLINE_MS = 30_000;

export class ShardWriter<P extends Parcel> {
  readonly #flying = new Set<P>();
  #ended = false;
  #error: unknown;
  #heardAt = performance.now();
  readonly #watch: NodeJS.Timeout;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly channel: ConfirmChannel,
    private readonly layout: Layout,
    private readonly onWritten: (parcel: P) => void,
    /** Called once, with what is not confirmed, in the order in which it was written. */
    private readonly onEnd: (how: WriterEnd, unwritten: readonly P[]) => void,
  ) {
    channel.on('error', (error: unknown) => {
      this.#error ??= error;
    });
    // A return does not say of which publication it is, but it comes before that one's confirmation.
    channel.on('return', () => this.#end({ kind: 'missing' }));
    channel.on('close', () => this.#end(endOf(this.#error)));
    this.#watch = setInterval(() => this.#look(), CONFIRM_DEADLINE_MS / 3);
  }

  /** Closes `connection` with itself. Rejects with what the broker refuses the channel with. */
  static async open<P extends Parcel>(
    connection: BrokerConnection,
    layout: Layout,
    onWritten: (parcel: P) => void,
    onEnd: (how: WriterEnd, unwritten: readonly P[]) => void,
  ): Promise<ShardWriter<P>> {
    try {
      const channel = await connection.createConfirmChannel();
      return new ShardWriter(connection, channel, layout, onWritten, onEnd);
    } catch (error) {
      void connection.close();
      throw error;
    }
  }

  /** Whether the broker takes nothing now for want of memory or disk. */
  get blocked(): boolean {
    return this.connection.open && this.connection.blocked;
  }

  write(parcel: P): void {
    if (this.#flying.size === 0) this.#heardAt = performance.now();
    this.#flying.add(parcel);
    const { shards } = this.layout;
    const key = String(shardOf(parcel.hash, shards));
    try {
      this.channel.publish(exchangeName(shards), key, parcel.body, parcel.properties, (error: unknown) =>
        this.#land(parcel, error),
      );
    } catch (error) {
      this.#end({ kind: 'failed', error: this.#error ?? error });
    }
  }

  /** Waits for what is on its way, for `ms` at most, and lets go of the connection. Never rejects. */
  async close(ms: number = ANSWER_DEADLINE_MS): Promise<void> {
    if (this.#ended) return;
    if (this.#flying.size > 0 && !this.blocked) await settledWithin(this.channel.waitForConfirms(), ms);
    this.#end({ kind: 'closed' });
  }

  #land(parcel: P, error: unknown): void {
    if (this.#ended) return;
    if (error === null || error === undefined) {
      this.#heardAt = performance.now();
      this.#flying.delete(parcel);
      this.onWritten(parcel);
      return;
    }
    // amqplib tells a refusal from a lost channel by its text only.
    const isRefused = error instanceof Error && error.message === 'message nacked';
    this.#end(isRefused ? { kind: 'refused' } : { kind: 'failed', error: this.#error ?? error });
  }

  #look(): void {
    const silence = performance.now() - this.#heardAt;
    if (this.#flying.size > 0 && !this.connection.blocked && silence > CONFIRM_DEADLINE_MS)
      this.#end({ kind: 'failed', error: new Error('the broker confirms nothing') });
  }

  #end(how: WriterEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watch);
    // A broker that blocks publishers, or answers nothing, reads no farewell.
    if (this.connection.blocked || how.kind === 'failed') this.connection.destroy();
    else void this.connection.close();
    const unwritten = [...this.#flying];
    this.#flying.clear();
    this.onEnd(how, unwritten);
  }
}

function endOf(error: unknown): WriterEnd {
  const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 404;
  return isMissing
    ? { kind: 'missing' }
    : { kind: 'failed', error: error ?? new Error('the channel was closed') };
}
