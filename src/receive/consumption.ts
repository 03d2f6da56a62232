/**
 * One channel that consumes one queue: its messages become deliveries, their settlements go back in few frames, and
 * when the channel dies all of its deliveries die with it. A delivery never reaches another channel: there its tag
 * would settle somebody else's message.
 */
import type { Channel, ConsumeMessage, Message } from 'amqplib';
import type { Delivery, Log, MessageProperties, Origin, ReceiverHandler, Settlement } from '../delivery.js';
import { messageOf } from '../errors.js';
import { ANSWER_DEADLINE_MS, type BrokerConnection } from './connection.js';
import { hostAndPort } from './explain.js';
import { type Acknowledger, Ledger, LedgerEntry } from './ledger.js';
import { settledWithin } from './pause.js';

/** This many settlements are flushed at once, without waiting for the end of the event loop's turn. */
const FLUSH_AT = 512;
const CONSUMER_TAG = 'osprofiler-otel-bridge';

export interface ConsumptionOptions {
  readonly queue: string;
  /** How many messages the broker hands out ahead of their settlement: 1 to 65,535. */
  readonly prefetch: number;
  readonly handler: ReceiverHandler;
  /** Once aborted, nothing more is handed over. */
  readonly stopping: AbortSignal;
  readonly log: Log;
}

/** Why a consumption is over: the broker cancelled it (the queue is gone), or the channel died. */
export type ConsumptionEnd =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'closed'; readonly error: Error | undefined };

export class Consumption {
  /** Resolves when no further message will come. */
  readonly ended: Promise<ConsumptionEnd>;
  readonly #origin: Origin;
  readonly #ledger = new Ledger();
  readonly #acknowledger: Acknowledger;
  readonly #channelClosed: Promise<void>;
  #end!: (how: ConsumptionEnd) => void;
  #error: Error | undefined;
  #open = true;
  #flushScheduled = false;

  private constructor(
    private readonly channel: Channel,
    private readonly connection: BrokerConnection,
    private readonly options: ConsumptionOptions,
  ) {
    const { where } = connection;
    this.#origin = { name: `queue ${options.queue} at ${hostAndPort(where)}, virtual host ${where.vhost}` };
    this.#acknowledger = acknowledgerOf(channel);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#channelClosed = new Promise((resolve) => {
      channel.on('close', () => {
        this.#lose();
        resolve();
      });
    });
    channel.on('error', (error: Error) => {
      this.#error ??= error;
    });
    channel.on('handler-error', (error: Error, event: string) => {
      if (event === 'delivery') this.#failOn(error);
    });
  }

  /** Starts to consume on a channel of its own. Rejects with what the broker refuses it with. */
  static async open(connection: BrokerConnection, options: ConsumptionOptions): Promise<Consumption> {
    const channel = await connection.createChannel();
    const consumption = new Consumption(channel, connection, options);
    try {
      await channel.prefetch(options.prefetch, false);
      await channel.consume(options.queue, (message) => consumption.#receive(message), {
        consumerTag: CONSUMER_TAG,
        noAck: false,
      });
      return consumption;
    } catch (error) {
      channel.close().catch(() => undefined);
      throw error;
    }
  }

  /** How many of its deliveries are not settled. */
  get unsettled(): number {
    return this.#ledger.unsettled;
  }

  /** No more messages, please; what was handed over can still be settled. Never rejects. */
  async cancel(): Promise<void> {
    if (!this.#open) return;
    const cancelling = this.channel.cancel(CONSUMER_TAG).catch(() => undefined);
    await this.#answered(cancelling.then(() => true));
  }

  /** Sends the settlements held back, and waits for the broker to have them; unsettled deliveries return to it. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#flush();
    // The broker reads a channel's frames in order: its answer to the closing comes after the settlements took effect.
    // (The connection's closing would not do: amqplib lets it overtake what channels still have to send.)
    this.channel.close().catch(() => undefined);
    await this.#answered(this.#channelClosed.then(() => true));
    this.#lose();
  }

  /** A broker that does not answer in time is as good as gone: waiting for it once is enough. */
  async #answered(answer: Promise<true>): Promise<void> {
    if ((await settledWithin(answer, ANSWER_DEADLINE_MS)) === undefined) this.connection.destroy();
  }

  /** Called by a delivery. */
  settle(delivery: RabbitDelivery, how: Settlement): boolean {
    if (!this.#ledger.settle(delivery, how)) return false;
    if (this.#ledger.waiting >= FLUSH_AT) this.#flush();
    else this.#scheduleFlush();
    return true;
  }

  #receive(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#end({ kind: 'cancelled' });
      return;
    }
    // What comes after stop() stays unacknowledged and returns to the broker with the channel's end.
    if (this.options.stopping.aborted) return;
    const delivery = new RabbitDelivery(this, this.#origin, message);
    this.#ledger.add(delivery);
    this.options.handler.onDelivery(delivery);
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#open) return;
    try {
      this.#ledger.flush(this.#acknowledger);
    } catch (error) {
      // amqplib throws on a channel that closes before it says so; the broker gives these out again.
      this.options.log.debug({ error: messageOf(error) }, 'settlements met a closed channel');
    }
  }

  /** The handler threw: a bug, but a message in limbo would be worse than a fresh channel. */
  #failOn(error: Error): void {
    if (!this.#open) return;
    this.options.log.error({ error: messageOf(error) }, 'handling a message failed; opening another channel');
    this.#error ??= error;
    this.channel.close().catch(() => undefined);
  }

  #lose(): void {
    if (!this.#open) return;
    this.#open = false;
    const { unsettled } = this.#ledger;
    this.#ledger.abandon();
    this.options.handler.onOriginLost(this.#origin, unsettled);
    this.#end({ kind: 'closed', error: this.#error });
  }
}

class RabbitDelivery extends LedgerEntry implements Delivery {
  readonly body: Buffer;
  readonly properties: MessageProperties;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;

  constructor(
    private readonly consumption: Consumption,
    readonly origin: Origin,
    message: ConsumeMessage,
  ) {
    super(message.fields.deliveryTag);
    // amqplib's content is a window on the chunk that the socket read: a start that stays open for hours would keep
    // 64 KiB of its neighbours in memory.
    this.body = Buffer.from(message.content);
    this.properties = message.properties;
    this.exchange = message.fields.exchange;
    this.routingKey = message.fields.routingKey;
    this.redelivered = message.fields.redelivered;
  }

  settle(how: Settlement): boolean {
    return this.consumption.settle(this, how);
  }
}

function acknowledgerOf(channel: Channel): Acknowledger {
  return {
    ack: (tag, multiple) => channel.ack(messageWith(tag), multiple),
    reject: (tag) => channel.nack(messageWith(tag), false, false),
  };
}

/** amqplib asks for a message and reads its tag only; the message itself is long let go. */
function messageWith(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as unknown as Message;
}
