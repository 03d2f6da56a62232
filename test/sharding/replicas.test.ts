import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareOf } from '../../src/sharding/replicas.js';
import { property } from '../support/notifications.js';

describe("a replica's share of the shards", () => {
  it('adds up with those of the others to all shards, and differs from none by more than one', () => {
    const world = fc.record({
      shards: fc.integer({ min: 1, max: 256 }),
      replicas: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(world, ({ shards, replicas }) => {
        const shares = Array.from({ length: replicas }, (_, seat) => shareOf(shards, replicas, seat));
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          shards,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
      }),
      property(),
    );
  });

  it('is the smaller one for a replica that has no seat among those that are counted', () => {
    assert.equal(shareOf(8, 3, Number.POSITIVE_INFINITY), 2);
    assert.equal(shareOf(8, 3, 3), 2);
  });
});
