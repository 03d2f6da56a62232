import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReceiverState } from '../../src/contracts.js';
import type { BackendFailure } from '../../src/export/health.js';
import { LagMeter } from '../../src/sidecar/lag.js';
import { judgeReadiness, type Readiness } from '../../src/sidecar/readiness.js';

interface Given {
  readonly states?: readonly ReceiverState[];
  readonly backendFailure?: BackendFailure;
  readonly isStopping?: boolean;
}

function judge({ states = [{ kind: 'consuming' }], backendFailure, isStopping = false }: Given): Readiness {
  const receivers = states.map((state, index) => ({ name: `receiver ${index}`, state }));
  return judgeReadiness({ receivers, backendFailure, isStopping });
}

const DOWN: BackendFailure = { reason: 'answered 503', hint: 'call somebody', forMs: 90_400 };
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
    const given = { receivers, backendFailure: undefined, isStopping: false };
    const { reasons } = judgeReadiness({ ...given, shardsRefusals: ['full'] });
    assert.deepEqual(reasons, [{ code: 'shards-refusing', message: 'full' }]);
  });

  it('names everything that is in the way', () => {
    const readiness = judge({ states: [{ kind: 'connecting' }], backendFailure: DOWN, isStopping: true });
    assert.deepEqual(codes(readiness), ['receiver-connecting', 'backend-refusing', 'stopping']);
  });
});

describe('the reason why the backend accepts nothing', () => {
  it('says for how long, why, and what to do about it', () => {
    const [reason] = judge({ backendFailure: DOWN }).reasons;
    assert.equal(reason?.message, 'the backend has accepted nothing for 90s: answered 503; call somebody');
  });
});

describe('the lag', () => {
  it('is told since it was asked for last', () => {
    const lag = new LagMeter();
    assert.equal(lag.take(), undefined);
    for (const seconds of [1, 2, 6]) lag.add(seconds);
    assert.deepEqual(lag.take(), { mean: 3, max: 6 });
    assert.equal(lag.take(), undefined);
  });
});
