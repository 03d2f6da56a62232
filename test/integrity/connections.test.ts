import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { atRandom, endure, type Fault, repeat } from './support/endure.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const cut = atRandom(({ proxy }) => proxy.cut());
const reset = atRandom(({ proxy }) => proxy.reset());
/** The other end is there, and says nothing more: noticed by the heartbeat alone. */
const stall = atRandom(({ proxy }) => proxy.stall());
/** The broker hears of some settlements of a batch and not of the others: half a pair may come again. */
const cutBehindAck: Fault = ({ proxy }) => proxy.cutBehindNextAck();

/** So many of each. */
const CUTS: Readonly<Record<'classic' | 'quorum', readonly Fault[]>> = {
  classic: repeat([cut, 5], [reset, 5], [cutBehindAck, 6], [stall, 4]),
  quorum: repeat([cut, 2], [reset, 2], [cutBehindAck, 3], [stall, 1]),
};
describe('the connection to the broker', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  for (const type of ['classic', 'quorum'] as const) {
    const faults = new Random().shuffle(CUTS[type]);
    it(`loses nothing when it is cut, reset and stalled ${faults.length} times under load (${type})`, async (test) => {
      const world = await World.create(test, broker, {
        queueArguments: { 'x-queue-type': type },
        heartbeat: 1,
      });
      await endure(world, faults);
      test.diagnostic(
        `${world.load.pairs.size} pairs, ${world.backend.duplicates} spans came more than once`,
      );
    });
  }

  it('exports nothing twice when only connections break and the bridge remembers', async (test) => {
    const world = await World.create(test, broker);
    await endure(world, [cut, cutBehindAck, reset, cutBehindAck]);
    assert.equal(world.backend.duplicates, 0);
  });
});
