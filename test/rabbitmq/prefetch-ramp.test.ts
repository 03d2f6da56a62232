import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstWindow, rampUp } from '../../src/rabbitmq/prefetch-ramp.js';

const CAUTION = { prefetch: 10_000, atDeliveries: 1 };

describe('the window of a connection', () => {
  it('begins small, or with the whole prefetch when that is smaller', () => {
    assert.deepEqual([firstWindow(10_000), firstWindow(50)], [200, 50]);
  });

  it('grows as soon as as many messages are finished as it holds', async () => {
    const world = new World();
    world.each = () => {
      world.finished += 500;
    };
    await rampUp(world, CAUTION, world.over.signal, world);
    assert.deepEqual(world.widened, [1_800, 8_000]);
    assert.ok(world.time < 1_000, 'long before it is calm');
  });

  it('grows after a while when it is full of what stays open', async () => {
    const world = new World();
    await rampUp(world, CAUTION, world.over.signal, world);
    assert.deepEqual(world.widened, [1_800, 8_000]);
    assert.deepEqual(world.at, [1_000, 6_000]);
  });

  it('does not grow while it holds what was given out before and could be renewed', async () => {
    const world = new World();
    world.deliveredBefore = 1;
    world.each = () => {
      world.finished += 500;
      if (world.time >= 12_000) world.deliveredBefore = 0;
    };
    await rampUp(world, CAUTION, world.over.signal, world);
    assert.equal(world.at[0], 12_000);
  });

  it('grows in the end, or a queue whose messages cannot be requeued would stand still', async () => {
    const world = new World();
    world.deliveredBefore = 1;
    await rampUp(world, CAUTION, world.over.signal, world);
    assert.deepEqual(world.at, [30_000, 60_000]);
  });

  it('takes no care of what is not to be renewed yet', async () => {
    const world = new World();
    world.deliveredBefore = 4;
    await rampUp(world, { ...CAUTION, atDeliveries: 5 }, world.over.signal, world);
    assert.deepEqual(world.at, [1_000, 6_000]);
  });

  it('holds the whole prefetch and no more', async () => {
    for (const [prefetch, widened] of [
      [150, []],
      [200, []],
      [201, [1]],
      [2_000, [1_800]],
      [2_001, [1_800, 1]],
    ] as const) {
      const world = new World();
      await rampUp(world, { ...CAUTION, prefetch }, world.over.signal, world);
      assert.deepEqual(world.widened, widened);
    }
  });

  it('is left alone once the channel has died, and once it is over', async () => {
    const dead = new World();
    dead.isDead = true;
    await rampUp(dead, CAUTION, dead.over.signal, dead);
    assert.deepEqual(dead.widened, []);
    const ending = new World();
    ending.each = () => ending.over.abort();
    await rampUp(ending, CAUTION, ending.over.signal, ending);
    assert.deepEqual(ending.widened, []);
  });
});

/** A consumption, and a clock that goes as fast as it is asked to. */
class World {
  finished = 0;
  /** The delivery count of something that it holds. */
  deliveredBefore = 0;
  isDead = false;
  time = 0;
  readonly over = new AbortController();
  readonly widened: number[] = [];
  readonly at: number[] = [];
  /** What happens after each look. */
  each: () => void = () => undefined;

  holdsDelivered(times: number): boolean {
    return this.deliveredBefore >= times;
  }

  async grow(by: number): Promise<void> {
    if (this.isDead) throw new Error('Channel closed');
    this.widened.push(by);
    this.at.push(this.time);
  }

  now(): number {
    return this.time;
  }

  async pause(ms: number): Promise<void> {
    this.time += ms;
    this.each();
  }
}
