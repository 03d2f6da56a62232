/** What a receiver of shards is told, and what it tells. */
import type { Log } from '../contracts.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import type { BackoffBounds } from '../rabbitmq/backoff.js';
import type {
  DeadLetterOptions,
  RabbitReceiverStatus,
  RequeueOptions,
} from '../rabbitmq/rabbitmq-options.js';

export interface ShardReceiverOptions {
  readonly address: BrokerAddress;
  /** The shards to consume; `auto`: an even share of all. */
  readonly shards: 'auto' | readonly number[];
  /** Unacknowledged messages at a time, of each shard. */
  readonly prefetch: number;
  readonly log: Log;
  readonly deadLetters?: false | DeadLetterOptions;
  readonly requeue?: false | RequeueOptions;
  /** How often the replica looks whether its share is right. Default 1,000 ms, more or less. */
  readonly lookMs?: number;
  readonly backoff?: BackoffBounds;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export interface ShardReceiverStatus extends RabbitReceiverStatus {
  /** How many shards there are; absent while that is not known. */
  readonly of?: number;
  /** The shards that this replica has. */
  readonly shards: readonly number[];
}
