import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareTraces, percentSlower } from '../../src/trace-view/compare.js';
import { buildTrace, type Trace } from '../../src/trace-view/trace.js';
import { type Sketch, span } from './spans.js';

const traceOf = (...sketches: readonly Sketch[]): Trace => buildTrace(sketches.map(span));

describe('comparing traces', () => {
  const before = traceOf(
    { id: 'root', name: 'GET /servers', for: 100 },
    { id: 'a', parent: 'root', name: 'stays', for: 10 },
    { id: 'b', parent: 'root', name: 'goes', at: 20, for: 10 },
    { id: 'c', parent: 'root', name: 'slows', at: 40, for: 10 },
  );

  it('names what is new, gone, slower or faster, the largest change of own time first', () => {
    const after = traceOf(
      { id: 'root', name: 'GET /servers', for: 100 },
      { id: 'a', parent: 'root', name: 'stays', for: 10 },
      { id: 'c', parent: 'root', name: 'slows', at: 40, for: 35 },
      { id: 'd', parent: 'root', name: 'comes', at: 80, for: 5 },
    );
    assert.deepEqual(
      compareTraces([before], [after]).differences.map(({ name, kind, selfChange }) => [
        name,
        kind,
        selfChange,
      ]),
      [
        ['slows', 'slower', 25_000],
        ['GET /servers', 'faster', -20_000],
        ['goes', 'gone', -10_000],
        ['comes', 'new', 5_000],
      ],
    );
  });

  it('notes another number of spans or errors, with the same own time', () => {
    const failed = traceOf(
      { id: 'root', name: 'GET /servers', for: 100 },
      { id: 'a', parent: 'root', name: 'stays', for: 10, error: { type: 'E', message: '' } },
      { id: 'b', parent: 'root', name: 'goes', at: 20, for: 10 },
      { id: 'c', parent: 'root', name: 'slows', at: 40, for: 10 },
    );
    const [difference, ...others] = compareTraces([before], [failed]).differences;
    assert.deepEqual([difference?.name, difference?.kind, others], ['stays', 'changed', []]);
  });

  it('uses medians, so that one slow run of several is no difference', () => {
    const slow = traceOf({ id: 'root', name: 'GET /servers', for: 900 });
    const { after, differences } = compareTraces([before], [slow, before, before]);
    assert.deepEqual([after.traces, after.spans, after.waitedMicros, differences], [3, 4, 100_000, []]);
  });

  it('says by how many per cent the own time grew', () => {
    const amount = { count: 1, self: 10, errors: 0 };
    assert.equal(percentSlower({ before: amount, selfChange: 5 }), 50);
    assert.equal(percentSlower({ before: { ...amount, self: 0 }, selfChange: 5 }), Number.POSITIVE_INFINITY);
  });
});
