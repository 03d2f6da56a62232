import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { ROUNDS } from './support/random.js';
import { CONSUMING, PARKING, World } from './support/world.js';

const LIMIT = 3;
const RECONNECTS = 10 * ROUNDS;
const LONG = 50;
/** After this long the bridge takes a connection for a good one, and does not wait ever longer before the next. */
const STEADY_MS = 1_000;

describe(`a quorum queue with a delivery limit of ${LIMIT}`, () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  const queueArguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': LIMIT };

  it(`discards nothing of what stays open while the bridge reconnects ${RECONNECTS} times`, async (test) => {
    const world = await World.create(test, broker, { queueArguments });
    const bridge = await world.consumingBridge();
    const long = world.load.takePairs(LONG);
    await world.publisher.publish(long.map(([start]) => start));
    for (let reconnects = 1; reconnects <= RECONNECTS; reconnects++) {
      await moment(STEADY_MS);
      await Promise.all([world.publishNext(400), cutSoon(world)]);
      await bridge.untilLogged(CONSUMING, reconnects + 1);
      await untilParked(world);
    }
    await world.publisher.publish(long.map(([, stop]) => stop));
    await world.publishRest();
    await world.verdict(bridge);
    assert.equal(world.backend.duplicates, 0);
    test.diagnostic(`${world.load.pairs.size} pairs`);
  });

  it(`discards nothing of what stays open while the bridge is killed ${RECONNECTS} times`, async (test) => {
    const world = await World.create(test, broker, { queueArguments });
    const long = world.load.takePairs(LONG);
    for (const [{ key }] of long) world.excused.add(key);
    await world.publisher.publish(long.map(([start]) => start));
    for (let kills = 0; kills < RECONNECTS; kills++) {
      const bridge = world.startBridgeElsewhere();
      await bridge.untilLogged(CONSUMING);
      // A bridge that never lives long enough to look at a message runs into the limit, whatever it does.
      await world.untilAllTaken();
      if (kills > 0) await untilParked(world);
      const published = world.publishNext(400);
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

/** What has been given out twice is by now where deliveries are not counted. */
function untilParked({ broker, vhost }: World): Promise<void> {
  return broker.untilQueue(vhost, PARKING, 'with all that is open', ({ messages }) => messages >= LONG);
}
