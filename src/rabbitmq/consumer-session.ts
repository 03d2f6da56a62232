/**
 * Everything that happens over one connection once its queue can be consumed: the consumption itself, the queue in
 * which its deliveries are renewed, and the messages that are set aside. It ends when the consumption does.
 */
import type { Log, ReceiverHandler } from '../contracts.js';
import { pause, settledOrAborted, settledWithin } from '../pause.js';
import { AckScheduler } from './ack-scheduler.js';
import { Backoff, type BackoffBounds } from './backoff.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from './connection.js';
import { Consumption, type ConsumptionEnd, type ConsumptionOptions } from './consumption.js';
import { DeadLetters } from './dead-letters.js';
import { explain, hostAndPort } from './hints.js';
import { firstWindow, rampUp } from './prefetch-ramp.js';
import { Publisher } from './publisher.js';
import { Requeuer } from './requeue.js';
import type { StatusLogger } from './status-logger.js';
import { declareOwn, type OwnQueue } from './topology.js';

/** What the receiver counts over all its connections. */
export interface IntakeCounts {
  deadLettered: number;
  renewed: number;
}

/** How deliveries are renewed. */
export interface RenewalSettings {
  /** May be the very queue that is consumed, when that is one of ours: copies then go to its end. */
  readonly holdingQueue: OwnQueue;
  readonly afterMs: number;
  readonly atDeliveries: number;
}

export interface IntakeOptions {
  readonly queue: string;
  readonly prefetch: number;
  readonly handler: ReceiverHandler;
  readonly stopping: AbortSignal;
  readonly log: Log;
  readonly announcer: StatusLogger;
  /** Absent: what is rejected is discarded by the broker. */
  readonly deadLetters: OwnQueue | undefined;
  /** Absent: deliveries are held for as long as the broker allows. */
  readonly renewal: RenewalSettings | undefined;
  readonly counts: IntakeCounts;
  /** Opens another connection to the same host, to publish over. */
  readonly connect: (signal: AbortSignal) => Promise<BrokerConnection>;
  /** For what the broker refuses to queues of ours. */
  readonly backoff: BackoffBounds;
  readonly random: (() => number) | undefined;
}

/** The second consumer of the same connection. */
const PARKING_TAG = 'osprofiler-otel-bridge.parking';

