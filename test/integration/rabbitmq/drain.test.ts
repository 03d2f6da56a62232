import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FaultyProxy } from '../../integrity/support/faulty-proxy.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { leftIn, publish, start, untilConsuming, untilWaitingFor } from './support.js';

describe('draining a queue', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  after(() => vhost.remove());

  it('hands messages over and settles them at the broker', async (test) => {
    await publish(
      vhost,
      Array.from({ length: 1_000 }, (_, index) => `message ${index}`),
    );
    const running = start(test, vhost, { prefetch: 1_000 });
    await eventually(() => running.handler.deliveries.length === 1_000);
    const first = running.handler.deliveries[0]!;
    assert.equal(first.body.toString(), 'message 0');
    assert.equal(first.properties.contentType, 'application/json');
    assert.equal(first.routingKey, 'profiler.info');
    assert.equal(first.redelivered, false);
    assert.equal(running.receiver.status().unacknowledged, 1_000);
    assert.equal(
      (await running.receiver.depth())?.consumers,
      2,
      'one for the first window, one for the rest',
    );

    const shuffled = running.handler.deliveries.map((_, index) => (index * 7) % 1_000);
    for (const index of shuffled) assert.equal(running.handler.deliveries[index]!.acknowledge(), true);
    assert.equal(first.acknowledge(), false, 'the second settling does nothing');
    assert.equal(running.receiver.status().unacknowledged, 0);
    await running.receiver.close();
    await running.ended;
    assert.equal(running.receiver.state.kind, 'ended');
    assert.equal(await leftIn(vhost), 0);
  });

  it('returns what was not settled, and only that', async (test) => {
    await publish(vhost, ['a', 'b', 'c', 'd']);
    const running = start(test, vhost);
    await eventually(() => running.handler.deliveries.length === 4);
    const [a, b, c, d] = running.handler.deliveries;
    d!.acknowledge();
    a!.acknowledge();
    c!.deadLetter({ reason: 'not-json', detail: 'no JSON' });
    await running.receiver.close();
    assert.equal(b!.live, false);
    assert.equal(b!.acknowledge(), false);
    assert.deepEqual(running.handler.lost, [b!.origin]);
    await vhost.withChannel(async (channel) => {
      const left = await channel.get('profiler.info', { noAck: true });
      assert.equal(left !== false && left.content.toString(), 'b');
      assert.equal(await channel.get('profiler.info'), false);
    });
  });

  it('hands nothing over after stop, and lets what was handed over be settled', async (test) => {
    await publish(vhost, ['first']);
    const running = start(test, vhost);
    await eventually(() => running.handler.deliveries.length === 1);
    await running.receiver.stop();
    await running.ended;
    await publish(vhost, ['second']);
    assert.equal((await running.receiver.depth())?.consumers, 0);
    assert.equal(running.handler.deliveries[0]!.acknowledge(), true);
    await running.receiver.close();
    assert.deepEqual(running.handler.bodies, ['first']);
    await vhost.withChannel(async (channel) => {
      const left = await channel.get('profiler.info', { noAck: true });
      assert.equal(left !== false && left.content.toString(), 'second');
      assert.equal(await channel.get('profiler.info'), false);
    });
  });

  it('keeps going when the broker closes the connection: redelivery, and stale settling does nothing', async (test) => {
    await publish(vhost, ['settled', 'stay']);
    const running = start(test, vhost);
    await eventually(() => running.handler.deliveries.length === 2);
    const [settled, stay] = running.handler.deliveries;
    // Nothing is open before it, so that its settlement waits for nothing.
    assert.equal(settled!.acknowledge(), true);
    await vhost.closeBridgeConnections();
    const again = await eventually(() => running.handler.deliveries[2]);
    assert.deepEqual(running.handler.lost, [stay!.origin]);
    assert.equal(stay!.live, false);
    assert.equal(stay!.acknowledge(), false);
    assert.equal(again.body.toString(), 'stay');
    assert.equal(again.redelivered, true);
    assert.notEqual(again.origin, stay!.origin);
    assert.equal(running.receiver.status().reconnects, 1);
    assert.match(running.log.text, /closed the connection/);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 1, 'the stale settling has not touched the redelivered message');
    await vhost.withChannel((channel) => channel.purgeQueue('profiler.info'));
  });

  it('takes again what was settled when the connection is lost before the broker was told', async (test) => {
    await publish(vhost, ['stay', 'settled']);
    const proxy = await FaultyProxy.start(broker().port);
    test.after(() => proxy.stop());
    const address = { ...vhost.address(), hosts: [{ host: '127.0.0.1', port: proxy.port }] };
    const running = start(test, vhost, { address });
    await eventually(() => running.handler.deliveries.length === 2);
    assert.equal(running.handler.deliveries[1]!.acknowledge(), true);
    proxy.cut();
    await eventually(() => running.handler.deliveries.length === 4);
    assert.deepEqual(running.handler.bodies.slice(2), ['stay', 'settled']);
    for (const delivery of running.handler.deliveries.slice(2)) assert.equal(delivery.acknowledge(), true);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
  });

  it('waits for a queue that is not there, and recovers when it is deleted', async (test) => {
    await vhost.withChannel((channel) => channel.deleteQueue('profiler.info'));
    const running = start(test, vhost);
    await untilWaitingFor(running, /there is no queue "profiler\.info"/);
    await publish(vhost, ['one']);
    await eventually(() => running.handler.deliveries.length === 1);
    await vhost.withChannel((channel) => channel.deleteQueue('profiler.info'));
    await eventually(() => running.handler.lost.length === 1);
    assert.equal(running.handler.deliveries[0]!.live, false);
    await untilWaitingFor(running, /there is no queue/);
    assert.match(running.log.text, /cancelled the consumer/);
    await publish(vhost, ['two']);
    await eventually(() => running.handler.deliveries.length === 2);
    assert.equal(running.handler.deliveries[1]!.acknowledge(), true);
    assert.equal(running.receiver.status().reconnects, 0, 'the connection has lasted');
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
  });

  it('takes another channel when the handler throws, so that the message comes again', async (test) => {
    let thrown = false;
    await publish(vhost, ['fragile']);
    const running = start(test, vhost, {}, () => {
      if (thrown) return;
      thrown = true;
      throw new Error('a bug');
    });
    await eventually(() => running.handler.deliveries.length === 2);
    assert.deepEqual(running.handler.bodies, ['fragile', 'fragile']);
    assert.equal(running.handler.deliveries[1]!.acknowledge(), true);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
  });

  it('goes to the next host when one is down', async (test) => {
    await publish(vhost, ['found']);
    const address = vhost.address();
    const hosts = [{ host: '127.0.0.1', port: 1 }, ...address.hosts];
    const running = start(test, vhost, { address: { ...address, hosts } });
    await eventually(() => running.handler.deliveries.length === 1);
    const { host, port } = broker();
    assert.equal(running.receiver.status().broker, `${host}:${port}`);
    assert.match(running.log.text, /127\.0\.0\.1:1 cannot be reached: nothing listens there/);
    running.handler.deliveries[0]!.acknowledge();
  });

  it('can be stopped while no broker is there', async (test) => {
    const hosts = [{ host: '127.0.0.1', port: 1 }];
    const running = start(test, vhost, { address: { ...vhost.address(), hosts } });
    await untilWaitingFor(running, /127\.0\.0\.1:1 cannot be reached/);
    assert.equal(await running.receiver.depth(), undefined);
    await running.receiver.stop();
    await running.ended;
    assert.equal(running.receiver.state.kind, 'ended');
  });

  it('consumes from virtual hosts with any name', async (test) => {
    const name = `${vhost.name}/50%2F é`;
    await broker().management('PUT', `vhosts/${encodeURIComponent(name)}`);
    test.after(() => broker().management('DELETE', `vhosts/${encodeURIComponent(name)}`));
    const running = start(test, vhost, { address: { ...vhost.address(), vhost: name } });
    await untilWaitingFor(running, /there is no queue/);
  });

  it('settles far more than its window when each message is settled as it is handed over', async (test) => {
    await publish(
      vhost,
      Array.from({ length: 3_000 }, (_, index) => String(index)),
    );
    const running = start(test, vhost, { prefetch: 700 }, (delivery) => delivery.acknowledge());
    await untilConsuming(running);
    await eventually(() => running.handler.deliveries.length === 3_000);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
  });
});
