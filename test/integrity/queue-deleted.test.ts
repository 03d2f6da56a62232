import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { QUEUE } from './support/publisher.js';
import { ROUNDS } from './support/random.js';
import { RecordedLoad } from './support/recorded-load.js';
import { CONSUMING, World } from './support/world.js';

const DELETIONS = 5 * ROUNDS;

describe('a queue that is deleted and comes back', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it(`costs only what was in it, ${DELETIONS} times under load`, async (test) => {
    const world = await World.create(test, broker);
    const bridge = await world.consumingBridge();
    for (let deletions = 0; deletions < DELETIONS; deletions++) {
      const consumed = bridge.count(CONSUMING);
      // What is in a queue goes with it: whether a span was made of it is left open, but not whether it is a whole one.
      const doomed = new RecordedLoad(`doomed ${deletions} ${world.vhost}`);
      await world.publisher.publish(doomed.take(800));
      await moment(world.random.below(100));
      await world.publisher.deleteQueue();
      await bridge.untilLogged(/there is no queue/, deletions + 1);
      await world.publisher.declareQueue();
      await bridge.untilLogged(CONSUMING, consumed + 1);
      await world.publishNext(800);
      await world.publishRest();
      await world.untilAllTaken();
      for (const [key, span] of doomed.pairs)
        if (world.backend.spans.has(key)) world.load.pairs.set(key, span);
    }
    const { returned } = await world.verdict(bridge);
    test.diagnostic(`${world.load.pairs.size} pairs; ${returned} notifications went with their queues`);
    assert.equal(world.backend.duplicates, 0);
    assert.equal(await broker.ready(world.vhost, QUEUE), 0);
  });
});
