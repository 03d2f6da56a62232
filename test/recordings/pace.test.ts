import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../src/pause.js';
import { Pace } from '../../src/recordings/pace.js';

/** Time passes by pausing only. */
class TestClock implements Clock {
  time = 5000;
  readonly pauses: number[] = [];
  now(): number {
    return this.time;
  }
  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.time += ms;
  }
}

async function pausesOf(speed: number, times: readonly number[]): Promise<number[]> {
  const clock = new TestClock();
  const pace = new Pace(speed, clock);
  for (const time of times) {
    await pace.wait(time, new AbortController().signal);
  }
  return clock.pauses;
}

describe('the pace of a recording', () => {
  it('keeps the distances between messages', async () => {
    assert.deepEqual(await pausesOf(1, [1e12, 1e12 + 100, 1e12 + 100, 1e12 + 350]), [100, 250]);
  });

  it('is a multiple of the recording by speed', async () => {
    assert.deepEqual(await pausesOf(10, [1000, 2000, 7000]), [100, 500]);
    assert.deepEqual(await pausesOf(0.5, [1000, 2000]), [2000]);
  });

  it('does not wait for messages out of order, and does not shift later ones', async () => {
    assert.deepEqual(await pausesOf(1, [1000, 2000, 500, 2100]), [1000, 100]);
  });

  it('waits longer than a timer can', async () => {
    const month = 30 * 24 * 3600 * 1000;
    assert.deepEqual(await pausesOf(1, [0, month]), [2 ** 31 - 1, month - (2 ** 31 - 1)]);
  });

  it('ends when it is cut short', async () => {
    const stopping = new AbortController();
    const clock = new TestClock();
    clock.pause = async () => stopping.abort();
    const pace = new Pace(1, clock);
    await pace.wait(0, stopping.signal);
    await pace.wait(1e6, stopping.signal);
    assert.equal(clock.now(), 5000);
  });
});