export class ConsumerSession {
  readonly #publisher: Publisher;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #renewal: Requeuer | undefined;
  /** Aborted when nothing more is to be taken in. */
  readonly #over = new AbortController();
  /** Shared: a start may come back from the parking queue while its stop waits in the other. */
  readonly #turns = new AckScheduler();
  #consumption: Consumption | undefined;
  #parked: Consumption | undefined;
  /** The former one of the parking queue until it is closed: its deliveries are the handler's for so long. */
  #closing: Consumption | undefined;
  #parking: Promise<void> | undefined;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly options: IntakeOptions,
  ) {
    this.#publisher = new Publisher(options.connect);
    this.#deadLetters = options.deadLetters && this.#createDeadLetters(options.deadLetters);
    this.#renewal = options.renewal && this.#createRenewal(options.renewal);
  }

  /** Starts to consume. Rejects with what the broker refuses it with; queues of our own are waited for meanwhile. */
  static async open(connection: BrokerConnection, options: IntakeOptions): Promise<ConsumerSession> {
    const intake = new ConsumerSession(connection, options);
    try {
      const { queue, prefetch, renewal } = options;
      // Without renewal nothing would be gained: what was given out before stays where it is counted. A queue of our
      // own may have a single active consumer, and then those that widen the window would wait in line for ever.
      const isCautious = renewal !== undefined && !intake.#parksAtHome;
      // Copies first: what a killed bridge had copied and not acknowledged yet is in both queues. Were the original
      // settled with its pair before the copy is seen, another kill would leave the copy behind, alone.
      if (isCautious) await intake.#startParking(renewal.holdingQueue);
      const first = isCautious ? firstWindow(prefetch) : prefetch;
      const consuming = { ...intake.#consuming(queue), prefetch: first };
      intake.#consumption = await Consumption.open(connection, consuming);
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
  get ended(): Promise<ConsumptionEnd> {
    return this.#consumption!.ended;
  }

  /** How many deliveries are the handler's and not settled. */
  get unsettled(): number {
    return (this.#consumption?.unsettled ?? 0) + this.parked;
  }

  /** Those among them that came back from the parking queue. */
  get parked(): number {
    return (this.#parked?.unsettled ?? 0) + (this.#closing?.unsettled ?? 0);
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
    await this.#parking;
  }

  /** Waits for what is on its way, and sends the settlements held back; what is unsettled returns to the broker. */
  async close(): Promise<void> {
    this.#over.abort();
    const written = Promise.all([this.#deadLetters?.close(), this.#renewal?.close()]);
    if (this.connection.open) await settledWithin(written, ANSWER_DEADLINE_MS);
    await this.#parking;
    await Promise.all([this.#consumption?.close(), this.#parked?.close()]);
    await this.#publisher.close();
  }

  get #parksAtHome(): boolean {
    return this.options.renewal?.holdingQueue.name === this.options.queue;
  }

  #consuming(queue: string): ConsumptionOptions {
    const deadLetters = this.#deadLetters;
    const renewal = this.#renewal;
    const { prefetch, handler, stopping, log } = this.options;
    return {
      ...{ queue, prefetch, handler, turns: this.#turns, stopping, log },
      setAside: deadLetters && ((delivery, why) => deadLetters.add(delivery, why)),
      onKept: renewal && ((delivery) => renewal.consider(delivery)),
    };
  }

  #createDeadLetters(queue: OwnQueue): DeadLetters {
    const { announcer, counts, backoff, random } = this.options;
    return new DeadLetters({
      ...{ publisher: this.#publisher, queue, where: this.connection.where, announcer, backoff, random },
      onHeld: (delivery) => this.#renewal?.consider(delivery),
      onWritten: () => {
        counts.deadLettered += 1;
      },
    });
  }

  #createRenewal(settings: RenewalSettings): Requeuer {
    const { announcer, counts, backoff, random } = this.options;
    return new Requeuer({
      ...settings,
      ...{ publisher: this.#publisher, where: this.connection.where, announcer, backoff, random },
      deadLetters: this.#deadLetters,
      outstanding: () =>
        [this.#consumption, this.#parked].flatMap((each) => (each === undefined ? [] : [each.outstanding])),
      isOpen: () => this.#parksAtHome || this.#parked !== undefined,
      onRenewed: () => {
        counts.renewed += 1;
      },
    });
  }

  /** Resolves when the parking queue is consumed, or when that was refused for now. */
  async #startParking(parking: OwnQueue): Promise<void> {
    await new Promise<void>((tried) => {
      this.#parking = this.#keepParking(parking, tried).finally(tried);
    });
  }

  /** Consumes the parking queue until the intake is over, whatever happens to it. Never rejects. */
  async #keepParking(parking: OwnQueue, onTried: () => void): Promise<void> {
    const { signal } = this.#over;
    const backoff = new Backoff(this.options.backoff, this.options.random);
    while (!signal.aborted && this.connection.open) {
      try {
        await declareOwn(this.connection, parking);
        const consuming = { ...this.#consuming(parking.name), consumerTag: PARKING_TAG };
        const parked = await Consumption.open(this.connection, consuming);
        backoff.reset();
        onTried();
        await this.#consumeParked(parked);
      } catch (error) {
        onTried();
        this.#announceNoParking(error, parking);
      }
      await pause(backoff.next(), signal, this.connection.gone);
    }
  }

  async #consumeParked(parked: Consumption): Promise<void> {
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

  #announceNoParking(error: unknown, { name }: OwnQueue): void {
    if (!this.connection.open || this.#over.signal.aborted) return;
    const { where } = this.connection;
    const { reason, hint } = explain(error, where, name);
    this.options.announcer.say(
      'warn',
      { broker: hostAndPort(where), queue: name, hint },
      `going on without renewal, so that notifications that stay open for long may be lost: ${reason}`,
    );
  }
}
