import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shardsBySeat } from '../../src/sharding/replicas.js';
import { property } from '../support/notifications.js';

const shards = fc.integer({ min: 1, max: 256 });
const replicas = fc.integer({ min: 1, max: 40 });

describe('the shards of each seat', () => {
  it('are all shards, each in one seat, and no seat has two more than another', () => {
    fc.assert(
      fc.property(shards, replicas, (count, seats) => {
        const bySeat = shardsBySeat(count, seats);
        assert.equal(bySeat.length, seats);
        const sorted = bySeat.flat().sort((one, other) => one - other);
        assert.deepEqual(
          sorted,
          Array.from({ length: count }, (_, index) => index),
        );
        const sizes = bySeat.map(({ length }) => length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      }),
      property(),
    );
  });

  it('stay with their seats when a replica comes, but for those that it gets', () => {
    fc.assert(
      fc.property(shards, replicas, (count, seats) => {
        const before = shardsBySeat(count, seats);
        const after = shardsBySeat(count, seats + 1);
        for (const [seat, indices] of before.entries()) {
          const kept = indices.filter((index) => !after[seats]!.includes(index));
          assert.deepEqual(after[seat], kept);
        }
      }),
      property(),
    );
  });
});
