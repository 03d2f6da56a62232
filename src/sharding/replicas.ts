/**
 * How the replicas that share the shards see each other. Each consumes a queue without messages, so that they can be
 * counted, and has a seat, which is a lock with a number below their count. Both end with the connection. From the count
 * and its seat each knows its shards without asking anybody.
 */
import type { BrokerConnection, Channel } from '../rabbitmq/connection.js';
import { indicesOf, REPLICAS_QUEUE, seatName } from '../rabbitmq/shard-names.js';
import { declareOwn, releaseLock, takeLock } from '../rabbitmq/topology.js';

/**
 * The shards of each seat: as many for each, or one more. The last seat has its shards from those who have the most
 * without it, the others keep theirs, so that few shards move when a replica comes or goes. Pure.
 */
export function shardsBySeat(shards: number, replicas: number): readonly (readonly number[])[] {
  const seats = [indicesOf({ shards })];
  for (let count = 2; count <= replicas; count++) {
    const last: number[] = [];
    while (last.length < Math.floor(shards / count)) last.push(largest(seats).pop()!);
    seats.push(last);
  }
  return seats;
}

function largest(lists: readonly number[][]): number[] {
  return lists.reduce((most, list) => (list.length > most.length ? list : most));
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

  /** Which of the shards are for this replica, as things are now. */
  async shards(shards: number): Promise<readonly number[]> {
    const { consumerCount } = await this.channel.checkQueue(REPLICAS_QUEUE);
    const replicas = Math.max(1, consumerCount);
    // Of those that were counted before, one has left: its seat is free.
    if (this.#seat >= replicas) await this.#takeSeatBelow(replicas);
    return shardsBySeat(shards, replicas)[this.#seat] ?? [];
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
