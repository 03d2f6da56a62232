/** What a receiver of shards is told, and what it tells. */
import type { Log } from '../contracts.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import { type BackoffBounds, DEFAULT_BACKOFF } from '../rabbitmq/backoff.js';
import type { ConsumerSessionOptions } from '../rabbitmq/consumer-session.js';
import {
  type DeadLetterOptions,
  ownQueues,
  type RabbitReceiverStatus,
  type RequeueOptions,
} from '../rabbitmq/rabbitmq-options.js';

export interface ShardReceiverOptions {
  readonly address: BrokerAddress;
  /** The shards to consume; `auto`: an even share of all. */
  readonly shards: 'auto' | readonly number[];
  /** Unsettled messages at a time, of each shard. */
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

const MOST_PREFETCH = 65_535;

/** Of a shard's consumption, what the options say. */
export function queueOptions(
  options: ShardReceiverOptions,
  queue: string,
): Pick<ConsumerSessionOptions, 'prefetch' | 'backoff' | 'deadLetters' | 'requeue'> {
  const { prefetch, backoff = DEFAULT_BACKOFF } = options;
  const { deadLetters, requeue: renewal } = ownQueues({ ...options, source: { mode: 'drain' } }, queue);
  return {
    prefetch: Math.min(MOST_PREFETCH, Math.max(1, Math.floor(prefetch))),
    backoff,
    deadLetters,
    // The queue is ours: what stays open for long goes to its end, and comes again to whoever has it then.
    requeue: renewal && { ...renewal, holdingQueue: { name: queue } },
  };
}
