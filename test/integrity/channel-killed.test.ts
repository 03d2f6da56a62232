import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker, withConsumerTimeout } from './support/broker.js';
import { moment } from './support/patience.js';
import { ROUNDS } from './support/random.js';
import { CONSUMING, World } from './support/world.js';

const KILLED = 10 * ROUNDS;
/** After this long the bridge takes a channel for a good one, and does not wait ever longer before the next. */
const STEADY_MS = 1_000;
const TIMED_OUT = 3;

describe('a channel that the broker closes with 406', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start(withConsumerTimeout(3_000));
  });
  after(() => broker.stop());

  it(`loses nothing when an acknowledgement is sent twice, ${KILLED} times under load`, async (test) => {
    const world = await World.create(test, broker, { bridgeArguments: ['--batch-max-size', '64'] });
    const bridge = await world.consumingBridge();
    for (let killed = 0; killed < KILLED; killed++) {
      const consumed = bridge.count(CONSUMING);
      await moment(STEADY_MS);
      await Promise.all([world.publishNext(800), world.proxy.sendNextAckTwice()]);
      await bridge.untilLogged(CONSUMING, consumed + 1);
    }
    await world.publishRest();
    await world.verdict(bridge);
    assert.equal(world.backend.duplicates, 0);
  });

  it(`loses nothing when starts stay open beyond the consumer timeout, ${TIMED_OUT} times`, async (test) => {
    const world = await World.create(test, broker);
    const bridge = await world.consumingBridge();
    const long = world.load.takePairs(20);
    await world.publisher.publish(long.map(([start]) => start));
    for (let times = 1; times <= TIMED_OUT; times++) {
      await world.publishNext(800);
      await bridge.untilLogged(CONSUMING, times + 1);
    }
    await world.publisher.publish(long.map(([, stop]) => stop));
    await world.publishRest();
    await world.verdict(bridge);
    assert.equal(world.backend.duplicates, 0);
  });
});
