import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { ROUNDS } from './support/random.js';
import { CONSUMING, HOLDING, World } from './support/world.js';

const LIMIT = 3;
const RECONNECTS = 10 * ROUNDS;
const LONG = 50;
/** How many notifications come in a round. */
const ROUND = 400;
/** Where the broker puts what it discards, so that it can be told from what the bridge would lose. */
const DISCARDED = 'discarded';
/** After this long the bridge takes a connection for a good one, and does not wait ever longer before the next. */
const STEADY_MS = 1_000;

describe(`a quorum queue with a delivery limit of ${LIMIT}`, () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  const queueArguments = {
    ...{ 'x-queue-type': 'quorum', 'x-delivery-limit': LIMIT },
    ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': DISCARDED },
  };

  async function worldWithDiscards(test: TestContext): Promise<World> {
    const world = await World.create(test, broker, { queueArguments });
    await broker.withChannel(world.vhost, (channel) => channel.assertQueue(DISCARDED));
    return world;
  }

  it(`discards nothing of what stays open while the bridge reconnects ${RECONNECTS} times`, async (test) => {
    const world = await worldWithDiscards(test);
    const bridge = await world.consumingBridge();
    const long = world.load.takePairs(LONG);
    await world.publisher.publish(long.map(([start]) => start));
    // Of these there is no span before the end.
    for (const [{ key }] of long) world.excused.add(key);
    for (let reconnects = 1; reconnects <= RECONNECTS; reconnects++) {
      await moment(STEADY_MS);
      await Promise.all([world.publishNext(ROUND), cutSoon(world)]);
      await bridge.untilLogged(CONSUMING, reconnects + 1);
      // A bridge that never has the time to look at a message runs into the limit, whatever it does.
      await world.untilAllTaken();
      await untilParked(world);
      await assertNothingDiscarded(world);
    }
    world.excused.clear();
    await world.publisher.publish(long.map(([, stop]) => stop));
    await world.publishRest();
    await world.verdict(bridge);
    assert.equal(world.backend.duplicates, 0);
    test.diagnostic(`${world.load.pairs.size} pairs`);
  });

  it(`discards nothing of what stays open while the bridge is killed ${RECONNECTS} times`, async (test) => {
    const world = await worldWithDiscards(test);
    const long = world.load.takePairs(LONG);
    for (const [{ key }] of long) world.excused.add(key);
    await world.publisher.publish(long.map(([start]) => start));
    for (let kills = 0; kills < RECONNECTS; kills++) {
      const bridge = world.startBridgeElsewhere();
      await bridge.untilLogged(CONSUMING);
      await world.untilAllTaken();
      if (kills > 0) await untilParked(world);
      await assertNothingDiscarded(world);
      const published = world.publishNext(ROUND);
      await moment(world.random.below(300));
      await bridge.kill();
      await published;
    }
    world.excused.clear();
    await world.publisher.publish(long.map(([, stop]) => stop));
    await world.publishRest();
    test.diagnostic(await world.verdictAfterKills(await world.consumingBridge()));
  });
});

async function cutSoon({ random, proxy }: World): Promise<void> {
  await moment(random.below(300));
  proxy.cut();
}

async function assertNothingDiscarded({ broker, vhost }: World): Promise<void> {
  assert.equal(await broker.ready(vhost, DISCARDED), 0, 'messages that the broker discarded');
}

/** What has been given out twice is by now where deliveries are not counted. */
function untilParked({ broker, vhost }: World): Promise<void> {
  return broker.untilQueue(vhost, HOLDING, 'with all that is open', ({ messages }) => messages >= LONG);
}
