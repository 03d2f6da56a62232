import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Broker } from './support/broker.js';
import { until } from './support/patience.js';
import { World } from './support/world.js';

const USER = 'bridge';

describe('a broker that refuses for a while', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it('is waited for when the credentials are changed, and says so without quoting them', async (test) => {
    const world = await World.create(test, broker);
    await broker.setUser(world.vhost, USER, 'first-password');
    const bridge = world.startBridgeAs(USER, 'first-password');
    await bridge.untilLogged(/^consuming /);
    await world.publishNext(400);
    await broker.setUser(world.vhost, USER, 'second-password');
    world.proxy.cut();
    await bridge.untilLogged(/^waiting: .*(refused|password|login)/i);
    await world.publishNext(400);
    await broker.setUser(world.vhost, USER, 'first-password');
    await bridge.untilLogged(/^consuming /, 2);
    await world.publishRest();
    await world.verdict(bridge);
    assert.doesNotMatch(JSON.stringify(bridge.lines), /first-password|second-password/);
  });

  it('goes on being emptied while it is short of memory; what would be set aside is held until it is not', async (test) => {
    const world = await World.create(test, broker);
    const poison = Buffer.from('no notification');
    await world.publishNext(400);
    await world.publisher.publish([{ body: poison }]);
    await world.publishRest();
    await broker.alarm(true);
    test.after(() => broker.alarm(false));
    const bridge = await world.consumingBridge();
    await world.untilAllTaken();
    await broker.untilQueue(
      world.vhost,
      'profiler.info',
      'only the poison is left',
      ({ messages }) => messages === 1,
    );
    await broker.alarm(false);
    const letters = await until('set aside', async () => {
      const found = await world.deadLetters().catch(() => []);
      return found.length > 0 && found;
    });
    assert.deepEqual(
      letters.map(({ body }) => body),
      [poison],
    );
    await world.verdict(bridge);
  });
});
