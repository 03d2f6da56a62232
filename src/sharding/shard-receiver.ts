/**
 * The receiver for shards: keeps one connection to one of the broker's hosts, and on it a consumer of each shard that is
 * this replica's, whatever happens to either.
 *
 * The queue of a shard has a single active consumer: however many subscribe, one gets messages, and when it ends the
 * next does. Shards that are named are consumed just so. With `auto` a replica takes the shards of its seat among the
 * replicas, each as soon as nobody consumes it.
 */
import type { Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { pause, settledWithin } from '../pause.js';
import { DEFAULT_BACKOFF } from '../rabbitmq/backoff.js';
import {
  type BrokerConnection,
  OPENING_DEADLINE_MS,
  openConnection,
  PUBLISHER_CONNECTION_NAME,
} from '../rabbitmq/connection.js';
import type { ConsumerSessionOptions, SessionCounts } from '../rabbitmq/consumer-session.js';
import { type Explanation, explain, hostAndPort, type Where } from '../rabbitmq/hints.js';
import {
  ownQueues,
  type RabbitReceiverOptions,
  type RabbitReceiverStatus,
} from '../rabbitmq/rabbitmq-options.js';
import { type Connected, ReconnectLoop } from '../rabbitmq/reconnect-loop.js';
import { RECORD_QUEUE } from '../rabbitmq/shard-names.js';
import type { QueueDepth } from '../rabbitmq/topology.js';
import { combined, depthsOf, isWritable, readRecord } from './layout.js';
import { Replicas } from './replicas.js';
import { ShardAssignment } from './shard-assignment.js';

/** `prefetch` is for each shard. */
export interface ShardReceiverOptions
  extends Omit<RabbitReceiverOptions, 'source' | 'exclusive' | 'standbyMs'> {
  /** The shards to consume; `auto`: an even share of all. */
  readonly shards: 'auto' | readonly number[];
  /** How often the replica looks whether its share is right. Default 1,000 ms, more or less. */
  readonly lookMs?: number;
}

export interface ShardReceiverStatus extends RabbitReceiverStatus {
  /** How many shards there are; absent while that is not known. */
  readonly of?: number;
  /** The shards that this replica has. */
  readonly shards: readonly number[];
}

const DEFAULT_LOOK_MS = 1_000;
const MOST_PREFETCH = 65_535;

export class ShardReceiver implements Receiver {
  readonly name: string;
  readonly #loop: ReconnectLoop;
  readonly #counts: SessionCounts = { deadLettered: 0, requeued: 0 };
  readonly #options: ShardReceiverOptions;
  #replicas: Replicas | undefined;
  #assignment: ShardAssignment | undefined;
  /** What was last logged of its shards. */
  #logged = '';

  constructor(options: ShardReceiverOptions) {
    const { shards } = options;
    this.name = `rabbitmq shards ${shards === 'auto' ? shards : shards.join(',')}`;
    this.#loop = new ReconnectLoop(options, RECORD_QUEUE, (why, where) => this.#wait(why, where));
    this.#options = options;
  }

  get state(): ReceiverState {
    return this.#loop.state;
  }

  get unacknowledged(): number {
    return this.#sessions.reduce((sum, session) => sum + session.unacknowledged, 0);
  }

  status(): ShardReceiverStatus {
    const sessions = this.#sessions;
    return {
      queue: this.name,
      ...this.#loop.status(),
      unacknowledged: this.unacknowledged,
      ...this.#counts,
      heldDeadLetters: sessions.reduce((sum, { heldDeadLetters }) => sum + heldDeadLetters, 0),
      fromHoldingQueue: 0,
      blocked: sessions.some(({ blocked }) => blocked),
      ...(this.#assignment === undefined ? {} : { of: this.#assignment.shards }),
      shards: this.#assignment?.indices ?? [],
    };
  }

  /**
   * What waits in the shards that this replica has, together, and the most that consume one of them; undefined without
   * a connection or a layout. Never rejects.
   */
  async depth(): Promise<QueueDepth | undefined> {
    const assignment = this.#assignment;
    const { connection } = this.#loop;
    if (assignment === undefined || connection === undefined) return undefined;
    const depths = depthsOf(connection, assignment, assignment.indices);
    return settledWithin(depths.then(combined), OPENING_DEADLINE_MS);
  }

  run(handler: ReceiverHandler): Promise<void> {
    return this.#loop.run((connected) => this.#use(connected, handler));
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#assignment?.close();
    await this.#loop.close();
  }

  get #sessions(): ShardAssignment['sessions'] {
    return this.#assignment?.sessions ?? [];
  }

  /** Keeps this replica's share over one connection until it is gone or the receiver stops. */
  async #use(connected: Connected, handler: ReceiverHandler): Promise<void> {
    const { connection } = connected;
    const { where } = connection;
    while (connection.open && !this.#loop.stopping.aborted) {
      await this.#look(connected, handler).catch((error: unknown) => {
        if (connection.open && !this.#loop.stopping.aborted)
          this.#wait(explain(error, where, RECORD_QUEUE), where);
      });
      await this.#untilNextLook(connection);
    }
    // So that the others take what this one leaves.
    await this.#replicas?.leave();
    this.#replicas = undefined;
    if (connection.open) {
      await this.#assignment?.cancel();
      return;
    }
    await this.#assignment?.close();
    this.#assignment = undefined;
    const error = (await connection.closed) ?? new Error('Unexpected close');
    this.#wait(explain(error, where, RECORD_QUEUE), where);
  }

  async #look(connected: Connected, handler: ReceiverHandler): Promise<void> {
    const { connection } = connected;
    const { shards } = this.#options;
    const assignment = await this.#findAssignment(connected, handler);
    if (assignment === undefined) return this.#wait(NO_LAYOUT, connection.where);
    const indices = shards === 'auto' ? await this.#share(connection, assignment.shards) : shards;
    if (this.#loop.stopping.aborted) return;
    await assignment.keep(indices.filter((index) => index < assignment.shards));
    this.#begin(connection.where, assignment);
  }

  /** That of the layout in use; shards of another are released first. */
  async #findAssignment(
    connected: Connected,
    handler: ReceiverHandler,
  ): Promise<ShardAssignment | undefined> {
    const { connection } = connected;
    const before = this.#assignment;
    if (before !== undefined && (await isWritable(connection, before))) return before;
    await before?.release();
    this.#assignment = undefined;
    const record = await readRecord(connection);
    if (record === undefined || !(await isWritable(connection, record))) return undefined;
    this.#assignment = new ShardAssignment({
      connection,
      shards: record.shards,
      onlyFree: this.#options.shards === 'auto',
      session: (queue) => this.#sessionOptions(connected, queue, handler),
    });
    return this.#assignment;
  }

  async #share(connection: BrokerConnection, shards: number): Promise<readonly number[]> {
    if (this.#replicas === undefined) {
      this.#replicas = await Replicas.join(connection);
      // Others that begin at this moment are to be counted before anything is taken.
      await this.#untilNextLook(connection);
    }
    return this.#replicas.shards(shards);
  }

  #untilNextLook({ gone }: BrokerConnection): Promise<void> {
    const { lookMs = DEFAULT_LOOK_MS, random = Math.random } = this.#options;
    return pause(lookMs * (0.5 + random()), this.#loop.stopping, gone);
  }

  #sessionOptions({ host }: Connected, queue: string, handler: ReceiverHandler): ConsumerSessionOptions {
    const { address, log, random, prefetch, backoff = DEFAULT_BACKOFF } = this.#options;
    const { statusLogger, stopping } = this.#loop;
    const { deadLetters, requeue } = ownQueues({ ...this.#options, source: { mode: 'drain' } }, queue);
    return {
      ...{ queue, handler, log, random, backoff, statusLogger, stopping, deadLetters, counts: this.#counts },
      prefetch: Math.min(MOST_PREFETCH, Math.max(1, Math.floor(prefetch))),
      // The queue is ours: what stays open for long goes to its end, and is delivered to whoever has it then.
      requeue: requeue && { ...requeue, holdingQueue: { name: queue } },
      connect: (signal) => openConnection(address, host, signal, log, PUBLISHER_CONNECTION_NAME),
    };
  }

  #begin(where: Where, { indices, shards: of }: ShardAssignment): void {
    const shards = [...indices].sort((one, other) => one - other);
    this.#loop.state = shards.length === 0 ? NOTHING_TO_DO : { kind: 'consuming' };
    this.#loop.statusLogger.forget();
    this.#loop.backoff.reset();
    const logged = `${where.host} ${shards.join()} of ${of}`;
    if (logged === this.#logged) return;
    this.#logged = logged;
    this.#options.log.info(
      { broker: hostAndPort(where), vhost: where.vhost, shards, of },
      'consuming shards',
    );
  }

  #wait(why: Explanation, where: Where): void {
    this.#logged = '';
    this.#loop.wait(why, where);
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
