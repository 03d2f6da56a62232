import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { RabbitReceiver } from '../../../src/rabbitmq/rabbitmq.js';
import { holdingQueueName } from '../../../src/rabbitmq/topology.js';
import { FaultyProxy } from '../../integrity/support/faulty-proxy.js';
import { makeBridge } from '../../support/bridge.js';
import { body } from '../../support/notifications.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { RememberingLog } from '../../support/receiving.js';
import { PromptSink } from '../../support/spans.js';
import { leftIn, publish, start, untilConsuming } from './support.js';

const HOLDING = 'osprofiler-otel-bridge.holding.profiler.info';
const SOON = { afterMs: 200 };

describe('deliveries that stay open', { timeout: 180_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  beforeEach(() =>
    vhost.withChannel(async (channel) => {
      for (const queue of [HOLDING, 'profiler.info']) await channel.deleteQueue(queue);
    }),
  );
  after(() => vhost.remove());

  it('are requeued again and again, and each message stays what it was', async (test) => {
    await vhost.withChannel(async (channel) => {
      await channel.assertExchange('nova', 'topic', { durable: false });
      await channel.assertQueue('profiler.info', { durable: false });
      await channel.bindQueue('profiler.info', 'nova', 'profiler.info');
      const headers = { compression: 'none' };
      channel.publish('nova', 'profiler.info', Buffer.from('held'), {
        contentType: 'application/json',
        headers,
      });
    });
    const running = start(test, vhost, { requeue: SOON });
    await eventually(() => running.receiver.status().requeued >= 3);
    await eventually(() => running.receiver.status().fromHoldingQueue === 1);
    const { deliveries, bodies, renewed } = running.handler;
    assert.equal(deliveries.length, renewed.length + 1);
    assert.ok(renewed.every(({ live }) => !live));
    assert.deepEqual(new Set(bodies), new Set(['held']));
    for (const delivery of deliveries) {
      const { exchange, routingKey, properties } = delivery;
      assert.deepEqual([exchange, routingKey], ['nova', 'profiler.info']);
      assert.equal(properties.contentType, 'application/json');
      assert.equal(properties.headers?.['compression'], 'none');
    }
    assert.deepEqual([deliveries[0]!.redelivered, deliveries.at(-1)!.redelivered], [false, true]);
    await eventually(() => deliveries.at(-1)!.acknowledge());
    await running.receiver.close();
    assert.deepEqual([await leftIn(vhost), await leftIn(vhost, HOLDING)], [0, 0]);
  });

  it('are not waited for by what is complete, when the broker hands out no more ahead of them', async (test) => {
    const pairs = Array.from({ length: 99 }, (_none, index) =>
      ['start', 'stop'].map((half) =>
        body({
          name: `work-${half}`,
          trace_id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        }),
      ),
    ).flat();
    const open = ['a', 'b'].map((name) =>
      body({ name: `${name}-start`, trace_id: `${name}0000000-0000-4000-8000-000000000000` }),
    );
    await publish(
      vhost,
      [...open, ...pairs].map((each) => each.toString()),
    );
    const { bridge } = bridging(test, vhost, 60_000, { batchDelayMs: 3_600_000 });
    await eventually(() => bridge.counts.spans === pairs.length / 2);
    assert.equal(bridge.openPoints, open.length);
  });

  it('make one complete span, however often they were renewed', async (test) => {
    const { bridge, receiver, sink } = bridging(test, vhost, SOON.afterMs);
    await publish(vhost, [body({ name: 'work-start' }).toString()]);
    await eventually(() => receiver.status().requeued >= 4);
    await publish(vhost, [body({ name: 'work-stop' }).toString()]);
    await eventually(() => bridge.unacknowledged === 0 && bridge.counts.spans === 1);
    assert.deepEqual(sink.names, [['work']]);
    assert.equal(bridge.counts.incompleteSpans, 0);
    await bridge.close();
    assert.deepEqual([await leftIn(vhost), await leftIn(vhost, HOLDING)], [0, 0]);
  });

  it('are handed out little by little, at first and after a loss, and all of them in the end', async (test) => {
    const all = 3_000;
    await publish(
      vhost,
      Array.from({ length: all }, (_, index) => String(index)),
    );
    const running = start(test, vhost, { prefetch: all });
    for (const reconnects of [0, 1]) {
      await eventually(() => running.receiver.status().reconnects === reconnects);
      for (const window of [200, 2_000, all])
        await eventually(() => running.receiver.unacknowledged === window);
      if (reconnects === 0) await vhost.closeBridgeConnections();
    }
    assert.equal((await running.receiver.depth())?.consumers, 3);
    await running.receiver.stop();
    assert.equal((await running.receiver.depth())?.consumers, 0);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), all);
  });

  it('are found in the holding queue by the next bridge', async (test) => {
    await publish(vhost, ['held']);
    const first = start(test, vhost, { requeue: SOON });
    await eventually(() => first.receiver.status().fromHoldingQueue === 1);
    await first.receiver.close();
    assert.deepEqual([await leftIn(vhost), await leftIn(vhost, HOLDING)], [0, 1]);
    const second = start(test, vhost);
    await eventually(() => second.handler.bodies.length === 1);
    assert.equal(second.handler.deliveries[0]!.acknowledge(), true);
    await second.receiver.close();
    assert.equal(await leftIn(vhost, HOLDING), 0);
  });

  it('stay with the handler when the broker takes no copies, and it says so', async (test) => {
    const user = await vhost.createUser({ configure: '.*', write: '^profiler', read: '.*' });
    await publish(vhost, ['held']);
    const running = start(test, vhost, { address: vhost.address(user), requeue: SOON });
    await eventually(() => running.handler.deliveries.length >= 3);
    assert.match(running.log.text, /stay open cannot be requeued: .*amq\.default/);
    assert.equal(running.receiver.status().requeued, 0);
    await eventually(() => running.handler.deliveries.at(-1)!.acknowledge());
    assert.deepEqual(running.handler.lost, [], 'the channel has lived all the while');
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
  });

  it('are not requeued while the holding queue cannot be consumed, until it can', async (test) => {
    const permissions = { configure: '.*', write: '.*', read: '^profiler\\.info$' };
    const user = await vhost.createUser(permissions);
    await publish(vhost, ['held']);
    const running = start(test, vhost, { address: vhost.address(user), requeue: SOON });
    await eventually(() => running.log.text.includes('going on without requeueing'));
    // The queue itself is consumed after the attempt, not before it.
    await eventually(() => running.handler.deliveries.length === 1);
    assert.equal(running.handler.deliveries[0]?.live, true);
    const path = `permissions/${vhost.name}/${user.username}`;
    await broker().management('PUT', path, { ...permissions, read: '.*' });
    await eventually(() => running.receiver.status().requeued > 0);
  });

  it('come back when the holding queue is deleted and declared again', async (test) => {
    await publish(vhost, ['held']);
    const running = start(test, vhost, { requeue: { afterMs: 1_000 } });
    await untilConsuming(running);
    await eventually(() => vhostHas(vhost, HOLDING));
    await vhost.withChannel((channel) => channel.deleteQueue(HOLDING));
    await eventually(() => running.receiver.status().fromHoldingQueue === 1);
    await eventually(() => running.handler.deliveries.at(-1)!.acknowledge());
  });

  it('are all requeued while a backend is down: thousands', async (test) => {
    const bodies = Array.from({ length: 3_000 }, (_, index) => String(index));
    await publish(vhost, bodies);
    const running = start(test, vhost, { prefetch: 5_000, requeue: { afterMs: 3_000 } });
    await eventually(() => running.receiver.status().requeued >= 3_000);
    await eventually(() => running.receiver.status().fromHoldingQueue === 3_000);
    const live = running.handler.deliveries.filter((delivery) => delivery.live);
    assert.deepEqual(new Set(live.map((delivery) => delivery.body.toString())), new Set(bodies));
  });
});

