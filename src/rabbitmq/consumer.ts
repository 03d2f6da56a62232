/**
 * Consumes one queue on one channel: messages become deliveries, their acknowledgements go back in few frames, and
 * when the channel is gone all of its deliveries are void. A delivery never reaches another channel: there its tag would
 * acknowledge somebody else's message.
 *
 * The channel is the bridge's own, opened for this and closed with it, or a program's, which stays open.
 */
import type { Channel } from 'amqplib';
import { coarseNow } from '../clock.js';
import type { Log, Origin, ReceiverHandler, Rejection } from '../contracts.js';
import { messageOf } from '../errors.js';
import { settledWithin } from '../pause.js';
import type { AckChannel, AckScheduler } from './ack-scheduler.js';
import { AckTracker } from './ack-tracker.js';
import type { AmqpChannel, AmqpMessage } from './amqp-channel.js';
import { acknowledgerOf, inOneWrite } from './amqplib-patches.js';
import { BodyArena } from './body-arena.js';
import { ANSWER_DEADLINE_MS, answered, type BrokerConnection } from './connection.js';
import { hostAndPort } from './hints.js';
import { type DeliveryOwner, RabbitDelivery } from './rabbit-delivery.js';

export interface ConsumerOptions {
  readonly queue: string;
  /** Tells the consumers of one connection apart. Default: the broker chooses. */
  readonly consumerTag?: string | undefined;
  readonly handler: ReceiverHandler;
  /** When acknowledgements go to the broker: with those of other channels that bring events of the same trace points. */
  readonly acks: AckScheduler;
  /** Once aborted, nothing more is handed over. */
  readonly stopping: AbortSignal;
  /** Takes over what is rejected; absent: the broker discards it, by the queue's own dead-letter policy. */
  readonly deadLetter?: ((delivery: RabbitDelivery, why: Rejection) => void) | undefined;
  /** Told of what the handler has not acknowledged at once. */
  readonly onKept?: ((delivery: RabbitDelivery) => void) | undefined;
  readonly log?: Log | undefined;
}

/** Why nothing more comes: the broker cancelled the consumer (the queue is gone), or the channel is gone. */
export type ConsumerEnd =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'closed'; readonly error: Error | undefined };

export class Consumer implements DeliveryOwner, AckChannel {
  /** Resolves when no further message will come. */
  readonly ended: Promise<ConsumerEnd>;
  readonly tracker: AckTracker;
  readonly #bodies = new BodyArena(() => this.outstanding);
  readonly #acks: ReturnType<typeof acknowledgerOf>;
  #end!: (how: ConsumerEnd) => void;
  readonly #tags: string[] = [];
  #error: Error | undefined;
  #isOpen = true;
  #hasDelivered = false;
  /** What the signal says: asking it for every message took one part in a hundred of a drain. */
  #isStopping: boolean;
  #window = 0;
  #finished = 0;

