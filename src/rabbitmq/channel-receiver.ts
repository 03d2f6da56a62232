/**
 * A receiver on channels of the caller's: for a program that has its own connection to RabbitMQ. A channel stays the
 * caller's, who may consume other queues on it, and who alone can open another one. Nothing is declared, and nothing is
 * published: what {@link RabbitReceiver} does with queues of its own is done here with what AMQP gives a consumer.
 */
import type { Log, Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { BridgeError, messageOf } from '../errors.js';
import { pause } from '../pause.js';
import type { AmqpChannel } from './amqp-channel.js';
import { Backoff, DEFAULT_BACKOFF } from './backoff.js';
import { ChannelConsumption } from './channel-consumption.js';

/**
 * Opens a channel of `amqplib`. It may take as long as it likes, to reconnect for instance. When it rejects, so does the
 * receiver's `run`, with the code BROKER_UNUSABLE.
 * @param lost why the channel before cannot be consumed on any more; undefined the first time.
 * @param signal aborted when the receiver is stopped: then nobody waits for the channel.
 */
export type OpenChannel = (lost: BridgeError | undefined, signal: AbortSignal) => Promise<AmqpChannel>;

/** What a {@link ChannelReceiver} consumes, and how. */
export interface ChannelReceiverOptions {
  /**
   * An open channel of `amqplib`, a confirm channel will do as well: the receiver ends with it. Or a function that opens
   * one: it is called again whenever the last one is gone, and the receiver goes on.
   */
  readonly channel: AmqpChannel | OpenChannel;
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

/**
 * Consumes a queue on the caller's channel.
 *
 * - What can never become a span is rejected without requeueing: it goes where the queue's dead-letter policy says, or
 *   nowhere. The bridge's event `rejected` holds the message.
 * - {@link close} gives what is unsettled back to the queue and leaves the channel open.
 * - A channel is lost when it closes, when the broker cancels the consumer, or when the queue cannot be consumed. What
 *   was unsettled on it is void, and the broker hands it out again. Made with a function, the receiver then asks it for
 *   another channel, after a pause of at most 30 s; the state is `waiting`, and the bridge goes on with what comes
 *   again, as it does when a broker restarts. Made with a channel, `run` rejects with BROKER_UNUSABLE: close the
 *   bridge, and make another one.
 *
 * Two consumers of one queue tear the halves of trace points apart; keeping others away is the caller's task here.
 */
export class ChannelReceiver implements Receiver {
  readonly name: string;
  readonly #queue: string;
  readonly #options: ChannelReceiverOptions;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<undefined>((resolve) => {
    this.#stopping.signal.addEventListener('abort', () => resolve(undefined));
  });
  readonly #backoff = new Backoff(DEFAULT_BACKOFF);
  #state: ReceiverState = { kind: 'connecting' };
  #hasRun = false;
  #consumption: ChannelConsumption | undefined;

  constructor(options: ChannelReceiverOptions) {
    this.#options = options;
    this.#queue = options.queue ?? DEFAULT_QUEUE;
    this.name = `channel ${this.#queue}`;
  }

  get state(): ReceiverState {
    return this.#state;
  }

  get unacknowledged(): number {
    return this.#consumption?.unsettled ?? 0;
  }

  async run(handler: ReceiverHandler): Promise<void> {
    if (this.#hasRun) throw new Error('a receiver runs once');
    this.#hasRun = true;
    try {
      let lost: BridgeError | undefined;
      do {
        const channel = await this.#open(lost);
        if (channel === undefined) return;
        lost = await this.#consume(channel, handler);
      } while (lost !== undefined);
    } finally {
      this.#state = { kind: 'ended' };
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#consumption?.stop();
    if (!this.#hasRun) this.#state = { kind: 'ended' };
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#consumption?.letGo();
  }

  /** @returns undefined when the receiver is stopped; rejects when there is no other channel. */
  async #open(lost: BridgeError | undefined): Promise<AmqpChannel | undefined> {
    const { channel, log } = this.#options;
    if (typeof channel !== 'function') {
      if (lost === undefined) return channel;
      throw lost;
    }
    if (lost !== undefined) {
      log?.warn({ queue: this.#queue, reason: lost.message }, 'a channel is lost; asking for another one');
      this.#state = { kind: 'waiting', reason: lost.message };
      // It may be open still, when only its consumer was cancelled.
      await this.#consumption?.letGo();
      await pause(this.#backoff.next(), this.#stopping.signal);
    }
    return this.#ask(channel, lost);
  }

  async #ask(open: OpenChannel, lost: BridgeError | undefined): Promise<AmqpChannel | undefined> {
    const { signal } = this.#stopping;
    if (signal.aborted) return undefined;
    try {
      return await Promise.race([open(lost, signal), this.#stopped]);
    } catch (error) {
      if (error instanceof BridgeError) throw error;
      const message = `no channel for "${this.#queue}" was opened: ${messageOf(error)}`;
      throw new BridgeError('BROKER_UNUSABLE', message, 'See to the function that opens channels.');
    }
  }

  /** @returns why the channel is lost; undefined when the receiver is stopped. */
  async #consume(channel: AmqpChannel, handler: ReceiverHandler): Promise<BridgeError | undefined> {
    if (this.#stopping.signal.aborted) return undefined;
    const { prefetch = DEFAULT_PREFETCH, renewAfterMs = DEFAULT_RENEW_AFTER_MS, log } = this.#options;
    const options = { queue: this.#queue, prefetch, renewAfterMs, handler, log };
    const consumption = new ChannelConsumption(channel, options);
    this.#consumption = consumption;
    if (await consumption.start()) {
      this.#state = { kind: 'consuming' };
      this.#backoff.reset();
    }
    return consumption.ended;
  }
}
