/**
 * One channel that consumes one queue: its messages become deliveries, their settlements go back in few frames, and
 * when the channel dies all of its deliveries die with it. A delivery never reaches another channel: there its tag
 * would settle somebody else's message.
 */
import type { Channel, ConsumeMessage } from 'amqplib';
import { coarseNow } from '../clock.js';
import type { Log, Origin, ReceiverHandler, Rejection } from '../contracts.js';
import { messageOf } from '../errors.js';
import { settledWithin } from '../pause.js';
import type { AckChannel, AckScheduler } from './ack-scheduler.js';
import type { Settlement } from './ack-tracker.js';
import { type Acknowledger, AckTracker } from './ack-tracker.js';
import { acknowledgerOf } from './acknowledger.js';
import { BodyArena } from './body-arena.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from './connection.js';
import { hostAndPort } from './hints.js';
import { inOneWrite } from './one-write.js';
import { type DeliveryOwner, RabbitDelivery } from './rabbit-delivery.js';

const DEFAULT_TAG = 'osprofiler-otel-bridge';

export interface ConsumerOptions {
  readonly queue: string;
  /** Tells the consumers of one connection apart. Default `osprofiler-otel-bridge`. */
  readonly consumerTag?: string;
  /** How many messages the broker hands out ahead of their settlement: 1 to 65,535. */
  readonly prefetch: number;
  readonly handler: ReceiverHandler;
  /** When its settlements go to the broker: with those of other channels that bring halves of the same pairs. */
  readonly acks: AckScheduler;
  /** Once aborted, nothing more is handed over. */
  readonly stopping: AbortSignal;
  /** Takes over what is rejected; absent: the broker discards it, by the queue's own dead-letter policy. */
  readonly setAside?: ((delivery: RabbitDelivery, why: Rejection) => void) | undefined;
  /** Told of what the handler has not settled at once. */
  readonly onKept?: ((delivery: RabbitDelivery) => void) | undefined;
  readonly log: Log;
}

/** Why a consumption is over: the broker cancelled it (the queue is gone), or the channel died. */
export type ConsumerEnd =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'closed'; readonly error: Error | undefined };

