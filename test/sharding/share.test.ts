import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planMove } from '../../src/sharding/share.js';
import { property } from '../support/notifications.js';

/** A made-up broker: who has which shards, and who says that it wants more. */
class Crowd {
  readonly hands: number[][];
  private readonly wanting = new Set<number[]>();

  constructor(
    private readonly shards: number,
    replicas: number,
    private readonly random: () => number,
  ) {
    this.hands = Array.from({ length: replicas }, () => []);
  }

  /** Each replica looks once, one after the other. */
  look(): void {
    for (const held of this.hands) {
      const taken = new Set(this.hands.flat());
      const free = Array.from({ length: this.shards }, (_, index) => index).filter(
        (index) => !taken.has(index),
      );
      const { release, claim, least } = planMove(
        {
          shards: this.shards,
          replicas: this.hands.length,
          ...{ held, free },
          isSomebodyWanting: [...this.wanting].some((other) => other !== held),
        },
        this.random,
      );
      const left = held.filter((index) => !release.includes(index));
      held.splice(0, held.length, ...left, ...claim);
      if (held.length < least) this.wanting.add(held);
      else this.wanting.delete(held);
    }
  }

  leave(index: number): void {
    const [gone] = this.hands.splice(index, 1);
    this.wanting.delete(gone!);
  }

  join(): void {
    this.hands.push([]);
  }

  get isEven(): boolean {
    const counts = this.hands.map(({ length }) => length);
    return this.hands.flat().length === this.shards && Math.max(...counts) - Math.min(...counts) <= 1;
  }
}

describe('sharing shards', () => {
  it('becomes even, whoever comes and goes', () => {
    const change = fc.constantFrom('join', 'leave');
    const world = fc.record({
      shards: fc.integer({ min: 1, max: 24 }),
      replicas: fc.integer({ min: 1, max: 6 }),
      changes: fc.array(change, { maxLength: 6 }),
      seed: fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
    });
    fc.assert(
      fc.property(world, ({ shards, replicas, changes, seed }) => {
        const crowd = new Crowd(shards, replicas, () => seed.next().value as number);
        const settle = () => {
          for (let looks = 0; looks < 400 && !crowd.isEven; looks++) crowd.look();
          assert.ok(crowd.isEven, `${shards} shards: ${crowd.hands.map(({ length }) => length)}`);
          const before = JSON.stringify(crowd.hands);
          crowd.look();
          crowd.look();
          assert.equal(JSON.stringify(crowd.hands), before, 'and stays as it is');
        };
        settle();
        for (const how of changes) {
          if (how === 'join') crowd.join();
          else if (crowd.hands.length > 1) crowd.leave(0);
          settle();
        }
      }),
      property(150),
    );
  });

  it('gives a newcomer its share at once, the latest taken first', () => {
    const outlook = { shards: 4, replicas: 2, held: [2, 0, 3, 1], free: [], isSomebodyWanting: false };
    assert.deepEqual(planMove(outlook, () => 0).release, [3, 1]);
  });

  it('takes no more than its share of what is free', () => {
    const outlook = {
      shards: 8,
      replicas: 3,
      held: [],
      free: [0, 1, 2, 3, 4, 5, 6, 7],
      isSomebodyWanting: false,
    };
    assert.deepEqual(planMove(outlook, () => 0.5).claim, [4, 5, 6]);
  });
});
