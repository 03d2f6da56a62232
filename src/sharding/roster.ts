/**
 * How the replicas that share the shards see each other: two queues without messages, whose consumers are counted.
 * Being there is consuming the one; having too little is consuming the other. Both end with the connection.
 */
import type { Channel } from 'amqplib';
import type { BrokerConnection } from '../rabbitmq/connection.js';
import { ROSTER_QUEUE, WANTING_QUEUE } from '../rabbitmq/shard-names.js';
import { declareOwn } from '../rabbitmq/topology.js';

export class Roster {
  #wantingTag: string | undefined;

  private constructor(private readonly channel: Channel) {}

  /** Enters the connection into the roster. Rejects with what the broker refuses it with. */
  static async join(connection: BrokerConnection): Promise<Roster> {
    await declareOwn(connection, { name: ROSTER_QUEUE });
    await declareOwn(connection, { name: WANTING_QUEUE });
    const channel = await connection.createChannel();
    await channel.consume(ROSTER_QUEUE, ignore, { noAck: true });
    return new Roster(channel);
  }

  /** How many replicas there are, this one included. */
  async replicas(): Promise<number> {
    const { consumerCount } = await this.channel.checkQueue(ROSTER_QUEUE);
    return Math.max(1, consumerCount);
  }

  async isSomebodyElseWanting(): Promise<boolean> {
    const { consumerCount } = await this.channel.checkQueue(WANTING_QUEUE);
    return consumerCount > (this.#wantingTag === undefined ? 0 : 1);
  }

  /** Tells the others whether this replica has too little. */
  async sayWanting(isWanting: boolean): Promise<void> {
    if (isWanting === (this.#wantingTag !== undefined)) return;
    if (this.#wantingTag === undefined) {
      const { consumerTag } = await this.channel.consume(WANTING_QUEUE, ignore, { noAck: true });
      this.#wantingTag = consumerTag;
    } else {
      await this.channel.cancel(this.#wantingTag);
      this.#wantingTag = undefined;
    }
  }

  /** Leaves it. Never rejects. */
  async leave(): Promise<void> {
    await this.channel.close().catch(() => undefined);
  }
}

/** Nobody publishes here; what comes all the same is let go of. */
function ignore(): void {}