export class Consumer implements DeliveryOwner, AckChannel {
  /** Resolves when no further message will come. */
  readonly ended: Promise<ConsumerEnd>;
  readonly #origin: Origin;
  readonly #ledger = new AckTracker();
  readonly #acknowledger: Acknowledger;
  readonly #channelClosed: Promise<void>;
  #end!: (how: ConsumerEnd) => void;
  readonly #tags: string[] = [];
  #error: Error | undefined;
  #open = true;
  #handedOver = false;
  /** What the signal says: asking it for every message took one part in a hundred of a drain. */
  #isStopping: boolean;
  readonly #stop = (): void => {
    this.#isStopping = true;
  };
  readonly #bodies = new BodyArena(() => this.outstanding);
  #window = 0;
  #finished = 0;

  private constructor(
    private readonly channel: Channel,
    private readonly connection: BrokerConnection,
    private readonly options: ConsumerOptions,
  ) {
    const { where } = connection;
    this.#origin = { name: `queue ${options.queue} at ${hostAndPort(where)}, virtual host ${where.vhost}` };
    this.#acknowledger = acknowledgerOf(channel);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#channelClosed = new Promise((resolve) => {
      channel.on('close', () => {
        this.#lose();
        resolve();
      });
    });
    options.acks.join(this);
    this.#isStopping = options.stopping.aborted;
    options.stopping.addEventListener('abort', this.#stop, { once: true });
    channel.on('error', (error: Error) => {
      this.#error ??= error;
    });
    channel.on('handler-error', (error: Error, event: string) => {
      if (event === 'delivery') this.#failOn(error);
    });
  }

  /** Starts to consume on a channel of its own. Rejects with what the broker refuses it with. */
  static async open(connection: BrokerConnection, options: ConsumerOptions): Promise<Consumer> {
    const channel = await connection.createChannel();
    const consumption = new Consumer(channel, connection, options);
    try {
      await consumption.grow(options.prefetch);
      return consumption;
    } catch (error) {
      channel.close().catch(() => undefined);
      throw error;
    }
  }

  /** How many of its deliveries are the handler's and not settled. */
  get unacknowledged(): number {
    return this.#ledger.unsettled;
  }

  get window(): number {
    return this.#window;
  }

  get waiting(): number {
    return this.#ledger.waiting;
  }

  get scattered(): number {
    return this.#ledger.scattered;
  }

  get isBehindMany(): boolean {
    return this.#ledger.isBehindMany;
  }

  /** How many of its deliveries were settled or renewed. */
  get finished(): number {
    return this.#finished;
  }

  /** What it handed out that is unacknowledged, oldest first, with what is no longer the handler's. */
  get outstanding(): Iterable<RabbitDelivery> {
    return this.#ledger as Iterable<RabbitDelivery>;
  }

  /** Whether it holds anything unacknowledged that a quorum queue gave out so often before. */
  holdsDelivered(times: number): boolean {
    for (const { deliveriesBefore } of this.outstanding) if (deliveriesBefore >= times) return true;
    return false;
  }

  /** Lets the broker hand out so many messages more, by one more consumer: a consumer's prefetch is for its life. */
  async grow(prefetch: number): Promise<void> {
    const { consumerTag = DEFAULT_TAG, queue } = this.options;
    const tag = this.#tags.length === 0 ? consumerTag : `${consumerTag}.${this.#tags.length + 1}`;
    await this.channel.prefetch(prefetch, false);
    await this.channel.consume(queue, (message) => this.#receive(message), {
      consumerTag: tag,
      noAck: false,
    });
    this.#tags.push(tag);
    this.#window += prefetch;
    // Messages may have come together with the broker's answer.
    this.#tellIfFull();
  }

  /** No more messages, please; what was handed over can still be settled. Never rejects. */
  async cancel(): Promise<void> {
    if (!this.#open) return;
    const cancelling = this.#tags.map((tag) => this.channel.cancel(tag).catch(() => undefined));
    await this.#answered(Promise.all(cancelling).then(() => true));
  }

  /** Sends the settlements held back, and waits for the broker to have them; unsettled deliveries return to it. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.options.acks.flush();
    // The broker reads a channel's frames in order: its answer to the closing comes after the settlements took effect.
    // (The connection's closing would not do: amqplib lets it overtake what channels still have to send.)
    this.channel.close().catch(() => undefined);
    await this.#answered(this.#channelClosed.then(() => true));
    this.#lose();
  }

  /** A broker that does not answer in time is as good as gone: waiting for it once is enough. */
  async #answered(answer: Promise<true>): Promise<void> {
    if ((await settledWithin(answer, ANSWER_DEADLINE_MS)) === undefined) this.connection.destroy();
  }

  settle(delivery: RabbitDelivery, how: Settlement): boolean {
    const { setAside } = this.options;
    if (how !== 'accept') delivery.keepBody();
    if (how !== 'accept' && setAside !== undefined) {
      if (!this.#ledger.setAside(delivery)) return false;
      setAside(delivery, how);
      return true;
    }
    if (!this.#ledger.settle(delivery, how)) return false;
    this.#finished += 1;
    this.options.acks.soon();
    return true;
  }

  withdraw(delivery: RabbitDelivery): boolean {
    if (!this.#ledger.setAside(delivery)) return false;
    this.options.handler.onRequeued(delivery);
    return true;
  }

  release(delivery: RabbitDelivery): void {
    if (!this.#ledger.release(delivery)) return;
    this.#finished += 1;
    this.options.acks.soon(true);
  }

  handBack(delivery: RabbitDelivery): void {
    // While stopping it stays where it is: it returns to the broker with the channel's end.
    if (this.#isStopping) return;
    const fresh = delivery.again();
    if (this.#ledger.renew(delivery, fresh)) this.#handOver(fresh);
  }

  #receive(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#end({ kind: 'cancelled' });
      return;
    }
    // What comes after stop() stays unacknowledged and returns to the broker with the channel's end.
    if (this.#isStopping) return;
    const delivery = new RabbitDelivery(this, this.#origin, message, this.options.queue, coarseNow());
    this.#ledger.add(delivery);
    this.#handOver(delivery);
    this.#tellIfFull();
  }

  #tellIfFull(): void {
    if (this.#window > 0 && this.#ledger.unacknowledged >= this.#window) this.options.handler.onFull?.();
  }

  #handOver(delivery: RabbitDelivery): void {
    this.#handedOver = true;
    this.options.handler.onDelivery(delivery);
    delivery.rest(this.#bodies);
    if (delivery.live) this.options.onKept?.(delivery);
  }

  flush(): void {
    if (!this.#open) return;
    try {
      inOneWrite(this.channel, () => this.#ledger.flush(this.#acknowledger));
    } catch (error) {
      // amqplib throws on a channel that closes before it says so; the broker gives these out again.
      this.options.log.debug({ error: messageOf(error) }, 'settlements met a closed channel');
    }
  }

  /** The handler threw: a bug, but a message in limbo would be worse than a fresh channel. */
  #failOn(error: Error): void {
    if (!this.#open) return;
    this.options.log.error({ error: messageOf(error) }, 'handling a message failed; opening another channel');
    this.#error ??= error;
    this.channel.close().catch(() => undefined);
  }

  #lose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.options.acks.leave(this);
    this.options.stopping.removeEventListener('abort', this.#stop);
    const { unsettled } = this.#ledger;
    this.#ledger.abandon();
    // Of an origin that handed nothing over nobody knows.
    if (this.#handedOver) this.options.handler.onOriginLost(this.#origin, unsettled);
    this.#end({ kind: 'closed', error: this.#error });
  }
}
