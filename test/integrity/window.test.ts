import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { World } from './support/world.js';

const WINDOW = 50;
/** Starts that are open at once: far beyond the window, and beyond what the broker hands out at a time. */
const OPEN = 1_000;
const WHOLE = 300;

describe('more open starts than the window', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it('let stops through all the same; the oldest leave as incomplete spans, and are counted', async (test) => {
    const world = await World.create(test, broker, {
      bridgeArguments: ['--max-open-points', String(WINDOW), '--batch-max-size', '10'],
    });
    const bridge = await world.consumingBridge();
    const long = world.load.takePairs(OPEN);
    const whole = world.load.takePairs(WHOLE);
    await world.publisher.publish(long.map(([start]) => start));
    await world.publisher.publish(whole.flat());
    await world.publisher.publish(long.map(([, stop]) => stop));
    const summary = await world.finish(bridge);

    const { spans, duplicates } = world.backend;
    const isIncomplete = ([{ key }]: (typeof long)[number]): boolean => spans.get(key)!.incomplete;
    const incomplete = long.filter(isIncomplete);
    assert.deepEqual(whole.filter(isIncomplete), []);
    assert.deepEqual(incomplete, long.slice(0, incomplete.length), 'the oldest first');
    assert.ok(incomplete.length >= OPEN - WINDOW && incomplete.length < OPEN, `${incomplete.length}`);
    assert.equal(summary.incomplete, incomplete.length);
    assert.equal(summary.late, incomplete.length, 'their stops came late');
    assert.equal(duplicates, 0);
    test.diagnostic(
      `${incomplete.length} of ${OPEN} left incomplete, ${OPEN - incomplete.length} found their stops`,
    );
  });
});
