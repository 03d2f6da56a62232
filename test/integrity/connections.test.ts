import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { Random, ROUNDS } from './support/random.js';
import { CONSUMING, World } from './support/world.js';

/** Strikes while notifications are published. */
type Fault = (world: World) => Promise<void>;

const PER_FAULT = 800;
/** After this long the bridge takes a connection for a good one, and does not wait ever longer before the next. */
const STEADY_MS = 1_000;

const cut = atRandom(({ proxy }) => proxy.cut());
const reset = atRandom(({ proxy }) => proxy.reset());
/** The other end is there, and says nothing more: noticed by the heartbeat alone. */
const stall = atRandom(({ proxy }) => proxy.stall());
const restart = atRandom(({ broker }) => broker.restart());
const crash = atRandom(({ broker }) => broker.crash());
/** The broker hears of some settlements of a batch and not of the others: half a pair may come again. */
const cutBehindAck: Fault = ({ proxy }) => proxy.cutBehindNextAck();

function atRandom(strike: (world: World) => Promise<void> | void): Fault {
  return async (world) => {
    await moment(world.random.below(300));
    await strike(world);
  };
}

/** So many of each. */
const CUTS: Readonly<Record<'classic' | 'quorum', readonly Fault[]>> = {
  classic: repeat([cut, 5], [reset, 5], [cutBehindAck, 6], [stall, 4]),
  quorum: repeat([cut, 2], [reset, 2], [cutBehindAck, 3], [stall, 1]),
};
const RESTARTS: readonly Fault[] = repeat([restart, 1], [crash, 1], [restart, 1]);

function repeat(...counts: readonly (readonly [Fault, number])[]): Fault[] {
  return counts.flatMap(([fault, count]) => Array<Fault>(count * ROUNDS).fill(fault));
}

/** One bridge lives through all of them. */
async function endure(world: World, faults: readonly Fault[]): Promise<void> {
  const bridge = await world.consumingBridge();
  for (const fault of faults) {
    const consumed = bridge.count(CONSUMING);
    await moment(STEADY_MS);
    await Promise.all([world.publishNext(PER_FAULT), fault(world)]);
    await bridge.untilLogged(CONSUMING, consumed + 1);
  }
  await world.publishRest();
  await world.verdict(bridge);
}

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

  it(`loses nothing when the broker restarts or crashes ${RESTARTS.length} times under load`, async (test) => {
    const world = await World.create(test, broker);
    await endure(world, RESTARTS);
    test.diagnostic(`${world.load.pairs.size} pairs, ${world.backend.duplicates} spans came more than once`);
  });

  it('exports nothing twice when only connections break and the bridge remembers', async (test) => {
    const world = await World.create(test, broker);
    await endure(world, [cut, cutBehindAck, reset, cutBehindAck]);
    assert.equal(world.backend.duplicates, 0);
  });
});
