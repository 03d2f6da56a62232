import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { QUEUE } from './support/publisher.js';
import { ROUNDS } from './support/random.js';
import { assertLaw, World } from './support/world.js';

const STOPS = 12 * ROUNDS;

describe('SIGTERM', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it(`in the middle of the work loses nothing and exports nothing twice, ${STOPS} times`, async (test) => {
    const world = await World.create(test, broker, { bridgeArguments: ['--batch-max-size', '64'] });
    let returned = 0;
    for (let stops = 0; stops < STOPS; stops++) {
      const published = world.publishNext(1_500);
      const bridge = await world.consumingBridge();
      await moment(world.random.below(400));
      const { status, summary } = await bridge.stop();
      assert.equal(status, 0, bridge.text);
      assertLaw(summary);
      assert.equal(summary.unacknowledged, 0);
      returned += summary.returned;
      await published;
    }
    await world.publishRest();
    await world.verdict(await world.consumingBridge());
    test.diagnostic(
      `${world.load.pairs.size} pairs; ${returned} notifications went back when a bridge ended`,
    );
    assert.equal(world.backend.duplicates, 0);
  });

  it('ends with DRAIN_INCOMPLETE when the backend does not answer, and the next bridge exports it all', async (test) => {
    const world = await World.create(test, broker);
    world.backend.rule = () => ({ kind: 'hang' });
    await world.publishNext(2_000);
    await world.publishRest();
    const bridge = world.startBridge('--drain-timeout', '500ms');
    await world.backend.untilRequests(1);
    const { status, summary } = await bridge.stop();
    assert.equal(status, 5, bridge.text);
    assertLaw(summary);
    assert.equal(summary.exported, 0);
    assert.equal(await broker.ready(world.vhost, QUEUE), world.load.pairs.size * 2);

    world.backend.rule = () => ({ kind: 'take' });
    await world.verdict(await world.consumingBridge());
    assert.equal(world.backend.duplicates, 0);
  });

  it('a second time leaves at once, and everything goes back', async (test) => {
    const world = await World.create(test, broker);
    world.backend.rule = () => ({ kind: 'hang' });
    await world.publishNext(500);
    await world.publishRest();
    const bridge = world.startBridge('--drain-timeout', '1h');
    await world.backend.untilRequests(1);
    bridge.signal();
    await bridge.untilLogged(/^shutting down/);
    bridge.signal();
    assert.deepEqual(await bridge.ended, { status: 128 + constants.signals.SIGTERM, signal: null });

    world.backend.rule = () => ({ kind: 'take' });
    await world.verdict(await world.consumingBridge());
  });
});
