/**
 * Everything that happens over one connection once its queue can be consumed: the consumer itself, the holding queue
 * through which long deliveries are requeued, and the dead letters. It ends when the consumer does.
 */
import type { Log, ReceiverHandler } from '../contracts.js';
import { pause, settledOrAborted, settledWithin } from '../pause.js';
import { AckScheduler } from './ack-scheduler.js';
import { Backoff, type BackoffBounds } from './backoff.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection, CONNECTION_NAME } from './connection.js';
import { Consumer, type ConsumerEnd, type ConsumerOptions } from './consumer.js';
import { DeadLetters } from './dead-letters.js';
import { explain, hostAndPort } from './hints.js';
import { firstWindow, rampUp } from './prefetch-ramp.js';
import { Publisher } from './publisher.js';
import { Requeuer } from './requeue.js';
import type { StatusLogger } from './status-logger.js';
import { declareOwn, type OwnQueue } from './topology.js';

/** What the receiver counts over all its connections. */
export interface SessionCounts {
  deadLettered: number;
  requeued: number;
}

/** How deliveries are requeued. */
export interface RequeueSettings {
  /** May be the very queue that is consumed, when that is one of ours: copies then go to its end. */
  readonly holdingQueue: OwnQueue;
  readonly afterMs: number;
  readonly atDeliveries: number;
}

export interface ConsumerSessionOptions {
  readonly queue: string;
  readonly prefetch: number;
  readonly handler: ReceiverHandler;
  readonly stopping: AbortSignal;
  readonly log: Log;
  readonly statusLogger: StatusLogger;
  /** Absent: what is rejected is discarded by the broker. */
  readonly deadLetters: OwnQueue | undefined;
  /** Absent: deliveries are held for as long as the broker allows. */
  readonly requeue: RequeueSettings | undefined;
  readonly counts: SessionCounts;
  /** Opens another connection to the same host, to publish over. */
  readonly connect: (signal: AbortSignal) => Promise<BrokerConnection>;
  /** For what the broker refuses to queues of ours. */
  readonly backoff: BackoffBounds;
  readonly random: (() => number) | undefined;
}

/** How long consuming waits for the holding queue. */
const HOLDING_PATIENCE_MS = 3_000;
/** The second consumer of the same connection. */
const HOLDING_TAG = `${CONNECTION_NAME}.holding`;

