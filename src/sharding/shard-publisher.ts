/**
 * Publishes messages to the shards of a layout, many on their way at once, each with the broker's confirmation. It ends
 * with its channel; whatever goes wrong ends the channel, and what is not confirmed by then has to be published again.
 */
import { settledWithin } from '../pause.js';
import type { BrokerConnection, ConfirmChannel } from '../rabbitmq/connection.js';
import { returningProperties } from '../rabbitmq/provenance.js';
import type { RabbitDelivery } from '../rabbitmq/rabbit-delivery.js';
import { exchangeName } from '../rabbitmq/shard-names.js';
import { shardOf } from './shard-of.js';

export interface ShardMessage {
  readonly delivery: RabbitDelivery;
  readonly hash: number;
}

/** Why a publisher ended. */
export type PublisherEnd =
  /** A shard, its binding or the exchange is gone: the layout has changed, or somebody deleted a part of it. */
  | { readonly kind: 'missing' }
  /** A shard is full. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A broker that has confirmed nothing for so long is asked again over another connection. */
const CONFIRM_DEADLINE_MS = 30_000;

export class ShardPublisher {
  readonly ended: Promise<PublisherEnd>;
  readonly #inFlight = new Set<ShardMessage>();
  readonly #watch: NodeJS.Timeout;
  #resolve!: (end: PublisherEnd) => void;
  #isOpen = true;
  #error: unknown;
  #confirmedAt = performance.now();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly channel: ConfirmChannel,
    private readonly shards: number,
    private readonly onConfirmed: (message: ShardMessage) => void,
  ) {
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    channel.on('error', (error: unknown) => {
      this.#error ??= error;
    });
    // A return does not say of which publication it is, but it comes before that one's confirmation.
    channel.on('return', () => this.#end({ kind: 'missing' }));
    channel.on('close', () => this.#end(this.#failure(new Error('the channel was closed'))));
    this.#watch = setInterval(() => this.#checkSilence(), CONFIRM_DEADLINE_MS / 3);
  }

  /** What the broker has not confirmed, in the order of publication. */
  get unconfirmed(): readonly ShardMessage[] {
    return [...this.#inFlight];
  }

  /** After the end it does nothing but add the message to the unconfirmed ones. */
  publish(message: ShardMessage): void {
    if (this.#inFlight.size === 0) this.#confirmedAt = performance.now();
    this.#inFlight.add(message);
    if (!this.#isOpen) return;
    const { body, properties, from } = message.delivery;
    const key = String(shardOf(message.hash, this.shards));
    try {
      this.channel.publish(
        exchangeName(this.shards),
        key,
        body,
        returningProperties(properties, from),
        (error: unknown) => this.#onConfirm(message, error),
      );
    } catch (error) {
      this.#end(this.#failure(error));
    }
  }

  /** Waits for the confirmations of what is on its way, for `ms` at most. Never rejects. */
  async drain(ms: number): Promise<void> {
    if (this.#inFlight.size > 0 && !this.connection.blocked)
      await settledWithin(this.channel.waitForConfirms(), ms);
  }

  close(): void {
    this.#isOpen = false;
    clearInterval(this.#watch);
    // A broker that blocks publishers does not read that a connection closes.
    if (this.connection.blocked) this.connection.destroy();
  }

  #onConfirm(message: ShardMessage, error: unknown): void {
    if (!this.#isOpen) return;
    if (error !== null && error !== undefined) {
      // amqplib tells a refusal from a lost channel by its text only.
      const isRefused = error instanceof Error && error.message === 'message nacked';
      this.#end(isRefused ? { kind: 'refused' } : this.#failure(error));
      return;
    }
    this.#confirmedAt = performance.now();
    this.#inFlight.delete(message);
    this.onConfirmed(message);
  }

  #checkSilence(): void {
    const silence = performance.now() - this.#confirmedAt;
    if (this.#inFlight.size === 0 || this.connection.blocked || silence <= CONFIRM_DEADLINE_MS) return;
    this.connection.destroy();
    this.#end({ kind: 'failed', error: new Error('the broker confirms nothing') });
  }

  /** The broker's own reason counts more than what amqplib says of the publication. */
  #failure(error: unknown): PublisherEnd {
    const reason = this.#error ?? error;
    const isMissing =
      typeof reason === 'object' && reason !== null && 'code' in reason && reason.code === 404;
    return isMissing ? { kind: 'missing' } : { kind: 'failed', error: reason };
  }

  #end(end: PublisherEnd): void {
    this.close();
    this.#resolve(end);
  }
}
