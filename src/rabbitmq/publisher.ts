/**
 * Publishes to queues of our own, each message with the broker's confirmation.
 *
 * It has a connection to itself, opened when there is something to publish. A broker short of memory or disk stops
 * reading from connections that publish, and with the publications it would leave the acknowledgements unread: the
 * bridge, which empties a queue, would be stopped for the queue being full. (Seen on RabbitMQ 3.10 with a disk alarm.)
 */
import type { ConfirmChannel, Options } from 'amqplib';
import { settledWithin } from '../pause.js';
import { isNack } from './amqplib-patches.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from './connection.js';
import { codeOf } from './hints.js';
import { declareOwn, type OwnQueue } from './topology.js';

/** What became of a publication. Only one that is `written` is with the broker for sure; any other may be, too. */
export type Published = { readonly kind: 'written' } | Unwritten;
export type Unwritten =
  /** The broker said no: the queue is full, as a rule. */
  | { readonly kind: 'refused' }
  /** The queue was deleted meanwhile, or its exchange. */
  | { readonly kind: 'missing' }
  /** No connection, no permission, or the connection was lost before the broker's answer. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** A broker that has confirmed nothing for so long is asked again over another connection. */
const CONFIRM_DEADLINE_MS = 30_000;

export class Publisher {
  readonly #closing = new AbortController();
  #link: Promise<PublisherChannel> | undefined;
  #connection: BrokerConnection | undefined;

  /** @param connect - opens a connection; called when there is something to publish and none is open. */
  constructor(private readonly connect: (signal: AbortSignal) => Promise<BrokerConnection>) {}

  /** Whether the broker takes nothing now for want of memory or disk. */
  get blocked(): boolean {
    return this.#connection?.open === true && this.#connection.blocked;
  }

  /**
   * Publishes a message; never rejects.
   * @param to a queue of ours, which is declared unless it is there; the name of any that is there; or an exchange.
   */
  async publish(
    to: OwnQueue | string | Route,
    body: Buffer,
    properties: Options.Publish,
  ): Promise<Published> {
    try {
      const link = await this.#linked();
      if (typeof to === 'string') return await link.publish('', to, body, properties);
      if ('exchange' in to) return await link.publish(to.exchange, to.routingKey, body, properties);
      await link.declare(to);
      return await link.publish('', to.name, body, properties);
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  /** Lets go of the connection; what is not confirmed yet has failed. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    const link = await this.#link?.catch(() => undefined);
    await link?.close();
  }

  #linked(): Promise<PublisherChannel> {
    if (this.#closing.signal.aborted) return Promise.reject(new Error('the publisher is closed'));
    this.#link ??= this.#open();
    return this.#link;
  }

  async #open(): Promise<PublisherChannel> {
    const forget = (): void => {
      this.#link = undefined;
    };
    try {
      this.#connection = await this.connect(this.#closing.signal);
      const link = await PublisherChannel.open(this.#connection);
      link.ended.then(forget);
      return link;
    } catch (error) {
      forget();
      throw error;
    }
  }
}

export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

interface Flight extends Route {
  land(how: Published): void;
}

/** Publishes over one connection with its one channel: when either ends, so does the other. */
export class PublisherChannel {
  /** Resolves when nothing more can be published, with the reason. */
  readonly ended: Promise<Unwritten>;
  readonly #declared = new Map<string, Promise<void>>();
  readonly #flights = new Set<Flight>();
  #landedAt = performance.now();
  #error: unknown;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly channel: ConfirmChannel,
  ) {
    channel.on('error', (error: unknown) => {
      this.#error ??= error;
    });
    channel.on('return', ({ fields }: { fields: Route }) => this.#miss(fields));
    const watch = setInterval(() => this.#checkSilence(), CONFIRM_DEADLINE_MS / 3).unref();
    this.ended = new Promise((resolve) => {
      channel.on('close', () => {
        clearInterval(watch);
        resolve(this.#failure(new Error('the channel was closed')));
        void connection.close();
      });
    });
  }

  static async open(connection: BrokerConnection): Promise<PublisherChannel> {
    try {
      return new PublisherChannel(connection, await connection.createConfirmChannel());
    } catch (error) {
      void connection.close();
      throw error;
    }
  }

  /** Makes sure once that the queue is there. */
  declare(queue: OwnQueue): Promise<void> {
    const declared = this.#declared.get(queue.name) ?? declareOwn(this.connection, queue);
    this.#declared.set(queue.name, declared);
    declared.catch(() => this.#declared.delete(queue.name));
    return declared;
  }

  /** Resolves in the order of the broker's confirmations; never rejects. */
  publish(
    exchange: string,
    routingKey: string,
    body: Buffer,
    properties: Options.Publish,
  ): Promise<Published> {
    return new Promise((resolve) => {
      const flight: Flight = {
        ...{ exchange, routingKey },
        land: (how) => {
          this.#landedAt = performance.now();
          this.#flights.delete(flight);
          resolve(how);
        },
      };
      if (this.#flights.size === 0) this.#landedAt = performance.now();
      this.#flights.add(flight);
      try {
        this.channel.publish(exchange, routingKey, body, properties, (error: unknown) =>
          flight.land(this.#outcome(error)),
        );
      } catch (error) {
        flight.land(this.#failure(error));
      }
    });
  }

  async close(): Promise<void> {
    // A broker that blocks publishers reads no farewell.
    if (this.connection.blocked) this.connection.destroy();
    else
      await settledWithin(
        this.channel.close().catch(() => undefined),
        ANSWER_DEADLINE_MS,
      );
    await this.connection.close();
  }

  #outcome(error: unknown): Published {
    if (error === null || error === undefined) return { kind: 'written' };
    if (isNack(error)) return { kind: 'refused' };
    return this.#failure(error);
  }

  #failure(error: unknown): Unwritten {
    const reason = this.#error ?? error;
    return codeOf(reason) === '404' ? { kind: 'missing' } : { kind: 'failed', error: reason };
  }

  #checkSilence(): void {
    const silence = performance.now() - this.#landedAt;
    if (this.#flights.size > 0 && !this.connection.blocked && silence > CONFIRM_DEADLINE_MS)
      this.connection.destroy();
  }

  /**
   * The queue is gone. A return does not say which publication it is of; those on their way to the same queue went
   * with it, or may be published twice.
   */
  #miss({ exchange, routingKey }: Route): void {
    this.#declared.delete(routingKey);
    for (const flight of [...this.#flights])
      if (flight.exchange === exchange && flight.routingKey === routingKey) flight.land({ kind: 'missing' });
  }
}
