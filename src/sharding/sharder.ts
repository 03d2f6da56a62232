/**
 * Publishes each message to the shard of its trace, and acknowledges it when the broker has confirmed that. It keeps
 * nothing but what is on its way, so any number of sharders can share a queue. What cannot be published is held,
 * unacknowledged, until it can be; the receiver's prefetch bounds it.
 */
import { DEFAULT_MAX_MESSAGE_BYTES } from '../codec/envelope.js';
import type { Delivery, Origin, ReceiverHandler } from '../contracts.js';
import { settledOrAborted, settledWithin } from '../pause.js';
import {
  ANSWER_DEADLINE_MS,
  type BrokerConnection,
  PUBLISHER_CONNECTION_NAME,
} from '../rabbitmq/connection.js';
import { type Explanation, explain, explainUnwritten, hostAndPort, type Where } from '../rabbitmq/hints.js';
import { returningProperties } from '../rabbitmq/provenance.js';
import { PublisherChannel, type Unwritten } from '../rabbitmq/publisher.js';
import { RabbitDelivery } from '../rabbitmq/rabbit-delivery.js';
import { ReconnectLoop, type ReconnectLoopOptions } from '../rabbitmq/reconnect-loop.js';
import { exchangeName, type Layout, RECORD_QUEUE } from '../rabbitmq/shard-names.js';
import { ensureLayout, isWritable, type LayoutRecord, readRecord } from './layout.js';
import { hashOf, shardOf } from './shard-of.js';

export interface SharderOptions extends ReconnectLoopOptions {
  /** What is declared when the broker has no shards yet; otherwise the broker's layout counts. */
  readonly layout: Layout;
  /** Bytes that a compressed message may inflate to, to be looked into. Default 4 MiB. */
  readonly maxMessageBytes?: number;
}

/** At every moment `received = sharded + foreign + returned + unacknowledged`. */
export interface SharderCounts {
  received: number;
  /** Acknowledged after the broker had them in a shard. */
  sharded: number;
  /** Acknowledged because they are notifications of another kind. */
  foreign: number;
  /** Went back to the broker unacknowledged; they are redelivered. */
  returned: number;
}

interface ShardMessage {
  readonly delivery: RabbitDelivery;
  readonly hash: number;
}

/** The way to the shards of one layout. */
interface OpenShards {
  readonly channel: PublisherChannel;
  readonly shards: number;
  readonly end: (why: Unwritten) => void;
}

export class Sharder implements ReceiverHandler {
  readonly counts: SharderCounts = { received: 0, sharded: 0, foreign: 0, returned: 0 };
  readonly #options: SharderOptions;
  readonly #loop: ReconnectLoop;
  #open: OpenShards | undefined;
  #layout: LayoutRecord | undefined;
  /** Published and not confirmed, oldest first. */
  readonly #inFlight = new Map<ShardMessage, Promise<void>>();
  /** What waits until it can be published, oldest first. */
  #held: ShardMessage[] = [];
  /** A part of the layout was missing: all of it is declared again before anything more is published. */
  #isDoubtful = false;

