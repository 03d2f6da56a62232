/**
 * RabbitMQ as far as one consumer can tell, in memory and one step at a time: queues that count deliveries, channels
 * whose acknowledgements are heard late or never, confirmations that come when the test says. What the broker would
 * answer with 406 throws.
 */
import { EventEmitter } from 'node:events';
import type { Channel, ConsumeMessage, Message, Options } from 'amqplib';
import type { BrokerConnection } from '../../src/rabbitmq/connection.js';
import type { Published, Publisher } from '../../src/rabbitmq/publisher.js';
import type { OwnQueue } from '../../src/rabbitmq/topology.js';

export interface ModelMessage {
  readonly body: Buffer;
  readonly exchange: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** How often it was given out. */
  deliveries: number;
}

/** How a publication ends. A failed one may be written all the same. */
export type Ending = 'written' | 'refused' | 'failed' | 'failed but written';

interface Publication {
  readonly queue: string;
  readonly message: ModelMessage;
  readonly answer: (published: Published) => void;
}

/** Settles one tag, or all up to it. */
interface Frame {
  readonly tag: number;
  readonly multiple: boolean;
}

export class ModelBroker {
  readonly publisher: Pick<Publisher, 'publish'> = {
    publish: (to, body, properties) => this.receivePublication(to as OwnQueue | string, body, properties),
  };
  readonly publications: Publication[] = [];
  private readonly queues = new Map<string, ModelMessage[]>();
  private channels: ModelChannel[] = [];

  /** Messages that are not acknowledged, handed out or not. */
  get messages(): number {
    let count = this.channels.reduce((sum, { outstanding }) => sum + outstanding.size, 0);
    for (const ready of this.queues.values()) count += ready.length;
    return count;
  }

  ready(queue: string): ModelMessage[] {
    const messages = this.queues.get(queue) ?? [];
    this.queues.set(queue, messages);
    return messages;
  }

  /** A connection, as far as a consumption uses it. */
  connect(): BrokerConnection {
    const createChannel = async (): Promise<Channel> => {
      const channel = new ModelChannel(this);
      this.channels.push(channel);
      return channel as unknown as Channel;
    };
    const where = { host: 'model', port: 5672, vhost: '/', username: 'guest' };
    return { createChannel, where, destroy: () => this.die(0) } as unknown as BrokerConnection;
  }

  /** Gives out one ready message of a queue; `choice` says which. @returns false when there is none. */
  deliver(queue: string, choice: number): boolean {
    const channel = this.channels.find((each) => each.queue === queue);
    const ready = this.ready(queue);
    if (channel === undefined || ready.length === 0) return false;
    channel.deliver(ready.splice(choice % ready.length, 1)[0]!);
    return true;
  }

  /** Takes to heart all settlements sent so far. */
  hear(): void {
    for (const channel of this.channels) channel.hear(channel.frames.length);
  }

  /** Answers a publication. @returns false when there is none. */
  answer(choice: number, how: Ending): boolean {
    const [publication] = this.publications.splice(choice % this.publications.length, 1);
    if (publication === undefined) return false;
    if (how === 'written' || how === 'failed but written') {
      this.ready(publication.queue).push(publication.message);
    }
    publication.answer(
      how === 'written' || how === 'refused' ? { kind: how } : { kind: 'failed', error: new Error('lost') },
    );
    return true;
  }

  /** The connection breaks: of each channel's unheard settlements only the first `heard` count. */
  die(heard: number): void {
    const channels = this.channels;
    this.channels = [];
    for (const channel of channels) {
      channel.hear(heard);
      this.ready(channel.queue).push(...channel.outstanding.values());
    }
    for (const channel of channels) channel.emit('close');
  }

  private receivePublication(
    queue: OwnQueue | string,
    body: Buffer,
    { headers = {} }: Options.Publish,
  ): Promise<Published> {
    const message: ModelMessage = { body, exchange: '', headers, deliveries: 0 };
    return new Promise((answer) => {
      this.publications.push({ queue: typeof queue === 'string' ? queue : queue.name, message, answer });
    });
  }
}

/** The part of amqplib's channel that a consumption uses. */
class ModelChannel extends EventEmitter {
  queue = '';
  readonly outstanding = new Map<number, ModelMessage>();
  frames: Frame[] = [];
  private lastTag = 0;
  private consumer: (message: ConsumeMessage | null) => void = () => undefined;

  constructor(private readonly broker: ModelBroker) {
    super();
  }

  async prefetch(): Promise<void> {}

  async consume(
    queue: string,
    consumer: (message: ConsumeMessage | null) => void,
  ): Promise<{ consumerTag: string }> {
    this.queue = queue;
    this.consumer = consumer;
    return { consumerTag: 'c' };
  }

  ack({ fields: { deliveryTag } }: Message, multiple = false): void {
    this.frames.push({ tag: deliveryTag, multiple });
  }

  async close(): Promise<void> {
    this.broker.die(Number.POSITIVE_INFINITY);
  }

  deliver(message: ModelMessage): void {
    const before = message.deliveries++;
    const headers = { ...message.headers, ...(before === 0 ? {} : { 'x-delivery-count': before }) };
    const tag = ++this.lastTag;
    this.outstanding.set(tag, message);
    this.consumer({
      content: message.body,
      fields: {
        ...{ deliveryTag: tag, redelivered: before > 0, consumerTag: 'c' },
        ...{ exchange: message.exchange, routingKey: message.exchange === '' ? this.queue : 'profiler.info' },
      },
      properties: { headers },
    } as unknown as ConsumeMessage);
  }

  hear(frames: number): void {
    for (const { tag, multiple } of this.frames.splice(0, frames)) {
      if (!this.outstanding.has(tag)) throw new Error(`406 unknown delivery tag ${tag}`);
      for (const other of multiple ? [...this.outstanding.keys()] : [tag]) {
        if (other <= tag) this.outstanding.delete(other);
      }
    }
  }
}
