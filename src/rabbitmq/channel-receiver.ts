/**
 * A receiver on channels of the caller's: for a program that has its own connection to RabbitMQ. A channel stays the
 * caller's, who may consume other queues on it, and who alone can open another one. Nothing is declared, and nothing is
 * published: what {@link RabbitReceiver} does with queues of its own is done here with what AMQP gives a consumer.
 */
import type { Log, Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { BridgeError, messageOf } from '../errors.js';
import { pause, settledOrAborted } from '../pause.js';
import { AckScheduler } from './ack-scheduler.js';
import type { AmqpChannel } from './amqp-channel.js';
import { Backoff, DEFAULT_BACKOFF } from './backoff.js';
import { Consumer, type ConsumerEnd } from './consumer.js';
import { DEFAULT_REQUEUE_AFTER_MS, LOOKS_PER_AGE, MOST_MS_BETWEEN_LOOKS } from './requeue.js';

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
   * Unacknowledged messages at a time, 1 to 65,535, for this consumer alone. Must exceed what the bridge may hold open, or
   * starts keep their stops from coming; see {@link windowFor}. @default 16,000
   */
  readonly prefetch?: number;
  /**
   * Milliseconds after which an open delivery is given back to its queue, which delivers it again: well below the
   * broker's `consumer_timeout` (30 minutes unless set), which would close the channel. A quorum queue counts it as a
   * delivery towards its limit. @default 600,000
   */
  readonly requeueAfterMs?: number;
  readonly log?: Log;
}

const DEFAULT_QUEUE = 'profiler.info';
const DEFAULT_PREFETCH = 16_000;

/**
 * Consumes a queue on the caller's channel.
 *
 * - What can never become a span is rejected without requeueing: it goes where the queue's dead-letter policy says, or
 *   nowhere. The bridge's event `rejected` holds the message.
 * - {@link close} gives what is unacknowledged back to the queue and leaves the channel open.
 * - A channel is lost when it closes, when the broker cancels the consumer, or when the queue cannot be consumed. What
 *   was unacknowledged on it is void, and the broker delivers it again. Made with a function, the receiver then asks it for
 *   another channel, after a pause of at most 30 s; the state is `waiting`, and the bridge goes on with what comes
 *   again, as it does when a broker restarts. Made with a channel, `run` rejects with BROKER_UNUSABLE: close the
 *   bridge, and make another one.
 *
 * Two consumers of one queue separate the start and stop events of trace points; keeping others away is the caller's task here.
 */
export class ChannelReceiver implements Receiver {
  readonly name: string;
  readonly #queue: string;
  readonly #options: ChannelReceiverOptions;
  readonly #stopping = new AbortController();
  readonly #backoff = new Backoff(DEFAULT_BACKOFF);
  readonly #acks = new AckScheduler();
  #state: ReceiverState = { kind: 'connecting' };
  #hasRun = false;
  #consumer: Consumer | undefined;

  constructor(options: ChannelReceiverOptions) {
    this.#options = options;
    this.#queue = options.queue ?? DEFAULT_QUEUE;
    this.name = `channel ${this.#queue}`;
  }

  get state(): ReceiverState {
    return this.#state;
  }

  get unacknowledged(): number {
    return this.#consumer?.unacknowledged ?? 0;
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
    await this.#consumer?.cancel();
    if (!this.#hasRun) this.#state = { kind: 'ended' };
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#consumer?.close();
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
      await this.#consumer?.close();
      await pause(this.#backoff.next(), this.#stopping.signal);
    }
    const { signal } = this.#stopping;
    if (signal.aborted) return undefined;
    const opening = channel(lost, signal).catch((error: unknown) => {
      if (error instanceof BridgeError) return error;
      const message = `no channel for "${this.#queue}" was opened: ${messageOf(error)}`;
      return new BridgeError('BROKER_UNUSABLE', message, 'See to the function that opens channels.');
    });
    const opened = await settledOrAborted(opening, signal);
    if (opened instanceof BridgeError) throw opened;
    return opened;
  }

  /** @returns why the channel is lost; undefined when the receiver is stopped. */
  async #consume(channel: AmqpChannel, handler: ReceiverHandler): Promise<BridgeError | undefined> {
    const { signal } = this.#stopping;
    if (signal.aborted) return undefined;
    const { prefetch = DEFAULT_PREFETCH, requeueAfterMs = DEFAULT_REQUEUE_AFTER_MS, log } = this.#options;
    const origin = { name: `queue ${this.#queue} on a channel of the program's` };
    const options = { queue: this.#queue, handler, acks: this.#acks, stopping: signal, log };
    const consumer = new Consumer(channel, origin, options);
    this.#consumer = consumer;
    let isConsuming = true;
    await consumer.grow(prefetch).catch((error: Error) => {
      isConsuming = false;
      consumer.fail(error);
    });
    // Stopped meanwhile: it was not known then what to cancel.
    if (signal.aborted) await consumer.cancel();
    else if (isConsuming) {
      this.#state = { kind: 'consuming' };
      this.#backoff.reset();
    }
    const lookMs = Math.min(requeueAfterMs / LOOKS_PER_AGE, MOST_MS_BETWEEN_LOOKS);
    const timer = setInterval(() => consumer.requeueOlderThan(performance.now() - requeueAfterMs), lookMs);
    const end = await settledOrAborted(consumer.ended, signal);
    clearInterval(timer);
    return end === undefined || signal.aborted ? undefined : this.#lost(end, isConsuming);
  }

  #lost(end: ConsumerEnd, wasConsuming: boolean): BridgeError {
    const reason =
      end.kind === 'cancelled'
        ? 'the broker cancelled the consumer: is the queue gone?'
        : (end.error?.message ?? 'the channel was closed');
    const message = `"${this.#queue}" cannot be consumed on this channel${wasConsuming ? ' any more' : ''}: ${reason}`;
    const hint = 'Make another bridge on another channel, or hand in a function that opens channels.';
    return new BridgeError('BROKER_UNUSABLE', message, hint);
  }
}
