/** The dead letters of one broker, for people: to look at, to move back, to throw away. */
import type { Channel, GetMessage } from 'amqplib';
import type { Log, Rejection } from '../contracts.js';
import { BridgeError } from '../errors.js';
import type { BrokerAddress, BrokerHost } from '../oslo/transport-url.js';
import { type BrokerConnection, openConnection, PUBLISHER_CONNECTION_NAME } from './connection.js';
import { type Explanation, explain, explainUnwritten, hostAndPort } from './hints.js';
import { homeOf, type Provenance, provenanceOf, rejectionOf, returningProperties } from './provenance.js';
import { type Published, Publisher } from './publisher.js';
import { brokerUnusable, connectOnce } from './reconnect-loop.js';
import { queueDepth } from './topology.js';

export interface DeadLetter extends Rejection, Provenance {
  readonly body: Buffer;
}

/** What became of moving them back. */
export interface Replayed {
  readonly moved: number;
  /** Still there: those that are none of ours, and those that could not be moved. */
  readonly left: number;
  /** Why it ended early. */
  readonly problem?: Explanation;
}

/** Messages moved together. */
const BATCH = 200;

export class DeadLetterStore {
  private constructor(
    private readonly connection: BrokerConnection,
    readonly queue: string,
    private readonly connect: (signal: AbortSignal) => Promise<BrokerConnection>,
  ) {}

  /** Connects to the first host that lets it. @throws BridgeError when none does. */
  static async open(address: BrokerAddress, queue: string, log: Log): Promise<DeadLetterStore> {
    const { connection, host } = await connectOnce(address, queue, log);
    return new DeadLetterStore(connection, queue, publishing(address, host, log));
  }

  /** `host:port`. */
  get broker(): string {
    return hostAndPort(this.connection.where);
  }

  /** How many there are; undefined when there is no such queue, for nothing was ever set aside. */
  count(): Promise<number | undefined> {
    return this.#explained(async () => (await queueDepth(this.connection, this.queue))?.messages);
  }

  /** Shows each that is there now, oldest first, and leaves all of them where they are. */
  async list(show: (letter: DeadLetter) => void): Promise<void> {
    await this.#reading(async (channel, count) => {
      for (let seen = 0; seen < count; seen += 1) {
        const message = await channel.get(this.queue);
        if (message === false) return;
        const { properties, content: body } = message;
        show({ ...rejectionOf(properties.headers), ...provenanceOf(message, this.queue), body });
      }
    });
  }

  /**
   * Moves those that are there now back to the queues that they came from, oldest first: each is removed here when the
   * broker has confirmed it there.
   */
  async replay(): Promise<Replayed> {
    const publisher = new Publisher(this.connect);
    try {
      const replayed = await this.#reading((channel, count) => this.#moveBack(channel, publisher, count));
      return replayed ?? { moved: 0, left: 0 };
    } finally {
      await publisher.close();
    }
  }

  /** Throws all of them away. @returns how many. */
  purge(): Promise<number> {
    return this.#explained(async () => {
      if ((await this.count()) === undefined) return 0;
      const { messageCount } = await this.connection.onThrowawayChannel((channel) =>
        channel.purgeQueue(this.queue),
      );
      return messageCount;
    });
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  async #moveBack(channel: Channel, publisher: Publisher, count: number): Promise<Replayed> {
    let moved = 0;
    for (let seen = 0; seen < count; ) {
      const batch = await this.#take(channel, Math.min(BATCH, count - seen));
      if (batch.length === 0) break;
      seen += batch.length;
      const outcomes = await Promise.all(batch.map((message) => this.#moveOne(channel, publisher, message)));
      moved += outcomes.filter((outcome) => outcome === 'moved').length;
      const problem = outcomes.find((outcome) => typeof outcome === 'object');
      if (problem !== undefined) return { moved, left: count - moved, problem };
    }
    return { moved, left: count - moved };
  }

  async #take(channel: Channel, most: number): Promise<GetMessage[]> {
    const batch: GetMessage[] = [];
    while (batch.length < most) {
      const message = await channel.get(this.queue);
      if (message === false) break;
      batch.push(message);
    }
    return batch;
  }

  async #moveOne(
    channel: Channel,
    publisher: Publisher,
    message: GetMessage,
  ): Promise<'moved' | 'foreign' | Explanation> {
    const { content, properties } = message;
    const home = homeOf(properties.headers);
    if (home === undefined) return 'foreign';
    const from = provenanceOf(message, home);
    const published = await publisher.publish(home, content, returningProperties(properties, from));
    if (published.kind !== 'written') return this.#explainUnmoved(published, home);
    channel.ack(message);
    return 'moved';
  }

  #explainUnmoved(published: Exclude<Published, { kind: 'written' }>, home: string): Explanation {
    const { where } = this.connection;
    if (published.kind !== 'missing') return explainUnwritten(published, where, home);
    return {
      reason: `there is no queue "${home}" in the virtual host "${where.vhost}", where they came from`,
      hint: 'an OpenStack service with the profiler enabled declares it with its first notification',
    };
  }

  /** Reads on a channel of its own; with its end all that was not acknowledged is back in its place. */
  #reading<T>(read: (channel: Channel, count: number) => Promise<T>): Promise<T | undefined> {
    return this.#explained(async () => {
      const count = await this.count();
      if (count === undefined) return undefined;
      const channel = await this.connection.createChannel();
      try {
        return await read(channel, count);
      } finally {
        await channel.close().catch(() => undefined);
      }
    });
  }

  async #explained<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof BridgeError) throw error;
      throw brokerUnusable(explain(error, this.connection.where, this.queue));
    }
  }
}

function publishing(
  address: BrokerAddress,
  host: BrokerHost,
  log: Log,
): (signal: AbortSignal) => Promise<BrokerConnection> {
  return (signal) => openConnection(address, host, signal, log, PUBLISHER_CONNECTION_NAME);
}
