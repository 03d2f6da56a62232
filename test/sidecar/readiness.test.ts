import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome, ReceiverState } from '../../src/contracts.js';
import { BackendWatch } from '../../src/sidecar/backend-watch.js';
import { judgeReadiness, type Readiness } from '../../src/sidecar/readiness.js';

interface Given {
  readonly states?: readonly ReceiverState[];
  readonly backendRefusal?: string;
  readonly isStopping?: boolean;
}

function judge({ states = [{ kind: 'consuming' }], backendRefusal, isStopping = false }: Given): Readiness {
  const receivers = states.map((state, index) => ({ name: `receiver ${index}`, state }));
  return judgeReadiness({ receivers, backendRefusal, isStopping });
}

const codes = ({ reasons }: Readiness) => reasons.map(({ code }) => code);

describe('readiness', () => {
  it('is there while every receiver consumes', () => {
    const { ready, state, reasons } = judge({ states: [{ kind: 'consuming' }, { kind: 'consuming' }] });
    assert.deepEqual({ ready, state, reasons }, { ready: true, state: 'working', reasons: [] });
  });

  it('is there for a standby, which says so', () => {
    const standby: ReceiverState = { kind: 'waiting', reason: 'standing by', isStandby: true };
    const { ready, state, receivers } = judge({ states: [standby] });
    assert.deepEqual([ready, state], [true, 'standby']);
    assert.deepEqual(receivers, [{ name: 'receiver 0', state: 'standby', reason: 'standing by' }]);
  });

  it('is not there while one receiver of several waits, connects or has ended, with the reason', () => {
    for (const [state, code] of [
      [{ kind: 'waiting', reason: 'there is no queue' }, 'receiver-waiting'],
      [{ kind: 'connecting' }, 'receiver-connecting'],
      [{ kind: 'ended' }, 'receiver-ended'],
    ] as const) {
      const readiness = judge({ states: [{ kind: 'consuming' }, state] });
      assert.equal(readiness.ready, false);
      assert.deepEqual(codes(readiness), [code]);
      assert.equal(readiness.reasons[0]?.receiver, 'receiver 1');
    }
    const waiting = judge({ states: [{ kind: 'waiting', reason: 'there is no queue' }] });
    assert.equal(waiting.reasons[0]?.message, 'there is no queue');
  });

  it('is not there while shards cannot be written, with the reason', () => {
    const receivers = [{ name: 'the queue', state: { kind: 'consuming' } }] as const;
    const given = { receivers, backendRefusal: undefined, isStopping: false };
    const { reasons } = judgeReadiness({ ...given, shardsRefusals: ['full'] });
    assert.deepEqual(reasons, [{ code: 'shards-refusing', message: 'full' }]);
  });

  it('names everything that is in the way', () => {
    const readiness = judge({ states: [{ kind: 'connecting' }], backendRefusal: 'down', isStopping: true });
    assert.deepEqual(codes(readiness), ['receiver-connecting', 'backend-refusing', 'stopping']);
  });
});

const TAKEN: Outcome = { kind: 'accepted' };
const DOWN: Outcome = { kind: 'retryable', reason: 'answered 503' };

describe('the backend', () => {
  function watch() {
    const clock = { now: 0 };
    const backend = new BackendWatch(() => clock.now);
    return { clock, backend, observe: (outcome: Outcome) => backend.observe({ outcome }) };
  }

  it('is well while there is nothing to take', () => {
    assert.equal(watch().backend.refusal, undefined);
  });

  it('that never took anything and fails refuses at once, with its reason and for how long', () => {
    const { backend, clock, observe } = watch();
    observe(DOWN);
    assert.match(backend.refusal ?? '', /answered 503/);
    clock.now = 90_000;
    observe({ kind: 'retryable', reason: 'answered 429' });
    assert.equal(backend.refusal, 'the backend has taken nothing for 90s: answered 429');
  });

  it('that took something lately may fail for a while', () => {
    const { backend, clock, observe } = watch();
    observe(TAKEN);
    clock.now = 10_000;
    observe(DOWN);
    clock.now = 29_999;
    assert.equal(backend.refusal, undefined);
    clock.now = 30_000;
    assert.match(backend.refusal ?? '', /^the backend has taken nothing for 20s/);
    observe(TAKEN);
    assert.equal(backend.refusal, undefined);
  });

  it('is well after long idleness, and while it refuses single batches for good', () => {
    const { backend, clock, observe } = watch();
    observe(TAKEN);
    clock.now = 3_600_000;
    assert.equal(backend.refusal, undefined);
    observe({ kind: 'permanent', reason: 'answered 400' });
    assert.equal(backend.refusal, undefined);
  });

  it('tells the lag since it was asked last', () => {
    const { backend } = watch();
    assert.equal(backend.takeLag(), undefined);
    for (const seconds of [1, 2, 6]) backend.addLag(seconds);
    assert.deepEqual(backend.takeLag(), { mean: 3, max: 6 });
    assert.equal(backend.takeLag(), undefined);
  });
});
