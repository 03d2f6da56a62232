/**
 * What is consumed on one channel of the program's: its deliveries and their settlements, until the channel is lost or
 * let go of. Deliveries are void from then on.
 */
import type { ConsumeMessage } from 'amqplib';
import { coarseNow } from '../clock.js';
import type { Log, Origin, ReceiverHandler } from '../contracts.js';
import { BridgeError, messageOf } from '../errors.js';
import { settledWithin } from '../pause.js';
import type { Settlement } from './ack-tracker.js';
import { type Acknowledger, AckTracker } from './ack-tracker.js';
import { acknowledgerOf, messageWith } from './acknowledger.js';
import type { AmqpChannel, AmqpMessage } from './amqp-channel.js';
import { BodyArena } from './body-arena.js';
import { inOneWrite } from './one-write.js';
import { type DeliveryOwner, RabbitDelivery } from './rabbit-delivery.js';

export interface ChannelConsumptionOptions {
  readonly queue: string;
  readonly prefetch: number;
  /** Age at which an open delivery goes back to its queue, ms. */
  readonly renewAfterMs: number;
  readonly handler: ReceiverHandler;
  readonly log: Log | undefined;
}

/** Deliveries that are looked for this often come of age at most so much late. */
const LOOKS_PER_AGE = 10;
const MOST_MS_BETWEEN_LOOKS = 30_000;
/** How long the broker may take to answer while the consumption lets go. */
const ANSWER_DEADLINE_MS = 5_000;

