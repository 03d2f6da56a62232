/**
 * A publisher that loses nothing itself: persistent messages to a durable exchange and queue, confirmed by the broker,
 * and published again when the connection broke before they were. (osprofiler does none of this; see docs/guarantees.md.)
 */
import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { until } from './patience.js';

export const EXCHANGE = 'nova';
export const QUEUE = 'profiler.info';

export interface Publication {
  readonly body: Buffer;
  readonly properties?: Options.Publish;
}

interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

const SERVICES: Route = { exchange: EXCHANGE, routingKey: QUEUE };

/** Messages on their way without a confirmation. */
const WINDOW = 200;

export class Publisher {
  private connection: ChannelModel | undefined;
  private channel: ConfirmChannel | undefined;
  /** One publication after the other, so that the order is that of the calls. */
  private last: Promise<void> = Promise.resolve();

  private constructor(private readonly url: string) {}

  /** @param queueArguments of the queue, such as its type. */
  static async create(url: string, queueArguments: Record<string, unknown> = {}): Promise<Publisher> {
    const publisher = new Publisher(url);
    await publisher.declareQueue(queueArguments);
    return publisher;
  }

  /** Declares exchange and queue, as a service with `amqp_durable_queues` does. */
  async declareQueue(queueArguments: Record<string, unknown> = {}): Promise<void> {
    const channel = await this.open();
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
    await channel.assertQueue(QUEUE, { durable: true, arguments: queueArguments });
    await channel.bindQueue(QUEUE, EXCHANGE, QUEUE);
  }

  async deleteQueue(): Promise<void> {
    await (await this.open()).deleteQueue(QUEUE);
  }

  /**
   * Resolves when the broker has confirmed every one of them.
   * @param route the services' own, as a rule.
   */
  publish(messages: readonly Publication[], route: Route = SERVICES): Promise<void> {
    this.last = this.last.then(async () => {
      for (let from = 0; from < messages.length; from += WINDOW) {
        const some = messages.slice(from, from + WINDOW);
        await until('published', () => this.tryToPublish(some, route));
      }
    });
    return this.last;
  }

  async close(): Promise<void> {
    await this.last.catch(() => undefined);
    await this.connection?.close().catch(() => undefined);
  }

  private async tryToPublish(
    messages: readonly Publication[],
    { exchange, routingKey }: Route,
  ): Promise<boolean> {
    try {
      const channel = await this.open();
      for (const { body, properties } of messages) {
        channel.publish(exchange, routingKey, body, {
          persistent: true,
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          ...properties,
        });
      }
      await channel.waitForConfirms();
      return true;
    } catch {
      await this.connection?.close().catch(() => undefined);
      this.channel = undefined;
      return false;
    }
  }

  private async open(): Promise<ConfirmChannel> {
    if (this.channel !== undefined) return this.channel;
    const connection = await connect(this.url);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    channel.on('close', () => {
      if (this.channel === channel) this.channel = undefined;
    });
    this.connection = connection;
    this.channel = channel;
    return channel;
  }
}
