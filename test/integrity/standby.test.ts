import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BridgeProcess } from './support/bridge-process.js';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { QUEUE } from './support/publisher.js';
import { ROUNDS } from './support/random.js';
import { CONSUMING, World } from './support/world.js';

const TAKEOVERS = 6 * ROUNDS;
const STANDING_BY = /standing by/;

/** Watches the broker's own list of consumers until it is told to end. */
class ConsumerWatch {
  most = 0;
  private isOver = false;
  private readonly watching: Promise<void>;

  constructor(private readonly world: World) {
    this.watching = this.watch();
  }

  async end(): Promise<number> {
    this.isOver = true;
    await this.watching;
    return this.most;
  }

  private async watch(): Promise<void> {
    const { broker, vhost } = this.world;
    await broker.withChannel(vhost, async (channel) => {
      while (!this.isOver) {
        const { consumerCount } = await channel.checkQueue(QUEUE);
        this.most = Math.max(this.most, consumerCount);
        await moment(10);
      }
    });
  }
}

describe('two bridges on one queue', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  for (const type of ['classic', 'quorum'] as const) {
    it(`never share it, and the standby takes over ${TAKEOVERS} times without a loss (${type})`, async (test) => {
      const world = await World.create(test, broker, {
        queueArguments: { 'x-queue-type': type },
        // Few enough for one consumer a bridge, so that two mean two bridges.
        bridgeArguments: ['--prefetch', '200'],
      });
      const watch = new ConsumerWatch(world);
      let active = await world.consumingBridge();
      for (let takeovers = 0; takeovers < TAKEOVERS; takeovers++) {
        const standby = world.startBridge();
        await standby.untilLogged(STANDING_BY);
        const published = world.publishNext(800);
        await moment(world.random.below(200));
        assert.equal(standby.count(CONSUMING), 0, 'the standby keeps away while the other is there');
        await end(active, takeovers);
        await standby.untilLogged(CONSUMING);
        await published;
        active = standby;
      }
      await world.publishRest();
      test.diagnostic(await world.verdictAfterKills(active));
      assert.equal(await watch.end(), 1, 'the most consumers that the queue had at a time');
      test.diagnostic(
        `${world.load.pairs.size} pairs, ${world.backend.duplicates} spans came more than once`,
      );
    });
  }

  it('the standby takes over from one that lost its network, which becomes the standby', async (test) => {
    const world = await World.create(test, broker, { heartbeat: 2 });
    const isolated = await world.consumingBridge();
    await world.publishNext(800);
    world.proxy.pull();
    const other = world.startBridgeElsewhere();
    await other.untilLogged(CONSUMING);
    await world.publishNext(800);
    await world.publishRest();
    world.proxy.plug();
    await isolated.untilLogged(STANDING_BY);
    await world.finish(other);
    await isolated.untilLogged(CONSUMING, 2);
    await world.stop(isolated);
    world.assertNothingLost();
  });
});

/** By turns as the kernel does it and as an orderly restart does. */
async function end(bridge: BridgeProcess, turn: number): Promise<void> {
  if (turn % 2 === 0) await bridge.kill();
  else assert.equal((await bridge.stop()).status, 0, bridge.text);
}
