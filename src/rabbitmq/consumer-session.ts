/**
 * Everything that happens over one connection once its queue can be consumed: the consumption itself, the queue in
 * which its deliveries are renewed, and the messages that are set aside. It ends when the consumption does.
 */
import type { Log, ReceiverHandler } from '../contracts.js';
import { pause, settledOrAborted, settledWithin } from '../pause.js';
import { AckScheduler } from './ack-scheduler.js';
import { Backoff, type BackoffBounds } from './backoff.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from './connection.js';
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

/** How deliveries are renewed. */
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

/** The second consumer of the same connection. */
const HOLDING_TAG = 'osprofiler-otel-bridge.holding';

export class ConsumerSession {
  readonly #publisher: Publisher;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #renewal: Requeuer | undefined;
  /** Aborted when nothing more is to be taken in. */
  readonly #over = new AbortController();
  /** Shared: a start may come back from the holding queue while its stop waits in the other. */
  readonly #turns = new AckScheduler();
  #consumption: Consumer | undefined;
  #parked: Consumer | undefined;
  /** The former one of the holding queue until it is closed: its deliveries are the handler's for so long. */
  #closing: Consumer | undefined;
  #holding: Promise<void> | undefined;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly options: ConsumerSessionOptions,
  ) {
    this.#publisher = new Publisher(options.connect);
    this.#deadLetters = options.deadLetters && this.#createDeadLetters(options.deadLetters);
    this.#renewal = options.requeue && this.#createRenewal(options.requeue);
  }

  /** Starts to consume. Rejects with what the broker refuses it with; queues of our own are waited for meanwhile. */
  static async open(connection: BrokerConnection, options: ConsumerSessionOptions): Promise<ConsumerSession> {
    const intake = new ConsumerSession(connection, options);
    try {
      const { queue, prefetch, requeue: renewal } = options;
      // Without renewal nothing would be gained: what was given out before stays where it is counted. A queue of our
      // own may have a single active consumer, and then those that widen the window would wait in line for ever.
      const isCautious = renewal !== undefined && !intake.#parksAtHome;
      // Copies first: what a killed bridge had copied and not acknowledged yet is in both queues. Were the original
      // settled with its pair before the copy is seen, another kill would leave the copy behind, alone.
      if (isCautious) await intake.#startHolding(renewal.holdingQueue);
      const first = isCautious ? firstWindow(prefetch) : prefetch;
      const consuming = { ...intake.#consuming(queue), prefetch: first };
      intake.#consumption = await Consumer.open(connection, consuming);
      if (isCautious) {
        const caution = { prefetch, atDeliveries: renewal.atDeliveries };
        void rampUp(intake.#consumption, caution, intake.#over.signal);
      }
      return intake;
    } catch (error) {
      await intake.close();
      throw error;
    }
  }

  /** Resolves when no further message of the queue will come. */
  get ended(): Promise<ConsumerEnd> {
    return this.#consumption!.ended;
  }

  /** How many deliveries are the handler's and not settled. */
  get unacknowledged(): number {
    return (this.#consumption?.unacknowledged ?? 0) + this.fromHoldingQueue;
  }

  /** Those among them that came back from the holding queue. */
  get fromHoldingQueue(): number {
    return (this.#parked?.unacknowledged ?? 0) + (this.#closing?.unacknowledged ?? 0);
  }

  /** Rejected messages that are held, since they cannot be written. */
  get heldDeadLetters(): number {
    return this.#deadLetters?.held ?? 0;
  }

  /** Whether the broker takes no copies now for want of memory or disk. */
  get blocked(): boolean {
    return this.#publisher.blocked;
  }

  /** No more messages, please; what was handed over can still be settled. Never rejects. */
  async cancel(): Promise<void> {
    this.#over.abort();
    await this.#renewal?.close();
    await Promise.all([this.#consumption?.cancel(), this.#parked?.cancel()]);
    await this.#holding;
  }

  /** Waits for what is on its way, and sends the settlements held back; what is unsettled returns to the broker. */
  async close(): Promise<void> {
    this.#over.abort();
    const written = Promise.all([this.#deadLetters?.close(), this.#renewal?.close()]);
    if (this.connection.open) await settledWithin(written, ANSWER_DEADLINE_MS);
    await this.#holding;
    await Promise.all([this.#consumption?.close(), this.#parked?.close()]);
    await this.#publisher.close();
  }

  get #parksAtHome(): boolean {
    return this.options.requeue?.holdingQueue.name === this.options.queue;
  }

  #consuming(queue: string): ConsumerOptions {
    const deadLetters = this.#deadLetters;
    const renewal = this.#renewal;
    const { prefetch, handler, stopping, log } = this.options;
    return {
      ...{ queue, prefetch, handler, acks: this.#turns, stopping, log },
      setAside: deadLetters && ((delivery, why) => deadLetters.add(delivery, why)),
      onKept: renewal && ((delivery) => renewal.consider(delivery)),
    };
  }

  #createDeadLetters(queue: OwnQueue): DeadLetters {
    const { statusLogger: announcer, counts, backoff, random } = this.options;
    return new DeadLetters({
      ...{
        publisher: this.#publisher,
        queue,
        where: this.connection.where,
        statusLogger: announcer,
        backoff,
        random,
      },
      onHeld: (delivery) => this.#renewal?.consider(delivery),
      onWritten: () => {
        counts.deadLettered += 1;
      },
    });
  }

  #createRenewal(settings: RequeueSettings): Requeuer {
    const { statusLogger: announcer, counts, backoff, random } = this.options;
    return new Requeuer({
      ...settings,
      ...{
        publisher: this.#publisher,
        where: this.connection.where,
        statusLogger: announcer,
        backoff,
        random,
      },
      deadLetters: this.#deadLetters,
      outstanding: () =>
        [this.#consumption, this.#parked].flatMap((each) => (each === undefined ? [] : [each.outstanding])),
      isOpen: () => this.#parksAtHome || this.#parked !== undefined,
      onRequeued: () => {
        counts.requeued += 1;
      },
    });
  }

  /** Resolves when the holding queue is consumed, or when that was refused for now. */
  async #startHolding(holding: OwnQueue): Promise<void> {
    await new Promise<void>((tried) => {
      this.#holding = this.#keepHolding(holding, tried).finally(tried);
    });
  }

  /** Consumes the holding queue until the intake is over, whatever happens to it. Never rejects. */
  async #keepHolding(holding: OwnQueue, onTried: () => void): Promise<void> {
    const { signal } = this.#over;
    const backoff = new Backoff(this.options.backoff, this.options.random);
    while (!signal.aborted && this.connection.open) {
      try {
        await declareOwn(this.connection, holding);
        const consuming = { ...this.#consuming(holding.name), consumerTag: HOLDING_TAG };
        const parked = await Consumer.open(this.connection, consuming);
        backoff.reset();
        onTried();
        await this.#consumeParked(parked);
      } catch (error) {
        onTried();
        this.#announceNoHolding(error, holding);
      }
      await pause(backoff.next(), signal, this.connection.gone);
    }
  }

  async #consumeParked(parked: Consumer): Promise<void> {
    this.#parked = parked;
    this.#renewal?.open();
    const end = await settledOrAborted(parked.ended, this.#over.signal);
    if (end === undefined) {
      // Opened while the intake was ending.
      await parked.cancel();
      return;
    }
    this.#parked = undefined;
    this.#closing = parked;
    await parked.close();
    this.#closing = undefined;
  }

  #announceNoHolding(error: unknown, { name }: OwnQueue): void {
    if (!this.connection.open || this.#over.signal.aborted) return;
    const { where } = this.connection;
    const { reason, hint } = explain(error, where, name);
    this.options.statusLogger.say(
      'warn',
      { broker: hostAndPort(where), queue: name, hint },
      `going on without renewal, so that notifications that stay open for long may be lost: ${reason}`,
    );
  }
}
