import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Message } from 'amqplib';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { QUEUE } from './support/publisher.js';
import { ROUNDS } from './support/random.js';
import { keyOf } from './support/recorded-load.js';
import { ShardFleet, shardName } from './support/shard-fleet.js';
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
      await world.untilAllTaken();
      await fleet.stop();
      world.assertNothingLost();
      const left = await leftIn(world, 8);
      test.diagnostic(
        `${world.load.pairs.size} pairs; ${world.backend.duplicates} spans came more than once; ${left} second halves left`,
      );
    });
  }
});

/** Takes everything out of a queue by consuming it: quorum queues with a single active consumer allow no other way. */
function emptied({ broker, vhost }: World, queue: string): Promise<Message[]> {
  return broker.withChannel(vhost, async (channel) => {
    const { messageCount } = await channel.checkQueue(queue);
    const messages: Message[] = [];
    if (messageCount === 0) return messages;
    await new Promise<void>((resolve) => {
      void channel.consume(queue, (message) => {
        if (message !== null) messages.push(message);
        if (messages.length === messageCount) resolve();
      });
    });
    for (const message of messages) channel.ack(message);
    return messages;
  });
}

/** Checks that what is left belongs to pairs that were taken, and that it is little. @returns how many messages. */
async function leftIn(world: World, shards: number): Promise<number> {
  const queues = [QUEUE, ...Array.from({ length: shards }, (_, index) => shardName(index, shards))];
  const messages = (await Promise.all(queues.map((queue) => emptied(world, queue)))).flat();
  const strangers = messages.filter(({ content }) => !world.backend.spans.has(keyOf(content)));
  assert.deepEqual(strangers, []);
  assert.ok(messages.length < world.load.pairs.size * 0.05, `${messages.length} halves were left behind`);
  return messages.length;
}
