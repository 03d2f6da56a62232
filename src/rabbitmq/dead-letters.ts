/**
 * Messages that can never become spans: each goes to a bounded queue of our own with the reason in its headers, and is
 * acknowledged when the broker has confirmed that. Until then it is held. A queue that cannot be written is tried
 * again with backoff, one message at a time; if the channel dies meanwhile, the broker delivers the messages again.
 */
import type { Rejection } from '../contracts.js';
import { pause } from '../pause.js';
import { Backoff, type BackoffBounds } from './backoff.js';
import { explainUnwritten, hostAndPort, type Where } from './hints.js';
import { deadLetterProperties } from './provenance.js';
import type { Published, Publisher } from './publisher.js';
import type { RabbitDelivery } from './rabbit-delivery.js';
import type { StatusLogger } from './status-logger.js';
import type { OwnQueue } from './topology.js';

export const DEAD_LETTER_QUEUE = 'osprofiler-otel-bridge.dead-letters';
/** With osprofiler's median of 1 kB some 10 MB. */
export const DEFAULT_MAX_DEAD_LETTERS = 10_000;

export interface DeadLettersOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly queue: OwnQueue;
  readonly where: Where;
  readonly statusLogger: StatusLogger;
  /** Told of each delivery that could not be written and is held. */
  readonly onHeld: (delivery: RabbitDelivery) => void;
  readonly onWritten: () => void;
  readonly backoff: BackoffBounds;
  readonly random: (() => number) | undefined;
}

export class DeadLetters {
  /** What could not be written yet, oldest first. */
  readonly #held = new Map<RabbitDelivery, Rejection>();
  readonly #sending = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  readonly #backoff: Backoff;
  #retrying = false;

  constructor(private readonly options: DeadLettersOptions) {
    this.#backoff = new Backoff(options.backoff, options.random);
  }

  /** How many deliveries are held because they cannot be written. */
  get held(): number {
    return this.#held.size;
  }

  holds(delivery: RabbitDelivery): boolean {
    return this.#held.has(delivery);
  }

  /** Takes a delivery that is the handler's no more. */
  add(delivery: RabbitDelivery, why: Rejection): void {
    if (this.#retrying) this.#hold(delivery, why);
    else void this.#send(delivery, why);
  }

  /**
   * Gives up a delivery that is held, for somebody else to keep.
   * @returns why it was rejected; undefined when it is not held (any more).
   */
  withdraw(delivery: RabbitDelivery): Rejection | undefined {
    const why = this.#held.get(delivery);
    this.#held.delete(delivery);
    return why;
  }

  /** Tries nothing again; resolves when the broker has answered to what is on its way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#sending);
  }

  #send(delivery: RabbitDelivery, why: Rejection): Promise<boolean> {
    const sending = this.#write(delivery, why);
    this.#sending.add(sending);
    return sending.finally(() => this.#sending.delete(sending));
  }

  /** @returns whether it is written. */
  async #write(delivery: RabbitDelivery, why: Rejection): Promise<boolean> {
    const { publisher, queue, onWritten } = this.options;
    const { body, properties, from } = delivery;
    const published = await publisher.publish(queue, body, deadLetterProperties(properties, from, why));
    if (published.kind === 'written') {
      onWritten();
      delivery.owner.onCopied(delivery);
      return true;
    }
    this.#hold(delivery, why);
    this.#announce(published);
    if (!this.#retrying) void this.#retry();
    return false;
  }

  #hold(delivery: RabbitDelivery, why: Rejection): void {
    if (!delivery.held) return;
    this.#held.set(delivery, why);
    this.options.onHeld(delivery);
  }

  /** One at a time until one gets through: then all. */
  async #retry(): Promise<void> {
    this.#retrying = true;
    for (;;) {
      await pause(this.#backoff.next(), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      const first = this.#takeFirst();
      if (first === undefined || (await this.#send(...first))) break;
    }
    this.#retrying = false;
    this.#backoff.reset();
    for (let next = this.#takeFirst(); next !== undefined; next = this.#takeFirst()) void this.#send(...next);
  }

  /** The oldest that the broker still waits for. */
  #takeFirst(): [RabbitDelivery, Rejection] | undefined {
    for (const [delivery, why] of this.#held) {
      this.#held.delete(delivery);
      if (delivery.held) return [delivery, why];
    }
    return undefined;
  }

  #announce(published: Exclude<Published, { kind: 'written' }>): void {
    if (this.#closing.signal.aborted) return;
    const { where, queue, statusLogger: announcer } = this.options;
    const { reason, hint } = explainUnwritten(published, where, queue.name);
    const fields = { broker: hostAndPort(where), queue: queue.name, held: this.held, hint };
    announcer.say(
      'error',
      fields,
      `messages cannot be dead-lettered and are held, unacknowledged: ${reason}`,
    );
  }
}
