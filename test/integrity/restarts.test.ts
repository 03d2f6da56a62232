import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { atRandom, endure, repeat } from './support/endure.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const restart = atRandom(({ broker }) => broker.restart());
const restartApplication = atRandom(({ broker }) => broker.restartApplication());
const crash = atRandom(({ broker }) => broker.crash());

describe('a broker with a durable queue', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  const faults = new Random().shuffle(repeat([restartApplication, 12], [restart, 3], [crash, 5]));
  it(`loses nothing when it restarts or crashes ${faults.length} times under load`, async (test) => {
    const world = await World.create(test, broker);
    await endure(world, faults);
    test.diagnostic(`${world.load.pairs.size} pairs, ${world.backend.duplicates} spans came more than once`);
  });
});
