import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { ROUNDS } from './support/random.js';
import { ShardFleet } from './support/shard-fleet.js';
import { World } from './support/world.js';

const KILLS = 12 * ROUNDS;
const PER_KILL = 2_500;
/** One boot's trace is in one shard: so many at once are needed for all shards to have something to do. */
const BOOTS = 20;

describe('sharded bridges', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  for (const type of ['quorum', 'classic'] as const) {
    it(`lose nothing while sharders and replicas are killed, ${KILLS} times under load (${type})`, async (test) => {
      const world = await World.create(test, broker, { boots: BOOTS });
      const fleet = new ShardFleet(test, world, ['--shard-count', '8', '--shard-queue-type', type]);
      for (let sharders = 0; sharders < 3; sharders++) fleet.startSharder();
      for (let replicas = 0; replicas < 4; replicas++) fleet.startReplica();
      await fleet.untilSpread(2, 2, 2, 2);
      for (let kills = 0; kills < KILLS; kills++) {
        const published = world.publishNext(PER_KILL);
        await moment(world.random.below(1_500));
        const kind = world.random.pick(['sharders', 'replicas'] as const);
        await fleet.replaceOne(kind, world.random.below(fleet[kind].length));
        await published;
      }
      await world.publishRest();
      await fleet.untilSpread(2, 2, 2, 2);
      test.diagnostic(await fleet.verdict(8));
    });
  }
});
