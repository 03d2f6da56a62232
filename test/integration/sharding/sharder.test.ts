import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { type BrokerConnection, openConnection } from '../../../src/rabbitmq/connection.js';
import { provenanceOf } from '../../../src/rabbitmq/provenance.js';
import { exchangeName, shardQueue } from '../../../src/rabbitmq/shard-names.js';
import { mayConsume, releaseLock } from '../../../src/rabbitmq/topology.js';
import { hashText, shardOf } from '../../../src/sharding/shard-of.js';
import { body } from '../../support/notifications.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { RememberingLog } from '../../support/receiving.js';
import { leftIn, start, untilConsuming, untilWaitingFor } from '../rabbitmq/support.js';
import { layoutOf, startSharding, taken } from './support.js';

const TRACES = Array.from({ length: 12 }, (_, index) => `trace-${index}`);

/** A connection until the test ends. */
async function open(test: TestContext, vhost: TestVhost): Promise<BrokerConnection> {
  const address = vhost.address();
  const signal = new AbortController().signal;
  const connection = await openConnection(address, address.hosts[0]!, signal, new RememberingLog());
  test.after(() => connection.close());
  return connection;
}

describe('a sharder', { timeout: 180_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  beforeEach(async () => {
    await vhost.remove();
    vhost = await broker().createVhost();
  });
  after(() => vhost.remove());

  it('puts all of a trace into one shard, as it was', async (test) => {
    await publishTraces(vhost);
    const { sharder } = startSharding(test, vhost, layoutOf(3));
    await eventually(() => sharder.counts.sharded === 2 * TRACES.length);
    const shards = await Promise.all([0, 1, 2].map((index) => taken(vhost, index, 3)));
    const homes = shards.map((messages) => new Set(messages.map((message) => traceOf(message.content))));
    assert.equal(
      homes.reduce((sum, { size }) => sum + size, 0),
      TRACES.length,
      'no trace is in two shards',
    );
    for (const message of shards.flat()) {
      const { properties, content } = message;
      const expected = body({ base_id: traceOf(content), name: nameOf(content) });
      assert.deepEqual(content, expected);
      assert.deepEqual(
        [properties.contentType, properties.headers?.['mine'], properties.deliveryMode],
        ['application/json', 'kept', 2],
      );
      const from = { exchange: 'nova', routingKey: 'profiler.info', queue: 'profiler.info' };
      assert.deepEqual(provenanceOf(message, 'a shard'), from);
    }
    for (const [index, home] of homes.entries())
      for (const trace of home) assert.equal(shardOf(hashText(trace), 3), index);
    assert.equal(await leftIn(vhost).catch(() => 0), 0);
  });

  it('shares the queue with other sharders, and keeps bridges away that would take it for themselves', async (test) => {
    await publishTraces(vhost);
    const sharders = [startSharding(test, vhost, layoutOf(2)), startSharding(test, vhost, layoutOf(2))];
    await eventually(() => sharders.every(({ receiver }) => receiver.state.kind === 'consuming'));
    const bridge = start(test, vhost);
    await untilWaitingFor(bridge, /another bridge/);
    await eventually(() => sharders.reduce((sum, { sharder }) => sum + sharder.counts.sharded, 0) === 24);
  });

  it('is never taken for a bridge, nor a bridge for a sharder, whoever looks at the same moment', async (test) => {
    const opened = await Promise.all(Array.from({ length: 6 }, () => open(test, vhost)));
    const [bridge, ...sharders] = opened as [BrokerConnection, ...BrokerConnection[]];
    assert.equal(await mayConsume(bridge, 'profiler.info', true), true);
    for (let round = 0; round < 20; round += 1) {
      const may = await Promise.all(
        sharders.map((each) => mayConsume(each, 'profiler.info', 'among sharders')),
      );
      assert.deepEqual(may, [false, false, false, false, false]);
    }
    await releaseLock(bridge, 'profiler.info');
    const waiting = new Set(sharders);
    for (let round = 0; waiting.size > 0; round += 1) {
      assert.ok(round < 20, 'a sharder waits for nobody');
      const looking = [...waiting];
      const may = await Promise.all(
        looking.map((each) => mayConsume(each, 'profiler.info', 'among sharders')),
      );
      for (const [index, each] of looking.entries()) if (may[index]) waiting.delete(each);
    }
    assert.equal(await mayConsume(bridge, 'profiler.info', true), false);
  });

  it('waits while a bridge has the queue for itself', async (test) => {
    await publishTraces(vhost);
    const bridge = start(test, vhost);
    await untilConsuming(bridge);
    const { receiver, sharder } = startSharding(test, vhost, layoutOf(2));
    await eventually(() => receiver.state.kind === 'waiting' && /another bridge/.test(receiver.state.reason));
    await bridge.receiver.close();
    await eventually(() => sharder.counts.sharded === 24);
  });

  it('holds what it cannot write, and declares again what was deleted', async (test) => {
    const { sharder, receiver } = startSharding(test, vhost, layoutOf(1));
    await eventually(() => sharder.layout !== undefined);
    await vhost.withChannel((channel) => channel.deleteQueue(shardQueue(0, 1)));
    await publishTraces(vhost);
    await eventually(() => sharder.counts.sharded === 24);
    await vhost.withChannel((channel) => channel.deleteExchange(exchangeName(1)));
    await publishTraces(vhost);
    await eventually(() => sharder.counts.sharded === 48 && receiver.unacknowledged === 0);
    assert.ok((await taken(vhost, 0, 1)).length >= 48);
  });

  it('holds what a full shard refuses, until there is room', async (test) => {
    const { sharder, receiver } = startSharding(test, vhost, layoutOf(1));
    await eventually(() => sharder.layout !== undefined);
    const policy = { pattern: 'shard', definition: { 'max-length': 5, overflow: 'reject-publish' } };
    await broker().management('PUT', `policies/${vhost.name}/full`, policy);
    await publishTraces(vhost);
    await eventually(() => sharder.held > 0);
    assert.ok(receiver.unacknowledged > 0);
    await broker().management('DELETE', `policies/${vhost.name}/full`);
    await eventually(() => sharder.counts.sharded === 24);
  });

  it('acknowledges other kinds of notifications, and sends on what cannot be read', async (test) => {
    const foreign = Buffer.from('{"event_type": "identity.authenticate", "payload": {}}');
    await publish(vhost, [foreign, Buffer.from('no json')]);
    const { sharder } = startSharding(test, vhost, layoutOf(1));
    await eventually(() => sharder.counts.sharded === 1 && sharder.counts.foreign === 1);
    assert.deepEqual(
      (await taken(vhost, 0, 1)).map(({ content }) => content.toString()),
      ['no json'],
    );
  });

  it('goes by the shards that there are, whatever it is told', async (test) => {
    const first = startSharding(test, vhost, layoutOf(4));
    await eventually(() => first.sharder.layout !== undefined);
    const second = startSharding(test, vhost, layoutOf(7));
    await eventually(() => second.sharder.layout?.shards === 4);
    assert.match(second.log.text, /another number of shards/);
  });
});

function publishTraces(vhost: TestVhost): Promise<void> {
  const bodies = TRACES.flatMap((trace) => [
    body({ base_id: trace, name: 'work-start' }),
    body({ base_id: trace, name: 'work-stop' }),
  ]);
  return publish(vhost, bodies);
}

function publish(vhost: TestVhost, bodies: readonly Buffer[]): Promise<void> {
  return vhost.withChannel(async (channel) => {
    await channel.assertExchange('nova', 'topic', { durable: false });
    await channel.assertQueue('profiler.info', { durable: false });
    await channel.bindQueue('profiler.info', 'nova', 'profiler.info');
    const properties = { contentType: 'application/json', headers: { mine: 'kept' } };
    for (const each of bodies) channel.publish('nova', 'profiler.info', each, properties);
  });
}

function traceOf(content: Buffer): string {
  return (JSON.parse(content.toString()) as { payload: { base_id: string } }).payload.base_id;
}

function nameOf(content: Buffer): string {
  return (JSON.parse(content.toString()) as { payload: { name: string } }).payload.name;
}
