import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReceiverState } from '../../src/contracts.js';
import { newCounts } from '../../src/counts.js';
import { BackendHealth } from '../../src/export/health.js';
import { LagMeter } from '../../src/sidecar/lag.js';
import { ProgressLog } from '../../src/sidecar/progress-log.js';
import type { WatchedReceiver } from '../../src/sidecar/watched-receiver.js';
import { eventually } from '../support/rabbitmq.js';
import { RememberingLog } from '../support/receiving.js';

function logging(receivers: readonly WatchedReceiver[] = [], intervalMs = 3_600_000) {
  const clock = { now: 0 };
  const log = new RememberingLog();
  const health = new BackendHealth(log, () => clock.now);
  const bridge = { counts: newCounts(), unacknowledged: 7, openPoints: 3, inFlightSpans: 0, health };
  const lag = new LagMeter();
  const progress = new ProgressLog({ bridge, receivers, lag, log, intervalMs, now: () => clock.now });
  return { clock, bridge, log, lag, progress };
}

function receiver(state: ReceiverState, messages?: number): WatchedReceiver {
  return {
    receiver: { name: 'r', state },
    depth: async () => (messages === undefined ? undefined : { messages, consumers: 1 }),
  };
}

describe('the line of progress', () => {
  it('has rates since the last one, what is open, the lag and what waits in the queues', async () => {
    const both = [receiver({ kind: 'consuming' }, 40), receiver({ kind: 'consuming' }, 2)];
    const { clock, bridge, log, lag, progress } = logging(both);
    bridge.counts.received = 600;
    bridge.counts.spans = 300;
    lag.add(0.5);
    lag.add(1.5);
    clock.now = 60_000;
    await progress.write();
    clock.now = 120_000;
    await progress.write();
    progress.stop();
    const [first, second] = log.lines;
    assert.deepEqual([first?.level, first?.message], ['info', 'progress']);
    assert.deepEqual(first?.fields, {
      notificationsPerSecond: 10,
      spansPerSecond: 5,
      openPoints: 3,
      unacknowledged: 7,
      lagSeconds: 1,
      maxLagSeconds: 1.5,
      queued: 42,
    });
    const { notificationsPerSecond, lagSeconds } = second?.fields ?? {};
    assert.deepEqual([notificationsPerSecond, lagSeconds], [0, undefined]);
  });

  it('says what is not as it should be, and leaves out what nobody knows', async () => {
    const waiting: ReceiverState = { kind: 'waiting', reason: 'there is no queue' };
    const { log, bridge, progress } = logging([receiver(waiting), receiver({ kind: 'consuming' }, 2)]);
    bridge.health.refuse({ reason: 'answered 503' });
    await progress.write();
    progress.stop();
    const { waiting: said, backend: refusal, queued } = log.lines[0]!.fields;
    assert.deepEqual(said, ['there is no queue']);
    assert.match(String(refusal), /answered 503/);
    assert.equal(queued, undefined);
  });

  it('comes again and again until it is stopped', async () => {
    const { log, progress } = logging([], 1);
    await eventually(() => log.lines.length >= 3);
    progress.stop();
  });
});
