/**
 * The receiver for shards: keeps one connection to one of the broker's hosts, and on it a consumption of each shard
 * that is this replica's, whatever happens to either.
 *
 * Two kinds of ownership, both the broker's doing. Every shard's queue has a single active consumer: however many
 * subscribe, one gets messages, and when it goes the next in the line does. Shards that are named are consumed just so.
 * With `auto` a replica subscribes only to what it has claimed, with a queue that is exclusive to its connection: so
 * it knows what is its own, and the shards can be spread evenly.
 */
import type { Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { pause, settledWithin } from '../pause.js';
import {
  type BrokerConnection,
  OPENING_DEADLINE_MS,
  openConnection,
  PUBLISHER_CONNECTION_NAME,
} from '../rabbitmq/connection.js';
import type { ConsumerSessionOptions, SessionCounts } from '../rabbitmq/consumer-session.js';
import { type Explanation, explain, hostAndPort, type Where } from '../rabbitmq/hints.js';
import type { Connected } from '../rabbitmq/host-cycle.js';
import { ReconnectLoop } from '../rabbitmq/reconnect-loop.js';
import { indicesOf, RECORD_QUEUE } from '../rabbitmq/shard-names.js';
import type { QueueDepth } from '../rabbitmq/topology.js';
import { consumersOf, depthOf, isInForce } from './declare.js';
import { Holding } from './holding.js';
import { readRecord } from './record.js';
import { Roster } from './roster.js';
import {
  queueOptions,
  type ShardReceiverOptions,
  type ShardReceiverStatus,
} from './shard-receiver-options.js';
import { planMove } from './share.js';

export type { ShardReceiverOptions, ShardReceiverStatus } from './shard-receiver-options.js';

const DEFAULT_LOOK_MS = 1_000;

export class ShardReceiver implements Receiver {
  readonly name: string;
  readonly #link: ReconnectLoop;
  readonly #counts: SessionCounts = { deadLettered: 0, requeued: 0 };
  readonly #options: ShardReceiverOptions;
  readonly #random: () => number;
  #roster: Roster | undefined;
  #holding: Holding | undefined;
  /** What was last logged of the shards that it has. */
  #told = '';

  constructor(options: ShardReceiverOptions) {
    const { shards, random = Math.random } = options;
    this.name = `rabbitmq shards ${shards === 'auto' ? shards : shards.join(',')}`;
    this.#link = new ReconnectLoop(options, RECORD_QUEUE, (why, where) => this.#wait(why, where));
    this.#options = options;
    this.#random = random;
  }

  get state(): ReceiverState {
    return this.#link.state;
  }

  get unacknowledged(): number {
    return this.#intakes.reduce((sum, intake) => sum + intake.unacknowledged, 0);
  }

  status(): ShardReceiverStatus {
    const intakes = this.#intakes;
    return {
      queue: this.name,
      ...this.#link.status(),
      unacknowledged: this.unacknowledged,
      ...this.#counts,
      heldDeadLetters: intakes.reduce((sum, { heldDeadLetters }) => sum + heldDeadLetters, 0),
      fromHoldingQueue: 0,
      blocked: intakes.some(({ blocked }) => blocked),
      ...(this.#holding === undefined ? {} : { of: this.#holding.shards }),
      shards: this.#holding?.indices ?? [],
    };
  }

  /**
   * What waits in the shards that this replica has, together, and the most that consume one of them; undefined without
   * a connection or a layout. Never rejects.
   */
  async depth(): Promise<QueueDepth | undefined> {
    const holding = this.#holding;
    const { connection } = this.#link;
    if (holding === undefined || connection === undefined) return undefined;
    return settledWithin(depthOf(connection, holding), OPENING_DEADLINE_MS);
  }

  run(handler: ReceiverHandler): Promise<void> {
    return this.#link.run((connected) => this.#use(connected, handler));
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#holding?.close();
    await this.#link.close();
  }

  get #intakes(): Holding['intakes'] {
    return this.#holding?.intakes ?? [];
  }

  /** Keeps this replica's share over one connection until it is gone or the receiver stops. */
  async #use(connected: Connected, handler: ReceiverHandler): Promise<void> {
    const { connection } = connected;
    const { where } = connection;
    while (connection.open && !this.#link.stopping.aborted) {
      await this.#look(connected, handler);
      await pause(this.#nextLook(), this.#link.stopping, connection.gone);
    }
    // Gone from the roster, so that the others take what this one leaves.
    await this.#roster?.leave();
    this.#roster = undefined;
    if (connection.open) {
      await this.#holding?.cancel();
      return;
    }
    await this.#holding?.close();
    this.#holding = undefined;
    this.#wait(
      explain((await connection.closed) ?? new Error('Unexpected close'), where, RECORD_QUEUE),
      where,
    );
  }

  #nextLook(): number {
    const { lookMs = DEFAULT_LOOK_MS } = this.#options;
    return lookMs * (0.5 + this.#random());
  }

  async #look(connected: Connected, handler: ReceiverHandler): Promise<void> {
    const { connection } = connected;
    try {
      const holding = await this.#findHolding(connected, handler);
      if (holding === undefined) {
        this.#wait(NO_LAYOUT, connection.where);
        return;
      }
      await (this.#options.shards === 'auto' ? this.#share(connection, holding) : this.#standInLine(holding));
      this.#tell(connection, holding);
    } catch (error) {
      if (connection.open && !this.#link.stopping.aborted)
        this.#wait(explain(error, connection.where, RECORD_QUEUE), connection.where);
    }
  }

  /** The shards of the layout that holds; those of another are let go of first. */
  async #findHolding(connected: Connected, handler: ReceiverHandler): Promise<Holding | undefined> {
    const { connection } = connected;
    const before = this.#holding;
    if (before !== undefined && (await isInForce(connection, before.shards))) return before;
    await before?.releaseAll();
    this.#holding = undefined;
    const record = await readRecord(connection);
    if (record === undefined || !(await isInForce(connection, record.shards))) return undefined;
    this.#holding = new Holding({
      connection,
      shards: record.shards,
      isClaiming: this.#options.shards === 'auto',
      intake: (queue) => this.#intakeOptions(connected, queue, handler),
      onLost: (index) =>
        this.#options.log.warn({ shard: index }, 'a shard was lost; taking it again if it is there'),
    });
    return this.#holding;
  }

  async #standInLine(holding: Holding): Promise<void> {
    const named = this.#options.shards as readonly number[];
    for (const index of named) {
      if (index < holding.shards && !holding.indices.includes(index)) await holding.take(index);
    }
  }

  async #share(connection: BrokerConnection, holding: Holding): Promise<void> {
    if (this.#roster === undefined) {
      this.#roster = await Roster.join(connection);
      // Others that begin at this moment are to be counted before anything is taken.
      await pause(this.#nextLook(), this.#link.stopping, connection.gone);
    }
    const consumers = await consumersOf(connection, holding);
    const { indices: held } = holding;
    const free = indicesOf(holding).filter((index) => consumers.get(index) === 0 && !held.includes(index));
    const { release, claim, least } = planMove(
      {
        shards: holding.shards,
        replicas: await this.#roster.replicas(),
        ...{ held, free },
        isSomebodyWanting: await this.#roster.isSomebodyElseWanting(),
      },
      this.#random,
    );
    if (this.#link.stopping.aborted) return;
    await Promise.all(release.map((index) => holding.release(index)));
    for (const index of claim) await holding.take(index);
    await this.#roster.sayWanting(holding.indices.length < least);
  }

  #intakeOptions({ host }: Connected, queue: string, handler: ReceiverHandler): ConsumerSessionOptions {
    const { address, log, random } = this.#options;
    return {
      ...{ handler, log, random, statusLogger: this.#link.statusLogger, counts: this.#counts, queue },
      ...queueOptions(this.#options, queue),
      stopping: this.#link.stopping,
      connect: (signal) => openConnection(address, host, signal, log, PUBLISHER_CONNECTION_NAME),
    };
  }

  #tell(connection: BrokerConnection, holding: Holding): void {
    const shards = [...holding.indices].sort((one, other) => one - other);
    this.#link.state = shards.length === 0 ? NOTHING_TO_DO : { kind: 'consuming' };
    this.#link.statusLogger.forget();
    this.#link.backoff.reset();
    const told = `${connection.where.host} ${shards.join()} of ${holding.shards}`;
    if (told === this.#told) return;
    this.#told = told;
    const fields = { broker: hostAndPort(connection.where), vhost: connection.where.vhost, shards };
    this.#options.log.info({ ...fields, of: holding.shards }, 'consuming shards');
  }

  #wait({ reason, hint }: Explanation, where: Where): void {
    this.#told = '';
    this.#link.state = { kind: 'waiting', reason };
    const fields = { broker: hostAndPort(where), vhost: where.vhost, hint };
    this.#link.statusLogger.say('warn', fields, `waiting: ${reason}`);
  }
}

const NOTHING_TO_DO: ReceiverState = {
  kind: 'waiting',
  reason: 'the other replicas have all the shards',
  isStandby: true,
};

const NO_LAYOUT: Explanation = {
  reason: 'there are no shards, or they are being changed',
  hint: 'the shard command makes them; reshard changes them, and is run again when it was interrupted',
};
