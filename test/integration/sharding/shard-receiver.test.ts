import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { BridgeError } from '../../../src/errors.js';
import { exchangeName, shardQueue } from '../../../src/rabbitmq/shard-names.js';
import { body } from '../../support/notifications.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { publish } from '../rabbitmq/support.js';
import { change, layoutOf, type Replica, startReplica, startSharding, taken } from './support.js';

describe('a receiver of shards', { timeout: 180_000 }, () => {
  let vhost: TestVhost | undefined;
  beforeEach(async () => {
    await vhost?.remove();
    vhost = await broker().createVhost();
  });
  after(() => vhost?.remove());

  it('waits for the shards, and then takes its share', async (test) => {
    const replica = startReplica(test, vhost!);
    await eventually(() => replica.receiver.state.kind === 'waiting');
    assert.match(replica.log.text, /there are no shards/);
    startSharding(test, vhost!, layoutOf(4));
    await untilShares([replica], [4]);
    const second = startReplica(test, vhost!);
    await untilShares([replica, second], [2, 2]);
    await second.receiver.close();
    await untilShares([replica], [4]);
    assert.equal(replica.receiver.status().of, 4);
  });

  it('hands over messages as they came to the queue that was sharded, not as redeliveries', async (test) => {
    startSharding(test, vhost!, layoutOf(2));
    const { handler } = startReplica(test, vhost!);
    await publish(vhost!, [body().toString()]);
    await eventually(() => handler.deliveries.length === 1);
    const [delivery] = handler.deliveries;
    assert.deepEqual([delivery!.routingKey, delivery!.redelivered], ['profiler.info', false]);
    assert.ok(delivery!.acknowledge());
  });

  it('gives what is open to the next owner of a shard, and forgets it', async (test) => {
    startSharding(test, vhost!, layoutOf(1));
    const first = startReplica(test, vhost!, { shards: [0] });
    await publish(vhost!, [body({ name: 'work-start' }).toString()]);
    await eventually(() => first.handler.deliveries.length === 1);
    const second = startReplica(test, vhost!, { shards: [0] });
    await eventually(() => second.receiver.status().shards.length === 1);
    assert.equal(second.handler.deliveries.length, 0, 'one at a time');
    await first.receiver.close();
    await eventually(() => second.handler.deliveries.length === 1);
    assert.equal(first.handler.lost.length, 1);
    assert.ok(second.handler.deliveries[0]!.redelivered);
  });

  it('requeues what stays open at the end of the shard itself', async (test) => {
    startSharding(test, vhost!, layoutOf(1));
    const { receiver, handler } = startReplica(test, vhost!, { requeue: { afterMs: 200 } });
    await publish(vhost!, ['held']);
    await eventually(() => receiver.status().requeued >= 2 && receiver.unacknowledged === 1);
    assert.deepEqual(new Set(handler.bodies), new Set(['held']));
    await eventually(() => handler.deliveries.at(-1)!.acknowledge());
    await receiver.close();
    assert.equal((await taken(vhost!, 0, 1)).length, 0);
  });

  it('gives up its shards when the layout is over, and takes those of the next', async (test) => {
    startSharding(test, vhost!, layoutOf(2));
    const replica = startReplica(test, vhost!);
    await untilShares([replica], [2]);
    await publish(vhost!, ['open']);
    await eventually(() => replica.receiver.unacknowledged === 1);
    const done = await change(vhost!, layoutOf(5));
    assert.deepEqual([done.before, done.now, done.moved], [2, 5, 1]);
    await untilShares([replica], [5]);
    await eventually(() => replica.handler.deliveries.length === 2 && replica.receiver.unacknowledged === 1);
  });
});

describe('resharding', { timeout: 180_000 }, () => {
  let vhost: TestVhost | undefined;
  beforeEach(async () => {
    await vhost?.remove();
    vhost = await broker().createVhost();
  });
  after(() => vhost?.remove());

  it('makes the first shards, too, and leaves alone what is as it should be', async () => {
    assert.deepEqual(await changed(3), [0, 3, 0]);
    assert.deepEqual(await changed(3), [3, 3, 0]);
  });

  it('refuses to change the kind of shards and not their number', async () => {
    await change(vhost!, layoutOf(2));
    await assert.rejects(change(vhost!, layoutOf(2, { queueType: 'quorum' })), isError('CONFIG_INVALID'));
  });

  it('gives up on a consumer that does not let go, says so, and goes on when it is run again', async () => {
    await change(vhost!, layoutOf(1));
    await vhost!.withChannel(async (channel) => {
      channel.sendToQueue(shardQueue(0, 1), body());
      await channel.consume(shardQueue(0, 1), () => undefined);
      await assert.rejects(change(vhost!, layoutOf(2), 500), isError('RESHARD_INCOMPLETE'));
    });
    assert.deepEqual(await changed(2), [2, 2, 1]);
    const left = (await Promise.all([taken(vhost!, 0, 2), taken(vhost!, 1, 2)])).flat();
    assert.equal(left.length, 1);
  });

  it('that ended between the old layout and the new one is taken back by any sharder', async (test) => {
    await change(vhost!, layoutOf(2));
    await vhost!.withChannel((channel) => channel.deleteExchange(exchangeName(2)));
    const { sharder } = startSharding(test, vhost!, layoutOf(9));
    await publish(vhost!, [body().toString()]);
    await eventually(() => sharder.counts.sharded === 1);
    assert.equal(sharder.layout?.shards, 2);
  });

  async function changed(shards: number): Promise<number[]> {
    const { before, now, moved } = await change(vhost!, layoutOf(shards));
    return [before, now, moved];
  }
});

function isError(code: string): (error: unknown) => boolean {
  return (error) => error instanceof BridgeError && error.code === code;
}

/** Waits until each has so many shards, in whatever order, and no shard is in two hands. */
async function untilShares(replicas: readonly Replica[], counts: readonly number[]): Promise<void> {
  await eventually(() => {
    const shards = replicas.map(({ receiver }) => receiver.status().shards);
    const sizes = shards.map(({ length }) => length).sort();
    return sizes.join() === counts.join() && new Set(shards.flat()).size === shards.flat().length;
  });
}
