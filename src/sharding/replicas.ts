/**
 * How the replicas that share the shards see each other. Each consumes a queue without messages, so that they can be
 * counted, and has a seat, which is a lock with a number below their count. Both end with the connection. From the count
 * and its seat each knows its share without asking anybody.
 */
import type { BrokerConnection, Channel } from '../rabbitmq/connection.js';
import { REPLICAS_QUEUE, seatName } from '../rabbitmq/shard-names.js';
import { declareOwn, releaseLock, takeLock } from '../rabbitmq/topology.js';

/** How many of the shards belong to the replica in a seat: as many as to any other, or one more. */
export function shareOf(shards: number, replicas: number, seat: number): number {
  return Math.floor(shards / replicas) + (seat < shards % replicas ? 1 : 0);
}

export class Replicas {
  #seat = Number.POSITIVE_INFINITY;

  private constructor(
    private readonly connection: BrokerConnection,
    private readonly channel: Channel,
  ) {}

  /** From now on the connection counts as a replica. Rejects with what the broker refuses it with. */
  static async join(connection: BrokerConnection): Promise<Replicas> {
    await declareOwn(connection, { name: REPLICAS_QUEUE });
    const channel = await connection.createChannel();
    await channel.consume(REPLICAS_QUEUE, () => undefined, { noAck: true });
    return new Replicas(connection, channel);
  }

  /** How many of the shards are for this replica, as things are now. */
  async share(shards: number): Promise<number> {
    const { consumerCount } = await this.channel.checkQueue(REPLICAS_QUEUE);
    const replicas = Math.max(1, consumerCount);
    // Of those that were counted before, one has left: its seat is free.
    if (this.#seat >= replicas) await this.#takeSeatBelow(replicas);
    return shareOf(shards, replicas, this.#seat);
  }

  /** Never rejects. */
  async leave(): Promise<void> {
    await this.channel.close().catch(() => undefined);
    await this.#leaveSeat().catch(() => undefined);
  }

  async #takeSeatBelow(replicas: number): Promise<void> {
    for (let seat = 0; seat < replicas; seat++) {
      if (!(await takeLock(this.connection, seatName(seat)))) continue;
      await this.#leaveSeat();
      this.#seat = seat;
      return;
    }
  }

  async #leaveSeat(): Promise<void> {
    if (Number.isFinite(this.#seat)) await releaseLock(this.connection, seatName(this.#seat));
  }
}
