/**
 * Moves messages to the shard of their trace: what a receiver hands over is published with the broker's confirmation,
 * and settled then. Stateless but for what is on its way, so any number of sharders can share a queue. What cannot be
 * written is held, unsettled, until it can be: the receiver's prefetch bounds it.
 */

import { DEFAULT_MAX_MESSAGE_BYTES } from '../codec/envelope.js';
import type { Delivery, Log, Origin, ReceiverHandler } from '../contracts.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import { pause } from '../pause.js';
import { Backoff, type BackoffBounds, DEFAULT_BACKOFF } from '../rabbitmq/backoff.js';
import { type BrokerConnection, PUBLISHER_CONNECTION_NAME } from '../rabbitmq/connection.js';
import { type Explanation, explain, explainUnwritten, hostAndPort, type Where } from '../rabbitmq/hints.js';
import { type Connected, HostCycle } from '../rabbitmq/host-cycle.js';
import { returningProperties } from '../rabbitmq/provenance.js';
import { RabbitDelivery } from '../rabbitmq/rabbit-delivery.js';
import { exchangeName, type Layout, RECORD_QUEUE } from '../rabbitmq/shard-names.js';
import { StatusLogger } from '../rabbitmq/status-logger.js';
import { ensureLayout, isInForce } from './declare.js';
import { placeOf } from './place.js';
import { type LayoutRecord, readRecord } from './record.js';
import { type Parcel, ShardWriter, type WriterEnd } from './writer.js';

export interface SharderOptions {
  readonly address: BrokerAddress;
  /** What is made when the broker has no shards yet; otherwise what it has counts. */
  readonly layout: Layout;
  readonly log: Log;
  /** Bytes that a compressed message may inflate to, to be looked into. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  readonly backoff?: BackoffBounds;
  readonly random?: () => number;
}

/** At every moment `received = sharded + foreign + returned + unsettled`. */
export interface SharderCounts {
  received: number;
  /** Settled after the broker had them in a shard. */
  sharded: number;
  /** Settled because they are notifications of another kind. */
  foreign: number;
  /** Went back to the broker unsettled; it gives them out again. */
  returned: number;
}

interface HeldParcel extends Parcel {
  readonly delivery: Delivery;
}

export class Sharder implements ReceiverHandler {
  readonly counts: SharderCounts = { received: 0, sharded: 0, foreign: 0, returned: 0 };
  readonly #options: SharderOptions;
  readonly #maxMessageBytes: number;
  readonly #hosts: HostCycle;
  readonly #announcer: StatusLogger;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #writer: ShardWriter<HeldParcel> | undefined;
  #layout: LayoutRecord | undefined;
  #refusal: string | undefined = 'the shards are not opened yet';
  /** What waits for a writer, oldest first. */
  #held: HeldParcel[] = [];
  #opening: Promise<void> | undefined;
  /** Something of the layout was missing: it is looked at as a whole before anything more is written. */
  #isDoubtful = false;

