/** A connection to one of the broker's hosts: each in its turn. */
import type { Log } from '../contracts.js';
import { BridgeError } from '../errors.js';
import type { BrokerAddress, BrokerHost } from '../oslo/transport-url.js';
import { type BrokerConnection, CONNECTION_NAME, openConnection, whereOf } from './connection.js';
import { type Explanation, explain, type Where } from './hints.js';

export interface Connected {
  readonly connection: BrokerConnection;
  readonly host: BrokerHost;
}

export interface HostCycleOptions {
  readonly address: BrokerAddress;
  readonly log: Log;
  /** How the broker lists the connections. */
  readonly name: string;
  /** What the connections are for, named in hints. */
  readonly queue: string;
  /** Told of each host that could not be connected to. */
  readonly onFailure: (why: Explanation, where: Where) => void;
}

export class HostCycle {
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
