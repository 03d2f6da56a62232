import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker, withConsumerTimeout } from './support/broker.js';
import { moment } from './support/patience.js';
import { ROUNDS } from './support/random.js';
import { CONSUMING, World } from './support/world.js';

interface Case {
  readonly timeoutMs: number;
  readonly requeueAfter: string;
  readonly openMs: number;
}

/** The broker's own pace: a minute, looked at once a minute; by default everything is faster. */
const CASE: Case =
  ROUNDS > 1
    ? { timeoutMs: 60_000, requeueAfter: '20s', openMs: 300_000 }
    : { timeoutMs: 15_000, requeueAfter: '1500ms', openMs: 35_000 };

const LONG = 50;

describe('trace points that stay open beyond consumer_timeout', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start(withConsumerTimeout(CASE.timeoutMs));
  });
  after(() => broker.stop());

  for (const type of ['classic', 'quorum'] as const) {
    it(`leave complete and once, and the channel lives through it (${type})`, async (test) => {
      const world = await World.create(test, broker, {
        queueArguments: { 'x-queue-type': type },
        bridgeArguments: ['--requeue-after', CASE.requeueAfter],
      });
      const bridge = await world.consumingBridge();
      const long = world.load.takePairs(LONG);
      await world.publisher.publish(long.map(([start]) => start));
      await world.publishNext(2_000);
      await world.publishRest();
      await moment(CASE.openMs);
      await world.publisher.publish(long.map(([, stop]) => stop));
      const summary = await world.verdict(bridge);
      assert.equal(world.backend.duplicates, 0);
      assert.equal(bridge.count(CONSUMING), 1, bridge.text);
      test.diagnostic(`${summary.returned} renewals of ${LONG} open starts`);
      assert.ok(summary.returned >= LONG);
    });
  }
});
