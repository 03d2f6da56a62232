import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment, until } from './support/patience.js';
import { ShardFleet, shardName } from './support/shard-fleet.js';
import { World } from './support/world.js';

const BOOTS = 20;
/** From before it has connected to when it moves messages. */
const LATEST_MS = 4_000;

describe('resharding', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  for (const type of ['quorum', 'classic'] as const) {
    it(`4 to 8 and back under load loses nothing (${type})`, async (test) => {
      const world = await World.create(test, broker, { boots: BOOTS });
      const fleet = new ShardFleet(test, world, ['--shard-count', '4', '--shard-queue-type', type]);
      for (let sharders = 0; sharders < 3; sharders++) fleet.startSharder();
      for (let replicas = 0; replicas < 4; replicas++) fleet.startReplica();
      await fleet.untilSpread(1, 1, 1, 1);
      for (const [count, spread] of [
        [8, 2],
        [4, 1],
      ] as const) {
        const published = world.publishNext(10_000);
        await until('messages in the shards', () => world.backend.spans.size > 0);
        const { status, output, log } = await fleet.reshard(count);
        assert.equal(status, 0, log);
        assert.match(output, new RegExp(`${count} now`));
        await fleet.untilSpread(spread, spread, spread, spread);
        await published;
      }
      await world.publishRest();
      test.diagnostic(await fleet.verdict(4));
      assert.equal(await broker.ready(world.vhost, shardName(0, 8)), undefined, 'the former shards are gone');
    });
  }

  it('can be killed at any moment, and finishes when it is run again', async (test) => {
    const world = await World.create(test, broker, { boots: BOOTS });
    const fleet = new ShardFleet(test, world, ['--shard-count', '4', '--shard-queue-type', 'classic']);
    for (let sharders = 0; sharders < 2; sharders++) fleet.startSharder();
    for (let replicas = 0; replicas < 2; replicas++) fleet.startReplica();
    await fleet.untilSpread(2, 2);
    let interruptions = 0;
    for (const count of [8, 3, 6]) {
      const published = world.publishNext(5_000);
      await moment(world.random.below(500));
      const { status } = await fleet.reshard(count, world.random.below(LATEST_MS));
      if (status !== 0) interruptions++;
      const { status: again, log } = await fleet.reshard(count);
      assert.equal(again, 0, log);
      await fleet.untilSpread(Math.floor(count / 2), Math.ceil(count / 2));
      await published;
    }
    assert.ok(interruptions > 0, 'at least one of them was interrupted');
    await world.publishRest();
    test.diagnostic(await fleet.verdict(6));
  });
});
