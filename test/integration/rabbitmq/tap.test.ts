import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { start, untilConsuming, untilWaitingFor } from './support.js';

const EXCHANGES = ['nova', 'keystone'];
const TAP = {
  mode: 'tap',
  exchanges: EXCHANGES,
  routingKeys: ['profiler.info', 'notifications.info'],
  recheckMs: 100,
} as const;

function emit(vhost: TestVhost, exchange: string, routingKey: string, body: string): Promise<void> {
  return vhost.withChannel(async (channel) => {
    channel.publish(exchange, routingKey, Buffer.from(body));
  });
}

function declare(vhost: TestVhost, exchange: string): Promise<unknown> {
  return vhost.withChannel((channel) => channel.assertExchange(exchange, 'topic', { durable: false }));
}

describe('tapping exchanges', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
    await declare(vhost, 'nova');
  });
  after(() => vhost.remove());

  it('binds what is there, what appears later, and what is declared anew', async (test) => {
    const running = start(test, vhost, { source: TAP }, (delivery) => delivery.acknowledge());
    await untilConsuming(running);
    assert.deepEqual(running.receiver.status().bindings, {
      bound: ['nova'],
      missing: ['keystone'],
      refused: [],
    });
    assert.match(running.log.text, /bound as soon as they appear: keystone/);
    await emit(vhost, 'nova', 'profiler.info', 'from nova');
    await emit(vhost, 'nova', 'other.info', 'not for us');
    await eventually(() => running.handler.bodies.includes('from nova'));

    await declare(vhost, 'keystone');
    await eventually(() => running.receiver.status().bindings?.bound.length === 2);
    await emit(vhost, 'keystone', 'notifications.info', 'from keystone');
    await eventually(() => running.handler.bodies.includes('from keystone'));

    await vhost.withChannel((channel) => channel.deleteExchange('nova'));
    await eventually(() => running.receiver.status().bindings?.missing.includes('nova'));
    await declare(vhost, 'nova');
    await eventually(() => running.receiver.status().bindings?.bound.length === 2);
    await emit(vhost, 'nova', 'profiler.info', 'nova again');
    await eventually(() => running.handler.bodies.includes('nova again'));
    assert.deepEqual(running.handler.bodies, ['from nova', 'from keystone', 'nova again']);
    const said = running.log.lines.filter(({ message }) => /bound/.test(message));
    assert.equal(said.length, 4, 'each change of what is seen is said once');
  });

  it('keeps collecting while no bridge runs, and takes a queue as the operator made it', async (test) => {
    await vhost.withChannel((channel) =>
      channel.assertQueue('made-by-hand', { durable: true, arguments: { 'x-queue-type': 'quorum' } }),
    );
    const source = { ...TAP, queue: 'made-by-hand' };
    const first = start(test, vhost, { source });
    await untilConsuming(first);
    await first.receiver.close();
    await emit(vhost, 'nova', 'profiler.info', 'in between');
    const second = start(test, vhost, { source }, (delivery) => delivery.acknowledge());
    await eventually(() => second.handler.bodies.includes('in between'));
  });

  it('leaves nothing behind when it is temporary, and needs no lock', async (test) => {
    const source = { ...TAP, queue: 'recording', temporary: true };
    const running = [start(test, vhost, { source }), start(test, vhost, { source })];
    for (const each of running) await untilConsuming(each);
    const queues = running.map((each) => each.receiver.status().queue);
    assert.ok(queues.every((queue) => queue.startsWith('recording.')) && queues[0] !== queues[1]);
    await emit(vhost, 'nova', 'profiler.info', 'for both');
    for (const each of running) await eventually(() => each.handler.bodies.includes('for both'));
    for (const each of running) await each.receiver.close();
    await vhost.withChannel(async (channel) => {
      await assert.rejects(channel.checkQueue(queues[0]!), { code: 404 });
    });
  });

  it('names the permission to bind when it is missing, and consumes all the same', async (test) => {
    const user = await vhost.createUser({ configure: '.*', write: '.*', read: '^osprofiler' });
    for (const exchange of EXCHANGES) await declare(vhost, exchange);
    const source = { ...TAP, queue: 'osprofiler-unbound' };
    const running = start(test, vhost, { source, address: vhost.address(user) });
    await untilConsuming(running);
    assert.deepEqual(running.receiver.status().bindings?.refused, EXCHANGES);
    assert.match(running.log.text, /may not bind to nova, keystone.*/);
    assert.match(running.log.text, /write on the queue and read on the exchange/);
  });

  it('waits when its own queue may not be declared', async (test) => {
    const user = await vhost.createUser({ configure: '\\.lock\\.', write: '.*', read: '.*' });
    const running = start(test, vhost, {
      source: { ...TAP, queue: 'forbidden' },
      address: vhost.address(user),
    });
    await untilWaitingFor(running, /lacks a permission.*'forbidden'/);
  });
});
