/**
 * A receiver on a channel of the caller's: for a program that has its own connection to RabbitMQ. The channel stays the
 * caller's, who may consume other queues on it, and whose task it is to reconnect. Nothing is declared, and nothing is
 * published: what {@link RabbitReceiver} does with queues of its own is done here with what AMQP gives a consumer.
 */
import type { ConsumeMessage } from 'amqplib';
import type { Log, Origin, Receiver, ReceiverHandler, ReceiverState, Settlement } from '../delivery.js';
import { BridgeError, messageOf } from '../errors.js';
import type { AmqpChannel, AmqpMessage } from './amqp-channel.js';
import { type Acknowledger, Ledger } from './ledger.js';
import { settledWithin } from './pause.js';
import { HandedOut, type Holder, RabbitDelivery } from './rabbit-delivery.js';

/** What a {@link ChannelReceiver} consumes, and how. */
export interface ChannelReceiverOptions {
  /** An open channel of `amqplib`; a confirm channel will do as well. */
  readonly channel: AmqpChannel;
  /** The queue, which must be there. @default 'profiler.info' */
  readonly queue?: string;
  /**
   * Unsettled messages at a time, 1 to 65,535, for this consumer alone. Must exceed what the bridge may hold open, or
   * starts keep their stops from coming; see {@link windowFor}. @default 16,000
   */
  readonly prefetch?: number;
  /**
   * Milliseconds after which an open delivery is given back to its queue, which hands it out again: well below the
   * broker's `consumer_timeout` (30 minutes unless set), which would close the channel. A quorum queue counts it as a
   * delivery towards its limit. @default 600,000
   */
  readonly renewAfterMs?: number;
  readonly log?: Log;
}

const DEFAULT_QUEUE = 'profiler.info';
const DEFAULT_PREFETCH = 16_000;
const DEFAULT_RENEW_AFTER_MS = 600_000;
/** Deliveries that are looked for this often come of age at most so much late. */
const LOOKS_PER_AGE = 10;
const MOST_MS_BETWEEN_LOOKS = 30_000;
/** How long the broker may take to answer while the receiver lets go. */
const ANSWER_DEADLINE_MS = 5_000;

/**
 * Consumes a queue on the caller's channel.
 *
 * - What can never become a span is rejected without requeueing: it goes where the queue's dead-letter policy says, or
 *   nowhere. The bridge's event `rejected` holds the message.
 * - {@link close} gives what is unsettled back to the queue and leaves the channel open.
 * - `run` rejects with BROKER_UNUSABLE when the channel closes or the broker cancels the consumer: then open another
 *   channel, and make another bridge on it. The broker hands out again what was unsettled.
 *
 * Two consumers of one queue tear the halves of trace points apart; keeping others away is the caller's task here.
 */
