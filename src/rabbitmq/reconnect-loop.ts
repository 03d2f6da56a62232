/**
 * What keeps a receiver at its broker: one connection at a time to one of the hosts, made again whenever it is gone,
 * until it is told to stop; and what there is to say of that.
 */
import type { Log, ReceiverState } from '../contracts.js';
import { BridgeError } from '../errors.js';
import { type BrokerAddress, type BrokerHost, describeBrokers } from '../oslo/transport-url.js';
import { pause, settledWithin } from '../pause.js';
import { Backoff, type BackoffBounds, DEFAULT_BACKOFF } from './backoff.js';
import {
  type BrokerConnection,
  CONNECTION_NAME,
  OPENING_DEADLINE_MS,
  openConnection,
  whereOf,
} from './connection.js';
import { type Explanation, explain, hostAndPort, type Where } from './hints.js';
import type { RabbitReceiverStatus } from './rabbitmq-options.js';
import { StatusLogger } from './status-logger.js';

export interface Connected {
  readonly connection: BrokerConnection;
  readonly host: BrokerHost;
}

export interface ReconnectLoopOptions {
  readonly address: BrokerAddress;
  readonly log: Log;
  readonly backoff?: BackoffBounds;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** How the broker lists the connections. */
  readonly name?: string;
}

export class ReconnectLoop {
  readonly statusLogger: StatusLogger;
  readonly backoff: Backoff;
  /** What the receiver does; it says so itself while it has a connection. */
  state: ReceiverState = { kind: 'connecting' };
  readonly #options: ReconnectLoopOptions;
  readonly #hosts: HostCycle;
  readonly #stopping = new AbortController();
  #connection: BrokerConnection | undefined;
  #connections = 0;
  #running: Promise<void> | undefined;

  /**
   * @param queue what the connections are for, named in hints.
   * @param onFailure told of each host that could not be connected to.
   */
  constructor(options: ReconnectLoopOptions, queue: string, onFailure: HostCycleOptions['onFailure']) {
    const { address, log, backoff = DEFAULT_BACKOFF, random, name = CONNECTION_NAME } = options;
    this.#options = options;
    this.statusLogger = new StatusLogger(log);
    this.backoff = new Backoff(backoff, random);
    this.#hosts = new HostCycle({ address, log, name, queue, onFailure });
  }

  /** Aborted when the receiver is told to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The connection that there is; undefined while there is none. */
  get connection(): BrokerConnection | undefined {
    return this.#connection?.open ? this.#connection : undefined;
  }

  /** Of a receiver's status, what concerns the connection. */
  status(): Pick<RabbitReceiverStatus, 'brokers' | 'broker' | 'reconnects'> {
    const { connection } = this;
    return {
      brokers: describeBrokers(this.#options.address),
      ...(connection === undefined ? {} : { broker: hostAndPort(connection.where) }),
      reconnects: Math.max(0, this.#connections - 1),
    };
  }

  /** There is something in the way: it is logged, and what the state says. */
  wait(
    { reason, hint }: Explanation,
    { host, port, vhost }: Where,
    fields: Record<string, unknown> = {},
    what = 'waiting',
  ): void {
    this.state = { kind: 'waiting', reason };
    const where = { broker: hostAndPort({ host, port }), vhost, hint };
    this.statusLogger.say('warn', { ...where, ...fields }, `${what}: ${reason}`);
  }

  /** @param use receives over one connection until it is gone or the receiver stops; does not reject. */
  async run(use: (connected: Connected) => Promise<void>): Promise<void> {
    if (this.#running !== undefined) throw new Error('a receiver runs once');
    this.#running = this.#receive(use);
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#running === undefined) this.state = { kind: 'ended' };
    else await settledWithin(this.#running, OPENING_DEADLINE_MS);
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  async #receive(use: (connected: Connected) => Promise<void>): Promise<void> {
    const { stopping } = this;
    while (!stopping.aborted) {
      const connected = await this.#hosts.connect(stopping);
      if (connected !== undefined) await this.#begin(connected, use);
      else if (!stopping.aborted) this.state = { kind: 'waiting', reason: this.#hosts.refusal };
      if (!stopping.aborted) await pause(this.backoff.next(), stopping);
    }
    this.state = { kind: 'ended' };
  }

  async #begin(connected: Connected, use: (connected: Connected) => Promise<void>): Promise<void> {
    const { where } = connected.connection;
    this.#connection = connected.connection;
    this.#connections += 1;
    this.#options.log.info({ broker: hostAndPort(where), vhost: where.vhost }, 'connected to the broker');
    await use(connected);
  }
}

interface HostCycleOptions {
  readonly address: BrokerAddress;
  readonly log: Log;
  /** How the broker lists the connections. */
  readonly name: string;
  /** What the connections are for, named in hints. */
  readonly queue: string;
  /** Told of each host that could not be connected to. */
  readonly onFailure: (why: Explanation, where: Where) => void;
}

/** The hosts, each in its turn. */
class HostCycle {
  #next = 0;
  #refusals: string[] = [];

  constructor(private readonly options: HostCycleOptions) {}

  /** Why the last attempt had no success: of each host a reason. */
  get refusal(): string {
    return this.#refusals.join('; ');
  }

  /** Tries each host once, beginning with the one after the last tried. @returns undefined when none let us in. */
  async connect(signal: AbortSignal): Promise<Connected | undefined> {
    const { address, log, name, queue, onFailure } = this.options;
    this.#refusals = [];
    for (let tried = 0; tried < address.hosts.length && !signal.aborted; tried += 1) {
      const host = address.hosts[this.#next]!;
      this.#next = (this.#next + 1) % address.hosts.length;
      try {
        return { connection: await openConnection(address, host, signal, log, name), host };
      } catch (error) {
        if (signal.aborted) return undefined;
        const where = whereOf(address, host);
        const why = explain(error, where, queue);
        this.#refusals.push(why.reason);
        onFailure(why, where);
      }
    }
    return undefined;
  }
}

/**
 * Connects to the first host that accepts it, for a command that does one thing.
 * @param queue what the connection is for, named in hints.
 * @throws BridgeError `BROKER_UNUSABLE` when none does.
 */
export async function connectOnce(
  address: BrokerAddress,
  queue: string,
  log: Log,
  signal: AbortSignal = new AbortController().signal,
): Promise<Connected> {
  const problems: Explanation[] = [];
  const onFailure = (why: Explanation): void => void problems.push(why);
  const hosts = new HostCycle({ address, log, name: CONNECTION_NAME, queue, onFailure });
  const connected = await hosts.connect(signal);
  if (connected !== undefined) return connected;
  const reason = hosts.refusal || 'it was stopped before it was connected';
  throw brokerUnusable({ reason, hint: problems.at(-1)?.hint ?? 'run it again' });
}

export function brokerUnusable({ reason, hint }: Explanation): BridgeError {
  return new BridgeError('BROKER_UNUSABLE', reason, hint);
}
