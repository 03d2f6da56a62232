/** Sharders and receivers of shards in a fresh virtual host. */
import type { TestContext } from 'node:test';
import type { Message } from 'amqplib';
import { RabbitReceiver } from '../../../src/rabbitmq/rabbitmq.js';
import { type Layout, shardQueue } from '../../../src/rabbitmq/shard-names.js';
import { reshard } from '../../../src/sharding/reshard.js';
import { ShardReceiver, type ShardReceiverOptions } from '../../../src/sharding/shard-receiver.js';
import { Sharder } from '../../../src/sharding/sharder.js';
import { emptied } from '../../support/emptied.js';
import type { TestVhost } from '../../support/rabbitmq.js';
import { RememberingHandler, RememberingLog } from '../../support/receiving.js';

const BACKOFF = { initialMs: 50, maximumMs: 200 };

export function layoutOf(shards: number, changes: Partial<Layout> = {}): Layout {
  return { shards, queueType: 'classic', ...changes };
}

export interface Sharding {
  readonly sharder: Sharder;
  readonly receiver: RabbitReceiver;
  readonly log: RememberingLog;
}

/** Shards `profiler.info` until the test ends. */
export function startSharding(test: TestContext, vhost: TestVhost, layout: Layout): Sharding {
  const log = new RememberingLog();
  const address = vhost.address();
  const sharder = new Sharder({ address, layout, log, backoff: BACKOFF });
  const receiver = new RabbitReceiver({
    ...{ address, log, source: { mode: 'drain' }, prefetch: 100, backoff: BACKOFF, standbyMs: 50 },
    ...{ exclusive: 'among sharders', deadLetters: false, requeue: false },
  });
  sharder.start();
  void receiver.run(sharder);
  test.after(async () => {
    await receiver.stop();
    await sharder.close();
    await receiver.close();
  });
  return { sharder, receiver, log };
}

export interface Replica {
  readonly receiver: ShardReceiver;
  readonly handler: RememberingHandler;
  readonly log: RememberingLog;
}

/** Receives shards until the test ends. */
export function startReplica(
  test: TestContext,
  vhost: TestVhost,
  options: Partial<ShardReceiverOptions> = {},
): Replica {
  const log = new RememberingLog();
  const handler = new RememberingHandler();
  const receiver = new ShardReceiver({
    ...{ address: vhost.address(), shards: 'auto', prefetch: 100, log, lookMs: 100, backoff: BACKOFF },
    ...options,
  });
  void receiver.run(handler);
  test.after(() => receiver.close());
  return { receiver, handler, log };
}

export function change(vhost: TestVhost, layout: Layout, patienceMs = 20_000) {
  const stopping = new AbortController().signal;
  return reshard({ address: vhost.address(), layout, log: new RememberingLog(), patienceMs, stopping });
}

/** Everything that is in a shard, taken out of it. */
export function taken(vhost: TestVhost, index: number, shards: number): Promise<Message[]> {
  return vhost.withChannel((channel) => emptied(channel, shardQueue(index, shards)));
}