export class ChannelReceiver implements Receiver {
  readonly name: string;
  readonly #channel: AmqpChannel;
  readonly #queue: string;
  readonly #options: ChannelReceiverOptions;
  readonly #origin: Origin;
  readonly #ledger = new Ledger(false);
  readonly #acknowledger: Acknowledger;
  readonly #ended: Promise<void>;
  #end!: (problem?: BridgeError) => void;
  /** Nothing is ever kept aside here. */
  readonly #holder: Holder = {
    settle: (delivery, how) => this.#settle(delivery, how),
    withdraw: (delivery) => this.#withdraw(delivery),
    release: () => undefined,
    handBack: () => undefined,
  };
  #state: ReceiverState = { kind: 'connecting' };
  #handler: ReceiverHandler | undefined;
  #consumerTag: string | undefined;
  #isOpen = true;
  #isStopping = false;
  #handedOver = false;
  #flushScheduled = false;
  #error: Error | undefined;

  constructor(options: ChannelReceiverOptions) {
    this.#options = options;
    this.#channel = options.channel;
    this.#queue = options.queue ?? DEFAULT_QUEUE;
    this.name = `channel ${this.#queue}`;
    this.#origin = { name: `queue ${this.#queue} on a channel of the program's` };
    this.#ended = new Promise((resolve, reject) => {
      this.#end = (problem) => (problem === undefined ? resolve() : reject(problem));
    });
    // Nobody may be waiting yet when it rejects.
    this.#ended.catch(() => undefined);
    this.#acknowledger = {
      ack: (tag, multiple) => this.#channel.ack(messageWith(tag), multiple),
      reject: (tag) => this.#channel.nack(messageWith(tag), false, false),
    };
  }

  get state(): ReceiverState {
    return this.#state;
  }

  get unsettled(): number {
    return this.#ledger.unsettled;
  }

  async run(handler: ReceiverHandler): Promise<void> {
    if (this.#handler !== undefined) throw new Error('a receiver runs once');
    this.#handler = handler;
    this.#channel.on('error', this.#onError);
    this.#channel.on('close', this.#onClose);
    const { renewAfterMs = DEFAULT_RENEW_AFTER_MS } = this.#options;
    const lookMs = Math.min(renewAfterMs / LOOKS_PER_AGE, MOST_MS_BETWEEN_LOOKS);
    const timer = setInterval(() => this.#renew(performance.now() - renewAfterMs), lookMs);
    try {
      await this.#consume();
      await this.#ended;
    } finally {
      clearInterval(timer);
      this.#state = { kind: 'ended' };
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#cancel();
    this.#end();
    if (this.#handler === undefined) this.#state = { kind: 'ended' };
  }

  async close(): Promise<void> {
    await this.stop();
    if (!this.#isOpen) return;
    this.#flush();
    for (const delivery of [...this.#ledger]) this.#giveBack(delivery.tag);
    // The broker reads a channel's frames in order: its answer comes after the settlements took effect.
    await this.#cancel();
    this.#lose();
  }

  #settle(delivery: RabbitDelivery, how: Settlement): boolean {
    if (!this.#ledger.settle(delivery, how)) return false;
    this.#flushSoon();
    return true;
  }

  #withdraw(delivery: RabbitDelivery): boolean {
    if (!this.#ledger.drop(delivery)) return false;
    this.#handler?.onRenewed(delivery);
    return true;
  }

  async #consume(): Promise<void> {
    const { prefetch = DEFAULT_PREFETCH } = this.#options;
    try {
      await this.#channel.prefetch(prefetch, false);
      const receive = (message: AmqpMessage | null) => this.#receive(message);
      const { consumerTag } = await this.#channel.consume(this.#queue, receive, { noAck: false });
      this.#consumerTag = consumerTag;
    } catch (error) {
      throw unusable(`"${this.#queue}" cannot be consumed on this channel: ${messageOf(error)}`);
    }
    if (this.#isStopping) await this.#cancel();
    else this.#state = { kind: 'consuming' };
  }

  #receive(message: AmqpMessage | null): void {
    if (message === null) {
      this.#end(unusable(`the broker cancelled the consumer of "${this.#queue}": is the queue gone?`));
      return;
    }
    if (this.#isStopping) {
      this.#giveBack(message.fields.deliveryTag);
      return;
    }
    const out = new HandedOut(message as unknown as ConsumeMessage, this.#queue);
    out.keepBody();
    const delivery = new RabbitDelivery(this.#holder, this.#origin, out, performance.now());
    this.#ledger.add(delivery);
    this.#handedOver = true;
    this.#handler?.onDelivery(delivery);
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
    this.#tell(() => this.#ledger.flush(this.#acknowledger));
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
    const why = this.#error === undefined ? '' : `: ${this.#error.message}`;
    this.#end(this.#isStopping ? undefined : unusable(`the channel was closed${why}`));
  };

  #lose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#channel.off('error', this.#onError);
    this.#channel.off('close', this.#onClose);
    const { unsettled } = this.#ledger;
    this.#ledger.abandon();
    if (this.#handedOver) this.#handler?.onOriginLost(this.#origin, unsettled);
  }
}

function unusable(message: string): BridgeError {
  return new BridgeError('BROKER_UNUSABLE', message, 'Open another channel, and make another bridge on it.');
}

/** amqplib reads a message's tag only. */
function messageWith(deliveryTag: number): AmqpMessage {
  return { fields: { deliveryTag } } as unknown as AmqpMessage;
}