export class ConsumerSession {
  readonly #publisher: Publisher;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #requeuer: Requeuer | undefined;
  /** Aborted when nothing more is to be taken in. */
  readonly #over = new AbortController();
  /** Shared: a start event may come back from the holding queue while its stop event waits in the other. */
  readonly #acks = new AckScheduler();
  #consumer: Consumer | undefined;
  /** Of the holding queue; the last one until it is closed, since its deliveries are the handler's for so long. */
  #holding: Consumer | undefined;
  #isHoldingOpen = false;
  #keepingHolding: Promise<void> | undefined;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly options: ConsumerSessionOptions,
  ) {
    const { connect, deadLetters, requeue, counts, statusLogger, backoff, random } = options;
    this.#publisher = new Publisher(connect);
    const common = { publisher: this.#publisher, where: connection.where, statusLogger, backoff, random };
    this.#deadLetters =
      deadLetters &&
      new DeadLetters({
        ...common,
        queue: deadLetters,
        onHeld: (delivery) => this.#requeuer?.consider(delivery),
        onWritten: () => {
          counts.deadLettered += 1;
        },
      });
    this.#requeuer =
      requeue &&
      new Requeuer({
        ...common,
        ...requeue,
        deadLetters: this.#deadLetters,
        outstanding: () => this.#consumers.map(({ outstanding }) => outstanding),
        isOpen: () => this.#isHoldingOpen || this.#holdsAtHome,
        onRequeued: () => {
          counts.requeued += 1;
        },
      });
  }

  /** Starts to consume. Rejects with what the broker refuses it with; queues of our own are waited for meanwhile. */
  static async open(connection: BrokerConnection, options: ConsumerSessionOptions): Promise<ConsumerSession> {
    const session = new ConsumerSession(connection, options);
    try {
      await session.#start();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { queue, prefetch, requeue } = this.options;
    // Without requeueing nothing would be gained: what was delivered before stays where it is counted. A queue of our
    // own may have a single active consumer, and then those that widen the window would wait in line for ever.
    const isRamping = requeue !== undefined && !this.#holdsAtHome;
    // Copies first: what a killed bridge had copied and not acknowledged yet is in both queues. Were the original
    // acknowledged with its pair before the copy is seen, another kill would leave the copy behind, alone.
    // For a moment only: with the node of that queue down, nothing would be consumed at all.
    if (isRamping) {
      const tried = new Promise<void>((resolve) => {
        this.#keepingHolding = this.#keepHolding(requeue.holdingQueue, resolve).finally(resolve);
      });
      await settledWithin(tried, HOLDING_PATIENCE_MS);
    }
    const first = isRamping ? firstWindow(prefetch) : prefetch;
    this.#consumer = await Consumer.open(this.connection, this.#consuming(queue, CONNECTION_NAME, first));
    if (!isRamping) return;
    const ramp = { prefetch, atDeliveries: requeue.atDeliveries };
    void rampUp(this.#consumer, ramp, this.#over.signal);
  }

  /** Resolves when no further message of the queue will come. */
  get ended(): Promise<ConsumerEnd> {
    return this.#consumer!.ended;
  }

  /** How many deliveries are the handler's. */
  get unacknowledged(): number {
    return (this.#consumer?.unacknowledged ?? 0) + this.fromHoldingQueue;
  }

  /** Those among them that came back from the holding queue. */
  get fromHoldingQueue(): number {
    return this.#holding?.unacknowledged ?? 0;
  }

  /** Rejected messages that are held, since they cannot be written. */
  get heldDeadLetters(): number {
    return this.#deadLetters?.held ?? 0;
  }

  /** Whether the broker takes no copies now for want of memory or disk. */
  get blocked(): boolean {
    return this.#publisher.blocked;
  }

  /** No more messages; what was handed over can still be acknowledged. Never rejects. */
  async cancel(): Promise<void> {
    this.#over.abort();
    await this.#requeuer?.close();
    await Promise.all(this.#consumers.map((consumer) => consumer.cancel()));
    await settledWithin(this.#keepingHolding ?? Promise.resolve(), ANSWER_DEADLINE_MS);
  }

  /** Waits for what is on its way, and sends the acknowledgements held back; all else returns to the broker. */
  async close(): Promise<void> {
    this.#over.abort();
    const written = Promise.all([this.#deadLetters?.close(), this.#requeuer?.close()]);
    if (this.connection.open) await settledWithin(written, ANSWER_DEADLINE_MS);
    await settledWithin(this.#keepingHolding ?? Promise.resolve(), ANSWER_DEADLINE_MS);
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await this.#publisher.close();
  }

  get #consumers(): Consumer[] {
    return [this.#consumer, this.#holding].filter((consumer) => consumer !== undefined);
  }

  get #holdsAtHome(): boolean {
    return this.options.requeue?.holdingQueue.name === this.options.queue;
  }

  #consuming(queue: string, consumerTag: string, prefetch: number): ConsumerOptions & { prefetch: number } {
    const deadLetters = this.#deadLetters;
    const requeuer = this.#requeuer;
    const { handler, stopping, log } = this.options;
    return {
      ...{ queue, consumerTag, prefetch, handler, acks: this.#acks, stopping, log },
      deadLetter: deadLetters && ((delivery, why) => deadLetters.add(delivery, why)),
      onKept: requeuer && ((delivery) => requeuer.consider(delivery)),
    };
  }

  /** Consumes the holding queue until the session is over, whatever happens to it. Never rejects. */
  async #keepHolding(queue: OwnQueue, onTried: () => void): Promise<void> {
    const { signal } = this.#over;
    const backoff = new Backoff(this.options.backoff, this.options.random);
    const consuming = this.#consuming(queue.name, HOLDING_TAG, this.options.prefetch);
    while (!signal.aborted && this.connection.open) {
      try {
        await declareOwn(this.connection, queue);
        const consumer = await Consumer.open(this.connection, consuming);
        this.#holding = consumer;
        this.#isHoldingOpen = true;
        backoff.reset();
        onTried();
        this.#requeuer?.onHoldingOpen();
        await settledOrAborted(consumer.ended, signal);
        this.#isHoldingOpen = false;
        // Closed by `close`, with the other one; cancelled here in case it was opened while the session ended.
        if (signal.aborted) return await consumer.cancel();
        await consumer.close();
      } catch (error) {
        onTried();
        this.#sayNotHolding(error, queue.name);
      }
      await pause(backoff.next(), signal, this.connection.gone);
    }
  }

  #sayNotHolding(error: unknown, queue: string): void {
    if (!this.connection.open || this.#over.signal.aborted) return;
    const { where } = this.connection;
    const { reason, hint } = explain(error, where, queue);
    this.options.statusLogger.say(
      'warn',
      { broker: hostAndPort(where), queue, hint },
      `going on without requeueing, so that notifications that stay open for long may be lost: ${reason}`,
    );
  }
}
