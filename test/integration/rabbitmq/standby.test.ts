import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { start, untilConsuming, untilWaitingFor } from './support.js';

describe('two bridges on one queue', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  after(() => vhost.remove());

  for (const type of ['classic', 'quorum']) {
    it(`keeps the second on standby until the first ends (${type} queue)`, async (test) => {
      const queue = `profiler.${type}`;
      await vhost.withChannel(async (channel) => {
        await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
        channel.sendToQueue(queue, Buffer.from('held'));
      });
      const first = start(test, vhost, { source: { mode: 'drain', queue } });
      await eventually(() => first.handler.deliveries.length === 1);
      const second = start(test, vhost, { source: { mode: 'drain', queue } });
      await untilWaitingFor(second, /another bridge consumes this queue; standing by/);
      assert.equal((await first.receiver.depth())?.consumers, 1);
      assert.equal(second.log.lines.filter(({ message }) => message.includes('standing by')).length, 1);

      await first.receiver.close();
      await untilConsuming(second);
      const again = await eventually(() => second.handler.deliveries[0]);
      assert.equal(again.redelivered, true);
      // A quorum queue counts: what comes for the second time and stays open is renewed, and comes once more.
      await eventually(() => second.handler.deliveries.at(-1)!.acknowledge());
    });
  }

  it('can be told not to care', async (test) => {
    await vhost.withChannel((channel) => channel.assertQueue('shared', { durable: true }));
    const options = { source: { mode: 'drain', queue: 'shared' }, exclusive: false } as const;
    await Promise.all([
      untilConsuming(start(test, vhost, options)),
      untilConsuming(start(test, vhost, options)),
    ]);
  });

  it('makes a lock beside a queue with the longest name there can be', async (test) => {
    const queue = 'q'.repeat(255);
    await vhost.withChannel((channel) => channel.assertQueue(queue, { durable: true }));
    await untilConsuming(start(test, vhost, { source: { mode: 'drain', queue } }));
  });
});
