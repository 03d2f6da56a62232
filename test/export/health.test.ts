import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackendHealth } from '../../src/export/health.js';
import { RememberingLog } from '../support/receiving.js';

function watching() {
  const clock = { now: 0 };
  const log = new RememberingLog();
  return { clock, log, health: new BackendHealth(log, () => clock.now) };
}

describe("the backend's health", () => {
  it('is good while there was nothing to send, and after long idleness', () => {
    const { clock, health } = watching();
    assert.equal(health.failure, undefined);
    health.accept();
    clock.now = 3_600_000;
    assert.equal(health.failure, undefined);
  });

  it('is bad from the first refusal on, with the last reason and for how long, even if spans were accepted just before', () => {
    const { clock, health } = watching();
    health.accept();
    health.refuse({ reason: 'answered 503' });
    clock.now = 90_000;
    health.refuse({ reason: 'answered 429', hint: 'wait' });
    assert.deepEqual(health.failure, { reason: 'answered 429', hint: 'wait', forMs: 90_000 });
  });

  it('is good again from the first acceptance on, and the log says after how long', () => {
    const { clock, health, log } = watching();
    health.refuse({ reason: 'answered 503' });
    clock.now = 12_300;
    health.accept();
    assert.equal(health.failure, undefined);
    assert.deepEqual(log.lines, [
      {
        level: 'info',
        fields: { seconds: 12, reason: 'answered 503' },
        message: 'the backend accepts spans again',
      },
    ]);
  });

  it('is not worth a line when it was bad for less than a second', () => {
    const { clock, health, log } = watching();
    health.refuse({ reason: 'answered 503' });
    clock.now = 900;
    health.accept();
    assert.deepEqual(log.lines, []);
  });
});
