/** Settings → what shards are filled and read by. */
import type { Log } from '../contracts.js';
import { RabbitReceiver } from '../rabbitmq/rabbitmq.js';
import type { Layout } from '../rabbitmq/shard-names.js';
import type { Settings } from '../settings/settings.js';
import type { ShardChoice } from '../settings/sharding.js';
import { ShardReceiver } from '../sharding/shard-receiver.js';
import { Sharder } from '../sharding/sharder.js';
import { brokerAddresses, sourceOf, windowOf } from './assemble.js';

/** Messages on their way to the shards: enough to keep the broker's confirmations from being waited for. */
const SHARDING_WINDOW = 2_000;

/** One receiver of shards for each broker. @throws BridgeError when a file or URL cannot be read. */
export function shardReceivers(settings: Settings, shards: ShardChoice, log: Log): ShardReceiver[] {
  const { deadLetters, deadLetterQueue, maxDeadLetters, requeueAfterMs, requeueAtDeliveries } =
    settings.broker;
  return brokerAddresses(settings.broker, log).map(
    (address) =>
      new ShardReceiver({
        ...{ address, shards, log, prefetch: windowOf(settings) },
        deadLetters: deadLetters && { queue: deadLetterQueue, maxLength: maxDeadLetters },
        requeue: { afterMs: requeueAfterMs, atDeliveries: requeueAtDeliveries },
      }),
  );
}

/** A queue's messages on their way to the shards of the same broker. */
export interface Sharding {
  readonly receiver: RabbitReceiver;
  readonly sharder: Sharder;
}

/** The shards that the settings ask for. */
export function layoutOf({ count, queueType }: Settings['sharding']): Layout {
  return { shards: count, queueType };
}

/** One for each broker. @throws BridgeError when a file or URL cannot be read. */
export function shardings(settings: Settings, log: Log): Sharding[] {
  const { broker, sharding, wire } = settings;
  return brokerAddresses(broker, log).map((address) => ({
    receiver: new RabbitReceiver({
      ...{ address, log, source: sourceOf(broker) },
      prefetch: broker.prefetch ?? SHARDING_WINDOW,
      exclusive: 'among sharders',
      // Nothing is rejected here: what cannot be read goes to a shard, too; whoever reads that sends it to the dead letters.
      deadLetters: false,
      // Messages are held for moments. But a bridge that read the queue before may have left some in the holding queue.
      requeue: { afterMs: broker.requeueAfterMs, atDeliveries: Number.MAX_SAFE_INTEGER },
    }),
    sharder: new Sharder({ address, log, layout: layoutOf(sharding), maxMessageBytes: wire.maxMessageBytes }),
  }));
}
