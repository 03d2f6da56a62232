import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backoff } from '../../src/rabbitmq/backoff.js';

describe('the backoff', () => {
  it('doubles its ceiling up to the maximum, and spreads waits over all of it', () => {
    const bounds = { initialMs: 250, maximumMs: 1_500 };
    const most = new Backoff(bounds, () => 1);
    assert.deepEqual(
      [most.next(), most.next(), most.next(), most.next(), most.next()],
      [250, 500, 1_000, 1_500, 1_500],
    );
    const least = new Backoff(bounds, () => 0);
    assert.deepEqual([least.next(), least.next()], [0, 0]);
  });

  it('begins anew after a reset', () => {
    const backoff = new Backoff({ initialMs: 100, maximumMs: 800 }, () => 0.5);
    backoff.next();
    backoff.next();
    assert.equal(backoff.ceilingMs, 400);
    backoff.reset();
    assert.equal(backoff.next(), 50);
  });
});