export class ChannelConsumption {
  /** Resolves when no further delivery will come: with why the channel is lost, with undefined after {@link stop}. */
  readonly ended: Promise<BridgeError | undefined>;
  readonly #channel: AmqpChannel;
  readonly #options: ChannelConsumptionOptions;
  readonly #origin: Origin;
  readonly #ledger = new AckTracker(false);
  readonly #bodies = new BodyArena(() => this.#ledger as Iterable<RabbitDelivery>);
  readonly #acknowledger: Acknowledger;
  #end!: (lost?: BridgeError) => void;
  /** Nothing is ever kept aside here. */
  readonly #holder: DeliveryOwner = {
    settle: (delivery, how) => this.#settle(delivery, how),
    withdraw: (delivery) => this.#withdraw(delivery),
    release: () => undefined,
    handBack: () => undefined,
  };
  #consumerTag: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;
  #isStopping = false;
  #hasEnded = false;
  #handedOver = false;
  #flushScheduled = false;
  #error: Error | undefined;

  constructor(channel: AmqpChannel, options: ChannelConsumptionOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#origin = { name: `queue ${options.queue} on a channel of the program's` };
    this.#acknowledger = acknowledgerOf(channel);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    channel.on('error', this.#onError);
    channel.on('close', this.#onClose);
  }

  get unsettled(): number {
    return this.#ledger.unsettled;
  }

  /** @returns whether the queue is consumed now; otherwise {@link ended} says why not. Never rejects. */
  async start(): Promise<boolean> {
    const { queue, prefetch, renewAfterMs } = this.#options;
    const receive = (message: AmqpMessage | null) => this.#receive(message);
    try {
      await this.#channel.prefetch(prefetch, false);
      const { consumerTag } = await this.#channel.consume(queue, receive, { noAck: false });
      this.#consumerTag = consumerTag;
    } catch (error) {
      // When the channel is closed for it, that was told before, with the broker's reason.
      this.#lose();
      this.#fail(messageOf(error));
    }
    if (this.#isStopping) await this.#cancel();
    if (this.#hasEnded) return false;
    const lookMs = Math.min(renewAfterMs / LOOKS_PER_AGE, MOST_MS_BETWEEN_LOOKS);
    this.#timer = setInterval(() => this.#renew(performance.now() - renewAfterMs), lookMs);
    return true;
  }

  /** No further deliveries; those handed over can still be settled. Never rejects. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#cancel();
    this.#finish();
  }

  /** Gives back what is unsettled, and leaves the channel alone from here on. Never rejects. */
  async letGo(): Promise<void> {
    await this.stop();
    if (!this.#isOpen) return;
    this.#flush();
    for (const delivery of [...this.#ledger]) this.#giveBack(delivery.tag);
    // The broker reads a channel's frames in order: its answer comes after the settlements took effect.
    await this.#cancel();
    this.#lose();
  }

  #settle(delivery: RabbitDelivery, how: Settlement): boolean {
    if (how !== 'accept') delivery.keepBody();
    if (!this.#ledger.settle(delivery, how)) return false;
    this.#flushSoon();
    return true;
  }

  #withdraw(delivery: RabbitDelivery): boolean {
    if (!this.#ledger.drop(delivery)) return false;
    this.#options.handler.onRequeued(delivery);
    return true;
  }

  #receive(message: AmqpMessage | null): void {
    if (message === null) {
      this.#fail('the broker cancelled the consumer: is the queue gone?');
      return;
    }
    if (this.#isStopping) {
      this.#giveBack(message.fields.deliveryTag);
      return;
    }
    const { queue, handler } = this.#options;
    const out = message as unknown as ConsumeMessage;
    const delivery = new RabbitDelivery(this.#holder, this.#origin, out, queue, coarseNow());
    this.#ledger.add(delivery);
    this.#handedOver = true;
    handler.onDelivery(delivery);
    delivery.rest(this.#bodies);
    if (this.#ledger.unacknowledged >= this.#options.prefetch) handler.onFull?.();
  }

  /** Gives back what is older than `before`, the oldest first. */
  #renew(before: number): void {
    if (this.#isStopping) return;
    for (const delivery of [...this.#ledger] as RabbitDelivery[]) {
      if (delivery.since > before) return;
      if (this.#withdraw(delivery)) this.#giveBack(delivery.tag);
    }
  }

  async #cancel(): Promise<void> {
    const tag = this.#consumerTag;
    if (tag === undefined || !this.#isOpen) return;
    try {
      await settledWithin(this.#channel.cancel(tag), ANSWER_DEADLINE_MS);
    } catch {
      // amqplib throws on a channel that closes: then there is nothing to cancel.
    }
  }

  #flushSoon(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    this.#tell(() => inOneWrite(this.#channel, () => this.#ledger.flush(this.#acknowledger)));
  }

  #giveBack(tag: number): void {
    this.#tell(() => this.#channel.nack(messageWith(tag), false, true));
  }

  /** amqplib throws on a channel that closes before it says so; the broker gives the messages out again. */
  #tell(frame: () => void): void {
    if (!this.#isOpen) return;
    try {
      frame();
    } catch (error) {
      this.#options.log?.debug({ error: messageOf(error) }, 'settlements met a closed channel');
    }
  }

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    this.#lose();
    this.#fail(this.#error?.message ?? 'the channel was closed');
  };

  #lose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#channel.off('error', this.#onError);
    this.#channel.off('close', this.#onClose);
    const { unsettled } = this.#ledger;
    this.#ledger.abandon();
    if (this.#handedOver) this.#options.handler.onOriginLost(this.#origin, unsettled);
  }

  /** The first reason counts. */
  #fail(reason: string): void {
    const { queue } = this.#options;
    const message = `"${queue}" cannot be consumed on this channel${this.#consumerTag === undefined ? '' : ' any more'}: ${reason}`;
    const hint = 'Make another bridge on another channel, or hand in a function that opens channels.';
    this.#finish(new BridgeError('BROKER_UNUSABLE', message, hint));
  }

  #finish(lost?: BridgeError): void {
    this.#hasEnded = true;
    clearInterval(this.#timer);
    // A channel that goes while it is stopped does as it should.
    this.#end(this.#isStopping ? undefined : lost);
  }
}
