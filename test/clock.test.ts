import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { coarseNow } from '../src/clock.js';

describe('the time of a turn', () => {
  it('stands still within the turn, and has passed in the next one', async () => {
    const before = performance.now();
    const reading = coarseNow();
    assert.ok(Number.isInteger(reading) && reading >= Math.trunc(before), `${reading} at ${before}`);
    while (performance.now() < before + 3);
    await Promise.resolve();
    assert.equal(coarseNow(), reading);
    await nextTurn();
    assert.ok(coarseNow() >= Math.trunc(before + 3), `${coarseNow()} after ${reading}`);
  });
});
