import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { QUEUE } from './support/publisher.js';
import { HOLDING, World } from './support/world.js';

/** To close what may not answer, after the drain timeout; and for a machine that does other things as well. */
const CLOSING_MS = 5_000 + 5_000;

describe('an operation that the broker never answers', { timeout: 300_000 }, () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it('is named in the log, and SIGTERM ends the bridge that waits for it', async (test) => {
    const world = await World.create(test, broker);
    await world.publishNext(500);
    await broker.suspend(world.vhost, QUEUE);
    const bridge = world.startBridge('--drain-timeout', '1s');
    await bridge.untilLogged(/hangs: no answer within 10 s to (looking at|consuming) "profiler\.info"/);
    await bridge.untilLogged('connected to the broker', 2);
    const begun = performance.now();
    bridge.signal();
    await bridge.ended;
    assert.ok(performance.now() - begun < 1_000 + CLOSING_MS, bridge.text);

    await broker.suspend(world.vhost, QUEUE, false);
    await world.publishRest();
    await world.verdict(await world.consumingBridge());
  });

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`does not keep a bridge that consumes from ending by ${signal}, and nothing is lost`, async (test) => {
      const world = await World.create(test, broker);
      const bridge = await world.consumingBridge('--drain-timeout', '1s');
      await world.publishNext(500);
      await world.backend.untilRequests(1);
      await broker.suspend(world.vhost, QUEUE);
      const begun = performance.now();
      bridge.signal(signal);
      await bridge.ended;
      assert.ok(performance.now() - begun < 1_000 + CLOSING_MS, bridge.text);

      await broker.suspend(world.vhost, QUEUE, false);
      await world.publishRest();
      await world.verdictAfterKills(await world.consumingBridge());
    });
  }

  it('does not keep the queue from being consumed when it concerns the holding queue', async (test) => {
    const world = await World.create(test, broker);
    const first = await world.consumingBridge();
    await world.stop(first);
    await broker.suspend(world.vhost, HOLDING);
    await world.publishNext(500);
    await world.publishRest();
    const bridge = await world.consumingBridge('--drain-timeout', '1s');
    await world.untilAllTaken();
    await bridge.untilLogged(/going on without requeueing.*hangs: no answer within 10 s/);
    bridge.signal();
    await bridge.ended;
    await broker.suspend(world.vhost, HOLDING, false);
  });
});
