import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { fuzz } from './support/fuzz.js';
import { Random, ROUNDS } from './support/random.js';
import { RecordedLoad } from './support/recorded-load.js';
import { World } from './support/world.js';

const FUZZED = 10_000;
const GOOD_PAIRS = 500;
/** Fuzzed ones behind each half of a good pair. */
const BETWEEN = FUZZED / GOOD_PAIRS / 2;

/** Halves whose others were mutated out of recognition stay open; all of them fit. */
const BRIDGE = ['--max-open-points', '20000', '--max-dead-letters', '20000'];

describe('poison between good notifications', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  for (let round = 0; round < ROUNDS; round++) {
    it(`${FUZZED} mutated bodies disturb no other, and each goes one way (${round + 1})`, async (test) => {
      const world = await World.create(test, broker, { bridgeArguments: BRIDGE });
      const random = new Random(world.random.seed + round);
      const real = new RecordedLoad(`fuzzed ${world.vhost}`).take(FUZZED);
      const fuzzed = real.map(({ body }) => fuzz(body, random));
      const good = world.load.takePairs(GOOD_PAIRS).flat();
      const mixed = good.flatMap((half, index) => [
        half,
        ...fuzzed.slice(index * BETWEEN, (index + 1) * BETWEEN),
      ]);
      const bridge = await world.consumingBridge();
      await world.publisher.publish(mixed);

      const summary = await world.finish(bridge, 'what was returned');
      world.assertArrived();
      assert.equal(summary.notifications, FUZZED + 2 * world.load.pairs.size);
      assert.equal(bridge.count('connected to the broker'), 1);

      const letters = await world.deadLetters();
      const byReason: Record<string, number> = {};
      for (const { reason } of letters) byReason[String(reason)] = (byReason[String(reason)] ?? 0) + 1;
      assert.deepEqual(byReason, { ...summary.rejected });
      const published = new Set(fuzzed.map(({ body }) => body.toString('latin1')));
      assert.ok(letters.every(({ body }) => published.has(body.toString('latin1'))));

      const { filtered, returned, exported, duplicates } = summary;
      test.diagnostic(JSON.stringify({ exported, duplicates, filtered, returned, rejected: byReason }));
    });
  }
});
