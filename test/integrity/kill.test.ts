import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { ROUNDS } from './support/random.js';
import { World } from './support/world.js';

const KILLS = 50 * ROUNDS;
const PER_KILL = 800;
/** From before it has connected to the midst of its work. */
const LATEST_MS = 1_500;

/** When a bridge is killed: the worst moments are those at which backend and broker know different things. */
const MOMENTS: readonly ((world: World) => Promise<unknown>)[] = [
  ({ random }) => moment(random.below(LATEST_MS)),
  ({ backend }) => backend.answerNext({ kind: 'take and hang' }),
  ({ backend }) => backend.answerNext({ kind: 'hang' }),
  async ({ backend, random }) => {
    await backend.untilRequests(1 + random.below(3));
    await moment(random.below(20));
  },
];

describe('kill -9 of the bridge', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it(`loses nothing, ${KILLS} times at random moments under load`, async (test) => {
    const world = await World.create(test, broker, { bridgeArguments: ['--batch-max-size', '64'] });
    for (let kills = 0; kills < KILLS; kills++) {
      const published = world.publishNext(PER_KILL);
      const bridge = world.startBridgeElsewhere();
      await world.random.pick(MOMENTS)(world);
      assert.ok(bridge.isRunning, bridge.text);
      await bridge.kill();
      await published;
    }
    await world.publishRest();
    test.diagnostic(await world.verdictAfterKills(await world.consumingBridge()));
    assert.ok(world.backend.duplicates > 0, 'a kill between taking and settling makes a span come again');
  });
});