describe('deliveries of a quorum queue with a delivery limit', { timeout: 180_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  after(() => vhost.remove());

  // Holding takes a moment: a limit of 1 leaves none for a connection that is lost again before it is done.
  it('are not lost by a bridge that loses its connections ten times (limit 3)', async (test) => {
    const queue = 'quorum';
    const points = Array.from({ length: 50 }, (_, index) => `point ${index}`);
    const publishHalves = (half: string) =>
      vhost.withChannel(async (channel) => {
        for (const point of points)
          channel.sendToQueue(queue, body({ name: `${point}-${half}`, trace_id: point }));
      });
    await vhost.withChannel((channel) =>
      channel.assertQueue(queue, {
        durable: true,
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 },
      }),
    );
    await publishHalves('start');
    const proxy = await FaultyProxy.start(broker().port);
    test.after(() => proxy.stop());
    const address = { ...vhost.address(), hosts: [{ host: '127.0.0.1', port: proxy.port }] };
    const { bridge, receiver, sink } = bridging(test, vhost, 60_000, { queue, address });
    for (let reconnects = 0; reconnects < 10; reconnects += 1) {
      await eventually(() => receiver.status().reconnects === reconnects && bridge.openPoints === 50);
      if (reconnects > 0) await eventually(() => receiver.status().fromHoldingQueue === 50);
      proxy.cut();
      await eventually(() => receiver.status().reconnects > reconnects);
    }
    await publishHalves('stop');
    await eventually(() => bridge.counts.spans === 50 && bridge.unacknowledged === 0);
    assert.deepEqual(sink.names.flat().sort(), [...points].sort());
    assert.equal(bridge.counts.incompleteSpans, 0);
    await bridge.close();
    assert.deepEqual([await leftIn(vhost, queue), await leftIn(vhost, holdingQueueName(queue))], [0, 0]);
  });
});

function bridging(
  test: { after(fn: () => Promise<void>): void },
  vhost: TestVhost,
  afterMs: number,
  { queue = 'profiler.info', address = vhost.address(), batchDelayMs = 10 } = {},
) {
  const sink = new PromptSink();
  const log = new RememberingLog();
  const receiver = new RabbitReceiver({
    address,
    source: { mode: 'drain', queue },
    prefetch: 1_000,
    log,
    backoff: { initialMs: 50, maximumMs: 200 },
    requeue: { afterMs },
  });
  const bridge = makeBridge({ receivers: [receiver], sink, log, batch: { delayMs: batchDelayMs } });
  const running = bridge.run();
  test.after(async () => {
    await bridge.close();
    await running;
  });
  return { bridge, receiver, sink };
}

function vhostHas(vhost: TestVhost, queue: string): Promise<boolean> {
  return vhost.withChannel((channel) =>
    channel.checkQueue(queue).then(
      () => true,
      () => false,
    ),
  );
}
