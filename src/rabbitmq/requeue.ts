/**
 * Requeues deliveries that stay open longer than the broker allows. A copy goes to a queue of ours, which the bridge
 * consumes too, and when the broker has confirmed it the original is acknowledged. The copy comes back as a fresh
 * delivery and takes the original's place; to the handler it is as if the message had gone back to the broker.
 *
 * Two limits of the broker run against a delivery that is held:
 * - Time. RabbitMQ closes a channel on which a delivery stays unacknowledged for longer than its `consumer_timeout`,
 *   30 minutes by default, looked at once a minute.
 * - Deliveries. A quorum queue discards a message that was delivered more often than its delivery limit allows: 20
 *   times by default on RabbitMQ 4, but an operator's policy may say 3 or fewer, which no consumer can see. Every loss of
 *   a channel counts for all that it had been sent, looked at or not. So the first sign that a queue counts, a message
 *   that comes for the second time, is reason enough: what of it is not acknowledged at once is requeued at once, into
 *   a queue that does not count. It costs one publication for each message held, once.
 */
import type { Rejection } from '../contracts.js';
import { pause } from '../pause.js';
import { Backoff, type BackoffBounds } from './backoff.js';
import type { DeadLetters } from './dead-letters.js';
import { explainUnwritten, hostAndPort, type Where } from './hints.js';
import { returningProperties } from './provenance.js';
import type { Published, Publisher } from './publisher.js';
import type { RabbitDelivery } from './rabbit-delivery.js';
import type { StatusLogger } from './status-logger.js';
import type { OwnQueue } from './topology.js';

/** A third of RabbitMQ's default `consumer_timeout`: leaves time for a second and a third attempt. */
export const DEFAULT_REQUEUE_AFTER_MS = 600_000;
export const DEFAULT_REQUEUE_AT_DELIVERIES = 1;

/** Deliveries that are looked for this often come of age at most so much late. */
export const LOOKS_PER_AGE = 10;
export const MOST_MS_BETWEEN_LOOKS = 30_000;
/** How many copies are on their way at once. */
const MOST_AT_ONCE = 1_000;

export interface RequeuerOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly holdingQueue: OwnQueue;
  readonly afterMs: number;
  readonly atDeliveries: number;
  readonly deadLetters: Pick<DeadLetters, 'add' | 'withdraw' | 'holds'> | undefined;
  /** What is unacknowledged, for each channel: oldest first. */
  readonly outstanding: () => readonly Iterable<RabbitDelivery>[];
  /** Whether the holding queue is consumed, so that copies come back. */
  readonly isOpen: () => boolean;
  readonly where: Where;
  readonly statusLogger: StatusLogger;
  readonly onRequeued: () => void;
  readonly backoff: BackoffBounds;
  readonly random: (() => number) | undefined;
}

export class Requeuer {
  readonly #closing = new AbortController();
  readonly #backoff: Backoff;
  readonly #running: Promise<void>;
  /** Those that a queue counts the deliveries of, in the order in which they came. */
  #counted: RabbitDelivery[] = [];
  #wake = new AbortController();
  #troubled = false;

  constructor(private readonly options: RequeuerOptions) {
    this.#backoff = new Backoff(options.backoff, options.random);
    this.#running = this.#run();
  }

  /** A delivery is held: by the handler, or because it cannot be dead-lettered. */
  consider(delivery: RabbitDelivery): void {
    if (delivery.deliveriesBefore < this.options.atDeliveries) return;
    this.#counted.push(delivery);
    this.#wake.abort();
  }

  /** The holding queue is consumed now. */
  onHoldingOpen(): void {
    this.#wake.abort();
  }

  /** Requeues nothing more; resolves when the broker has answered to what is on its way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const look = Math.min(this.options.afterMs / LOOKS_PER_AGE, MOST_MS_BETWEEN_LOOKS);
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const due = this.options.isOpen() ? this.#due(this.#troubled ? 1 : MOST_AT_ONCE) : [];
      if (due.length === 0) await pause(look, signal, this.#wake.signal);
      else await this.#requeueAll(due);
    }
  }

  #due(most: number): RabbitDelivery[] {
    this.#counted = this.#counted.filter((delivery) => this.#canBeRequeued(delivery));
    const due = new Set(this.#counted.splice(0, most));
    const before = performance.now() - this.options.afterMs;
    for (const outstanding of this.options.outstanding()) {
      for (const delivery of outstanding) {
        if (due.size >= most || delivery.since > before) break;
        if (this.#canBeRequeued(delivery)) due.add(delivery);
      }
    }
    return [...due];
  }

  /** What is on its way to a queue of ours already is left alone. */
  #canBeRequeued(delivery: RabbitDelivery): boolean {
    return delivery.live || this.options.deadLetters?.holds(delivery) === true;
  }

  async #requeueAll(due: readonly RabbitDelivery[]): Promise<void> {
    const failures = (await Promise.all(due.map((delivery) => this.#requeue(delivery)))).filter(
      (published) => published !== undefined,
    );
    const [failure] = failures;
    this.#troubled = failure !== undefined;
    if (failure === undefined) {
      this.#backoff.reset();
      return;
    }
    this.#announce(failure);
    await pause(this.#backoff.next(), this.#closing.signal);
  }

  /** @returns why it failed; undefined when it did not. */
  async #requeue(delivery: RabbitDelivery): Promise<Exclude<Published, { kind: 'written' }> | undefined> {
    const { publisher, holdingQueue, deadLetters, onRequeued: onRenewed } = this.options;
    const rejection = deadLetters?.withdraw(delivery);
    if (rejection === undefined && !delivery.owner.beginRequeue(delivery)) return undefined;
    const { body, properties, from } = delivery;
    const published = await publisher.publish(holdingQueue, body, returningProperties(properties, from));
    if (published.kind !== 'written') {
      this.#restore(delivery, rejection);
      return published;
    }
    onRenewed();
    delivery.owner.onCopied(delivery);
    return undefined;
  }

  #restore(delivery: RabbitDelivery, rejection: Rejection | undefined): void {
    if (rejection === undefined) delivery.owner.onNotCopied(delivery);
    else this.options.deadLetters?.add(delivery, rejection);
  }

  #announce(published: Exclude<Published, { kind: 'written' }>): void {
    if (this.#closing.signal.aborted) return;
    const { where, holdingQueue, statusLogger: announcer } = this.options;
    const { reason, hint } = explainUnwritten(published, where, holdingQueue.name);
    const fields = { broker: hostAndPort(where), queue: holdingQueue.name, hint };
    announcer.say('warn', fields, `notifications that stay open cannot be requeued: ${reason}`);
  }
}