  /** @param own absent: the channel is a program's. */
  constructor(
    private readonly channel: AmqpChannel,
    private readonly origin: Origin,
    private readonly options: ConsumerOptions,
    private readonly own?: {
      readonly channel: Channel;
      readonly connection: Pick<BrokerConnection, 'destroy'>;
    },
  ) {
    this.tracker = new AckTracker(own !== undefined);
    this.#acks = acknowledgerOf(channel);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    options.acks.join(this);
    this.#isStopping = options.stopping.aborted;
    options.stopping.addEventListener('abort', this.#onStopping, { once: true });
    channel.on('error', this.#onError);
    channel.on('close', this.#onClose);
  }

  /** Consumes on a channel of its own. Rejects with what the broker refuses it with. */
  static async open(
    connection: Pick<BrokerConnection, 'createChannel' | 'where' | 'destroy'>,
    options: ConsumerOptions & { readonly prefetch: number },
  ): Promise<Consumer> {
    const { where } = connection;
    const name = `queue ${options.queue} at ${hostAndPort(where)}, virtual host ${where.vhost}`;
    const channel = await connection.createChannel();
    const consumer = new Consumer(channel as AmqpChannel, { name }, options, { channel, connection });
    try {
      await consumer.grow(options.prefetch);
      return consumer;
    } catch (error) {
      channel.close().catch(() => undefined);
      throw error;
    }
  }

  /** How many of its deliveries are the handler's. */
  get unacknowledged(): number {
    return this.tracker.unacknowledged;
  }

  get window(): number {
    return this.#window;
  }

  /** How many of its deliveries were acknowledged, rejected or requeued. */
  get finished(): number {
    return this.#finished;
  }

  /** What is unacknowledged, oldest first, with what is no longer the handler's. */
  get outstanding(): Iterable<RabbitDelivery> {
    return this.tracker as Iterable<RabbitDelivery>;
  }

  /** Whether anything unacknowledged was delivered so often before, by a quorum queue. */
  holdsDelivered(times: number): boolean {
    for (const { deliveriesBefore } of this.outstanding) if (deliveriesBefore >= times) return true;
    return false;
  }

  /**
   * Lets the broker deliver so many messages more, 1 to 65,535, by one more consumer: a consumer's prefetch is for its
   * life. Rejects with what the broker refuses it with.
   */
  async grow(prefetch: number): Promise<void> {
    const { consumerTag, queue } = this.options;
    const suffix = this.#tags.length === 0 ? '' : `.${this.#tags.length + 1}`;
    const tag = consumerTag === undefined ? {} : { consumerTag: consumerTag + suffix };
    const receive = (message: AmqpMessage | null): void => this.#receive(message);
    const begin = async () => {
      await this.channel.prefetch(prefetch, false);
      return this.channel.consume(queue, receive, { ...tag, noAck: false });
    };
    const consuming = await answered(begin(), `consuming "${queue}"`);
    this.#tags.push(consuming.consumerTag);
    this.#window += prefetch;
    // Messages may have come together with the broker's answer.
    this.#tellIfFull();
  }

  /** No more messages; what was handed over can still be acknowledged. Never rejects. */
  async cancel(): Promise<void> {
    if (!this.#isOpen) return;
    // A channel that is closing throws, or rejects: then there is nothing to cancel.
    const cancel = async (tag: string): Promise<unknown> => this.channel.cancel(tag);
    await this.#answered(Promise.allSettled(this.#tags.map(cancel)));
  }

  /** Sends the acknowledgements held back, and waits for the broker to have them; all else returns to the queue. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.options.acks.flush();
    // The broker reads a channel's frames in order: its answer comes after the acknowledgements took effect.
    // (The connection's closing would not do: amqplib lets it overtake what channels still have to send.)
    if (this.own !== undefined) {
      const closed = new Promise((resolve) => this.channel.on('close', () => resolve(true)));
      this.own.channel.close().catch(() => undefined);
      await this.#answered(closed);
    } else {
      for (const { tag } of this.outstanding) this.#tell(() => this.#acks.requeue(tag));
      await this.cancel();
    }
    this.#lose();
  }

  /** Something is wrong with the channel, or with the handler: the consumer ends. */
  fail(error: Error): void {
    this.#error ??= error;
    if (this.own === undefined) this.#lose();
    else this.own.channel.close().catch(() => undefined);
  }

  /** Gives what came before this moment (monotonic ms) back to its queue, the oldest first. */
  requeueOlderThan(moment: number): void {
    for (const delivery of this.outstanding) {
      if (this.#isStopping || delivery.since > moment) return;
      if (!this.tracker.remove(delivery)) continue;
      this.options.handler.onRequeued(delivery);
      this.#tell(() => this.#acks.requeue(delivery.tag));
    }
  }

  acknowledge(delivery: RabbitDelivery): boolean {
    return this.tracker.acknowledge(delivery) && this.#finish();
  }

  deadLetter(delivery: RabbitDelivery, why: Rejection): boolean {
    delivery.keepBody();
    const { deadLetter } = this.options;
    if (deadLetter === undefined) return this.tracker.reject(delivery) && this.#finish();
    if (!this.tracker.beginMove(delivery)) return false;
    deadLetter(delivery, why);
    return true;
  }

  beginRequeue(delivery: RabbitDelivery): boolean {
    if (!this.tracker.beginMove(delivery)) return false;
    this.options.handler.onRequeued(delivery);
    return true;
  }

  onCopied(delivery: RabbitDelivery): void {
    // Until the original is acknowledged, the message may come twice.
    if (this.tracker.endMove(delivery)) this.#finish(true);
  }

  onNotCopied(delivery: RabbitDelivery): void {
    // While stopping it stays where it is: it returns to the broker with the channel's end.
    if (this.#isStopping) return;
    const fresh = delivery.again();
    if (this.tracker.replace(delivery, fresh)) this.#handOver(fresh);
  }

  flush(): void {
    this.#tell(() => inOneWrite(this.channel, () => this.tracker.flush(this.#acks)));
  }

  #finish(isUrgent = false): true {
    this.#finished += 1;
    this.options.acks.soon(isUrgent);
    return true;
  }

  #receive(message: AmqpMessage | null): void {
    if (message === null) this.#end({ kind: 'cancelled' });
    else if (!this.#isStopping) this.#deliver(message);
    // On a channel of ours it returns to the broker with the channel's end.
    else if (this.own === undefined) this.#tell(() => this.#acks.requeue(message.fields.deliveryTag));
  }

  #deliver(message: AmqpMessage): void {
    const delivery = new RabbitDelivery(this, this.origin, message, this.options.queue, coarseNow());
    this.tracker.add(delivery);
    this.#handOver(delivery);
    this.#tellIfFull();
  }

  #handOver(delivery: RabbitDelivery): void {
    this.#hasDelivered = true;
    try {
      this.options.handler.onDelivery(delivery);
    } catch (error) {
      // A bug, but a message that nobody ends would be worse than a fresh channel.
      this.options.log?.error(
        { error: messageOf(error) },
        'handling a message failed; opening another channel',
      );
      this.fail(error instanceof Error ? error : new Error(messageOf(error)));
      return;
    }
    delivery.rest(this.#bodies);
    if (delivery.live) this.options.onKept?.(delivery);
  }

  #tellIfFull(): void {
    if (this.#window > 0 && this.tracker.inFlight >= this.#window) this.options.handler.onFull?.();
  }

  /** amqplib throws on a channel that closes before it says so; the broker delivers the messages again. */
  #tell(send: () => void): void {
    if (!this.#isOpen) return;
    try {
      send();
    } catch (error) {
      this.options.log?.debug({ error: messageOf(error) }, 'acknowledgements met a closed channel');
    }
  }

  /** A broker that does not answer in time is as good as gone: waiting for it once is enough. */
  async #answered(answer: Promise<unknown>): Promise<void> {
    if ((await settledWithin(answer, ANSWER_DEADLINE_MS)) === undefined) this.own?.connection.destroy();
  }

  readonly #onStopping = (): void => {
    this.#isStopping = true;
  };
  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };
  readonly #onClose = (): void => this.#lose();

  #lose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { acks, stopping, handler } = this.options;
    acks.leave(this);
    stopping.removeEventListener('abort', this.#onStopping);
    this.channel.off('close', this.#onClose);
    if (this.own === undefined) this.channel.off('error', this.#onError);
    const { unacknowledged } = this.tracker;
    this.tracker.abandon();
    // Of an origin that delivered nothing nobody knows.
    if (this.#hasDelivered) handler.onOriginLost(this.origin, unacknowledged);
    this.#end({ kind: 'closed', error: this.#error });
  }
}