  constructor(options: SharderOptions) {
    const { address, log, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, backoff, random } = options;
    this.#options = options;
    this.#maxMessageBytes = maxMessageBytes;
    this.#announcer = new StatusLogger(log);
    this.#backoff = new Backoff(backoff ?? DEFAULT_BACKOFF, random);
    this.#hosts = new HostCycle({
      ...{ address, log, name: PUBLISHER_CONNECTION_NAME, queue: RECORD_QUEUE },
      onFailure: (why, where) => this.#announce(why, where),
    });
  }

  /** Why the shards cannot be written to now; undefined while they can. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** The layout that is written to; undefined while none is. */
  get layout(): Layout | undefined {
    return this.#layout;
  }

  /** Messages that wait because they cannot be written now. */
  get held(): number {
    return this.#held.length;
  }

  onDelivery(delivery: Delivery): void {
    if (!(delivery instanceof RabbitDelivery))
      throw new Error('only what a broker delivers can go back to it');
    this.counts.received++;
    const { body, properties, from } = delivery;
    const place = placeOf(body, properties, this.#maxMessageBytes);
    if (place.kind === 'foreign') {
      if (delivery.acknowledge()) this.counts.foreign++;
      return;
    }
    this.#send({ hash: place.hash, body, properties: returningProperties(properties, from), delivery });
  }

  onRequeued(): void {
    this.counts.returned++;
  }

  onOriginLost(_origin: Origin, unsettled: number): void {
    this.counts.returned += unsettled;
    this.#held = this.#held.filter(({ delivery }) => delivery.live);
  }

  /** Makes sure that there are shards, without waiting for the first message. */
  start(): void {
    this.#openWriter();
  }

  /** Waits for what is on its way, and lets go of the connection; what is held stays unsettled. Never rejects. */
  async close(ms?: number): Promise<void> {
    this.#closing.abort();
    await this.#opening;
    await this.#writer?.close(ms);
  }

  #send(parcel: HeldParcel): void {
    if (this.#writer !== undefined) {
      this.#writer.write(parcel);
      return;
    }
    this.#held.push(parcel);
    if (!this.#closing.signal.aborted) this.#openWriter();
  }

  #openWriter(): void {
    this.#opening ??= this.#keepTrying().finally(() => {
      this.#opening = undefined;
    });
  }

  async #keepTrying(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && this.#writer === undefined) {
      const connected = await this.#hosts.connect(signal);
      if (connected !== undefined) await this.#tryToOpen(connected);
      if (this.#writer === undefined) await pause(this.#backoff.next(), signal);
    }
    // Closed while it was opened.
    if (signal.aborted) await this.#writer?.close(0);
  }

  async #tryToOpen({ connection }: Connected): Promise<void> {
    const { where } = connection;
    try {
      const record = await this.#findLayout(connection);
      if (record === undefined) {
        this.#announce(BEING_CHANGED, where);
        await connection.close();
        return;
      }
      this.#writer = await ShardWriter.open<HeldParcel>(
        connection,
        record,
        (parcel) => this.#onWritten(parcel),
        (how, unwritten) => this.#onEnd(how, unwritten, where),
      );
      this.#begin(record, where);
    } catch (error) {
      this.#announce(explain(error, where, RECORD_QUEUE), where);
      await connection.close();
    }
  }

  async #findLayout(connection: BrokerConnection): Promise<LayoutRecord | undefined> {
    const record = await readRecord(connection);
    const isWhole = record !== undefined && !this.#isDoubtful && (await isInForce(connection, record.shards));
    if (isWhole) return record;
    return ensureLayout(connection, this.#options.layout);
  }

  #begin(record: LayoutRecord, where: Where): void {
    const { log, layout } = this.#options;
    if (this.#layout?.generation !== record.generation) {
      const { shards, queueType } = record;
      log.info({ shards, queueType, broker: hostAndPort(where) }, `writing to ${shards} shards`);
      if (shards !== layout.shards)
        log.warn(
          { shards, asked: layout.shards },
          'the broker has another number of shards; reshard changes it',
        );
      if (record.old.length > 0)
        log.warn(
          { old: record.old },
          'shards of a former layout are not emptied: reshard is at it, or must be run again',
        );
    }
    this.#layout = record;
    this.#isDoubtful = false;
    this.#refusal = undefined;
    this.#announcer.forget();
    for (const parcel of this.#held.splice(0)) if (parcel.delivery.live) this.#send(parcel);
  }

  #onWritten({ delivery }: HeldParcel): void {
    this.#backoff.reset();
    if (delivery.acknowledge()) this.counts.sharded++;
  }

  #onEnd(how: WriterEnd, unwritten: readonly HeldParcel[], where: Where): void {
    this.#writer = undefined;
    this.#held = [...unwritten.filter(({ delivery }) => delivery.live), ...this.#held];
    if (how.kind === 'closed' || this.#closing.signal.aborted) return;
    this.#isDoubtful = how.kind === 'missing';
    const exchange = this.#layout === undefined ? RECORD_QUEUE : exchangeName(this.#layout.shards);
    this.#announce(how.kind === 'missing' ? MISSING : explainUnwritten(how, where, exchange), where);
    // What ended it may last: a pause comes first.
    this.#opening ??= pause(this.#backoff.next(), this.#closing.signal)
      .then(() => this.#keepTrying())
      .finally(() => {
        this.#opening = undefined;
      });
  }

  #announce({ reason, hint }: Explanation, where: Where): void {
    this.#refusal = reason;
    const fields = { broker: hostAndPort(where), vhost: where.vhost, held: this.held, hint };
    this.#announcer.say('warn', fields, `cannot write to the shards, holding: ${reason}`);
  }
}

const BEING_CHANGED: Explanation = {
  reason: 'somebody changes the shards at this moment',
  hint: 'going on as soon as that is done',
};

const MISSING: Explanation = {
  reason: 'a shard, or the way to it, is gone',
  hint: 'the layout was changed, or a part of it was deleted and is declared again',
};