  constructor(options: SharderOptions) {
    this.#options = options;
    this.#loop = new ReconnectLoop(
      { ...options, name: PUBLISHER_CONNECTION_NAME },
      RECORD_QUEUE,
      (why, where) => this.#wait(why, where),
    );
  }

  /** Why the shards cannot be written to now; undefined while they can. */
  get refusal(): string | undefined {
    const { state } = this.#loop;
    if (state.kind === 'waiting') return state.reason;
    return state.kind === 'consuming' ? undefined : 'the shards are not opened yet';
  }

  /** The layout that is written to; undefined before the first. */
  get layout(): Layout | undefined {
    return this.#layout;
  }

  /** How many messages wait because they cannot be published now. */
  get held(): number {
    return this.#held.length;
  }

  /** Connects, and makes sure that there are shards, without waiting for the first message. */
  start(): void {
    void this.#loop.run(({ connection }) => this.#use(connection));
  }

  /** Waits for what is on its way, `ms` at most, and closes the connection; what is held stays unacknowledged. */
  async close(ms: number = ANSWER_DEADLINE_MS): Promise<void> {
    const inFlight = Promise.all(this.#inFlight.values());
    if (this.#loop.connection?.blocked === false) await settledWithin(inFlight, ms);
    await this.#loop.stop();
    await this.#loop.close();
  }

  onDelivery(delivery: Delivery): void {
    if (!(delivery instanceof RabbitDelivery))
      throw new Error('only what a broker delivers can go back to it');
    this.counts.received++;
    const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = this.#options;
    const hash = hashOf(delivery.body, delivery.properties, maxMessageBytes);
    if (hash === undefined) {
      if (delivery.acknowledge()) this.counts.foreign++;
    } else this.#send({ delivery, hash });
  }

  onRequeued(): void {
    this.counts.returned++;
  }

  onOriginLost(_origin: Origin, unacknowledged: number): void {
    this.counts.returned += unacknowledged;
    this.#held = this.#held.filter(({ delivery }) => delivery.live);
  }

  /** Publishes over one connection until something goes wrong or the sharder stops. */
  async #use(connection: BrokerConnection): Promise<void> {
    try {
      const record = await this.#findLayout(connection);
      if (record === undefined) this.#wait(BEING_CHANGED, connection.where);
      else await this.#keepOpen(connection, record);
    } catch (error) {
      this.#wait(explain(error, connection.where, RECORD_QUEUE), connection.where);
    }
    await connection.close();
  }

  async #findLayout(connection: BrokerConnection): Promise<LayoutRecord | undefined> {
    const record = this.#isDoubtful ? undefined : await readRecord(connection);
    if (record !== undefined && (await isWritable(connection, record))) return record;
    return ensureLayout(connection, this.#options.layout);
  }

  /** Publishes to the shards until that fails or the sharder stops. */
  async #keepOpen(connection: BrokerConnection, record: LayoutRecord): Promise<void> {
    const { shards } = record;
    const { where } = connection;
    const channel = await PublisherChannel.open(connection);
    this.#begin(record, where);
    const ended = new Promise<Unwritten>((end) => {
      this.#open = { channel, shards, end };
      void channel.ended.then(end);
    });
    for (const message of this.#held.splice(0)) if (message.delivery.live) this.#send(message);
    const why = await settledOrAborted(ended, this.#loop.stopping);
    this.#open = undefined;
    // All that is not confirmed is published again, in the same order.
    this.#held = [...this.#inFlight.keys(), ...this.#held].filter(({ delivery }) => delivery.live);
    this.#inFlight.clear();
    await channel.close();
    if (why === undefined) return;
    this.#isDoubtful = why.kind === 'missing';
    this.#wait(this.#isDoubtful ? MISSING : explainUnwritten(why, where, exchangeName(shards)), where);
  }

  #send(message: ShardMessage): void {
    if (this.#open === undefined) this.#held.push(message);
    else this.#inFlight.set(message, this.#publish(message, this.#open));
  }

  async #publish(message: ShardMessage, open: OpenShards): Promise<void> {
    const { delivery, hash } = message;
    const key = String(shardOf(hash, open.shards));
    const properties = returningProperties(delivery.properties, delivery.from);
    const exchange = exchangeName(open.shards);
    const published = await open.channel.publish(exchange, key, delivery.body, properties);
    if (this.#open !== open) return;
    if (published.kind !== 'written') {
      // What comes now waits behind what is published again.
      this.#open = undefined;
      open.end(published);
      return;
    }
    this.#inFlight.delete(message);
    this.#loop.backoff.reset();
    if (delivery.acknowledge()) this.counts.sharded++;
  }

  #begin(record: LayoutRecord, where: Where): void {
    const isNews = this.#layout?.generation !== record.generation;
    this.#layout = record;
    this.#isDoubtful = false;
    this.#loop.state = { kind: 'consuming' };
    this.#loop.statusLogger.forget();
    if (!isNews) return;
    const { log, layout } = this.#options;
    const { shards, queueType, old } = record;
    log.info({ shards, queueType, broker: hostAndPort(where) }, `writing to ${shards} shards`);
    if (shards !== layout.shards)
      log.warn(
        { shards, asked: layout.shards },
        'the broker has another number of shards; reshard changes it',
      );
    if (old.length > 0)
      log.warn({ old }, 'shards of a former layout are not emptied: reshard is at it, or must be run again');
  }

  #wait(why: Explanation, where: Where): void {
    this.#loop.wait(why, where, { held: this.held }, 'cannot write to the shards, holding');
  }
}

const BEING_CHANGED: Explanation = {
  reason: 'another process is changing the shards at this moment',
  hint: 'going on as soon as that is done',
};

const MISSING: Explanation = {
  reason: 'a shard, or the way to it, is gone',
  hint: 'the layout was changed, or a part of it was deleted and is declared again',
};
