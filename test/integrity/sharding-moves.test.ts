import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment, until } from './support/patience.js';
import { ShardFleet, shardName } from './support/shard-fleet.js';
import { World } from './support/world.js';

const BOOTS = 20;

describe('shards move', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it('to replicas that come, and from those that go, under load and evenly', async (test) => {
    const world = await World.create(test, broker, { boots: BOOTS });
    const fleet = new ShardFleet(test, world, ['--shard-count', '8']);
    fleet.startSharder();
    fleet.startReplica();
    await fleet.untilSpread(8);
    const steps: readonly (readonly [change: 'join' | 'leave' | 'kill', spread: readonly number[]])[] = [
      ['join', [4, 4]],
      ['join', [2, 3, 3]],
      ['join', [2, 2, 2, 2]],
      ['leave', [2, 3, 3]],
      ['kill', [4, 4]],
      ['kill', [8]],
    ];
    for (const [change, spread] of steps) {
      const published = world.publishNext(2_000);
      await moment(world.random.below(500));
      if (change === 'join') fleet.startReplica();
      else await end(fleet, change);
      await fleet.untilSpread(...spread);
      await published;
    }
    await world.publishRest();
    test.diagnostic(await fleet.verdict(8));
  });

  it('to the next in line at once, when they are named', async (test) => {
    const world = await World.create(test, broker, { boots: BOOTS });
    const fleet = new ShardFleet(test, world, ['--shard-count', '2']);
    fleet.startSharder();
    const first = fleet.startReplica('--shards', '0-1');
    await first.untilLogged('consuming shards');
    const second = fleet.startReplica('--shards', '0-1');
    await second.untilLogged('consuming shards');
    await world.publishNext(4_000);
    await until('the first has exported', () => world.backend.spans.size > 500);
    fleet.replicas.shift();
    await first.kill();
    await world.publishRest();
    test.diagnostic(await fleet.verdict(2));
  });

  it('with more replicas than shards, each shard is in one hand and the rest stand by', async (test) => {
    const world = await World.create(test, broker, { boots: BOOTS });
    const fleet = new ShardFleet(test, world, ['--shard-count', '2', '--shard-queue-type', 'classic']);
    fleet.startSharder();
    for (let replicas = 0; replicas < 3; replicas++) fleet.startReplica();
    await fleet.untilSpread(0, 1, 1);
    for (const index of [0, 1]) {
      await broker.untilQueue(
        world.vhost,
        shardName(index, 2),
        'has one consumer',
        ({ consumers }) => consumers === 1,
      );
    }
    await world.publishNext(4_000);
    await world.publishRest();
    test.diagnostic(await fleet.verdict(2));
  });
});

async function end(fleet: ShardFleet, how: 'leave' | 'kill'): Promise<void> {
  const replica = fleet.replicas.shift()!;
  if (how === 'kill') await replica.kill();
  else assert.equal((await replica.stop()).status, 0, replica.text);
}
