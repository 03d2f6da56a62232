import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
import fc from 'fast-check';
import { heldBound } from '../../src/assembler.js';
import { hasFailed } from '../../src/mapping/failed.js';
import { SpanMapper } from '../../src/mapping/span.js';
import type { PyObject } from '../../src/python-json/parse.js';
import { Bench } from '../support/bench.js';
import { property, start, stop } from '../support/notifications.js';

const ERROR: PyObject = { etype: 'Boom', message: 'it broke' };
const QUIET = 30_000;

describe('keeping traces with errors', () => {
  it('holds a trace until it is over, and then drops it with a reason of its own', () => {
    const bench = new Bench({ keepErrors: true }).point('a').point('b');
    assert.deepEqual([bench.left, bench.translator.heldTokens], [[], 4]);
    bench.overdue(QUIET - 1);
    assert.deepEqual(bench.left, []);
    bench.overdue(QUIET);
    assert.deepEqual(bench.dropped, { 'not-kept': ['+a', '-a', '+b', '-b'] });
    assert.equal(bench.translator.heldTokens, 0);
  });

  it('lets all of it leave with the first error, and what comes after at once', () => {
    const bench = new Bench({ keepErrors: true }).point('a').begin('b');
    bench.end('b', { info: ERROR });
    assert.deepEqual(bench.spans, ['a', 'b']);
    bench.point('c', { now: 10 * QUIET });
    assert.deepEqual(bench.spans, ['a', 'b', 'c']);
  });

  it('decides each trace by itself', () => {
    const bench = new Bench({ keepErrors: true }).point('a', { trace: 'good' });
    bench.begin('b', { trace: 'bad' }).end('b', { trace: 'bad', info: ERROR }).flush();
    assert.deepEqual(bench.spans, ['b']);
    assert.deepEqual(bench.dropped, { 'not-kept': ['+a', '-a'] });
  });

  it('sees the error of a point that another rule drops', () => {
    const bench = new Bench({ keepErrors: true, drop: ['noise'] }).point('a').begin('b', { name: 'noise' });
    bench.end('b', { name: 'noise', info: ERROR }).flush();
    assert.deepEqual(bench.spans, ['a']);
  });

  it('drops what comes of a dropped trace later, an error among it', () => {
    const bench = new Bench({ keepErrors: true }).point('a').overdue(QUIET);
    bench.begin('b', { now: QUIET }).end('b', { now: QUIET, info: ERROR });
    assert.deepEqual(bench.spans, []);
    assert.deepEqual(bench.dropped, { 'not-kept': ['+a', '-a', '+b', '-b'] });
  });
});

describe('keeping slow traces', () => {
  it('takes a trace from its first notification to its last', () => {
    const options = { keepSlowerThanMs: 100 };
    assert.deepEqual(new Bench(options).point('a', {}, 99_999).flush().spans, []);
    assert.deepEqual(new Bench(options).point('a', {}, 100_000).spans, ['a']);
    const bench = new Bench(options).point('a').point('b', { at: 99_000 }).flush();
    assert.deepEqual(bench.spans, ['a', 'b']);
  });

  it('waits for a point that is open, however quiet the trace, and keeps it at the deadline', () => {
    const bench = new Bench({ keepSlowerThanMs: 1_000, keepDeadlineMs: 60_000 }).begin('long').point('a');
    bench.overdue(QUIET);
    assert.deepEqual(bench.left, []);
    bench.overdue(60_000);
    assert.deepEqual(bench.spans, ['a']);
    bench.end('long', { now: 61_000 });
    assert.deepEqual(bench.spans, ['a', 'long']);
  });
});

describe('the bounds of what waits to be kept', () => {
  it('decide the oldest trace early, and count that apart', () => {
    for (const bound of [{ keepMaxPoints: 2 }, { keepMaxBytes: 4 }]) {
      const bench = new Bench({ keepErrors: true, ...bound });
      bench.point('a', { trace: 'old' }).point('b', { trace: 'young' }).point('c', { trace: 'young' });
      assert.deepEqual(bench.dropped, { 'not-kept-early': ['+a', '-a'] });
      assert.equal(bench.translator.heldTokens, 4);
    }
  });

  it('decide a trace that never falls silent at the deadline', () => {
    const bench = new Bench({ keepErrors: true, keepDeadlineMs: 50_000 });
    for (const now of [0, 20_000, 40_000]) bench.point(`p${now}`, { now }).overdue(now);
    assert.deepEqual(bench.left, []);
    bench.overdue(50_000);
    assert.equal(bench.dropped['not-kept-early']?.length, 6);
  });

  it('are part of the window of deliveries', () => {
    assert.equal(heldBound({ maxOpenPoints: 10, keepErrors: true, keepMaxPoints: 5 }), 20);
    assert.equal(heldBound({ maxOpenPoints: 10, keepMaxPoints: 5 }), 10);
  });
});

describe('the others', () => {
  it('are kept by their ratio, without waiting', () => {
    assert.deepEqual(new Bench({ keepErrors: true, keepRatio: 1 }).point('a').spans, ['a']);
    const traces = Array.from({ length: 400 }, (_, index) => `trace ${index}`);
    const bench = new Bench({ keepErrors: true, keepRatio: 0.25 });
    for (const trace of traces) bench.point(trace, { trace });
    bench.flush();
    assert.ok(bench.spans.length > 60 && bench.spans.length < 140, `${bench.spans.length} of 400`);
  });
});

describe('a root span', () => {
  it('is made of kept traces only', () => {
    const options = { rootSpan: true, keepErrors: true };
    assert.deepEqual(new Bench(options).point('a').overdue(QUIET).spans, []);
    const bench = new Bench(options).begin('a').end('a', { info: ERROR }).overdue(QUIET);
    assert.deepEqual(bench.spans, ['root', 'a']);
  });
});

describe('what waits', () => {
  it('takes the newer token of a half that comes again', () => {
    const bench = new Bench({ keepErrors: true }).point('a').begin('a', {}, 'again');
    assert.deepEqual(bench.tokens, ['+a']);
    bench.flush();
    assert.deepEqual(bench.dropped, { 'not-kept': ['again', '-a'] });
  });

  it('is forgotten with its origin, and decided afresh when it comes again', () => {
    const bench = new Bench({ keepErrors: true }).point('a');
    assert.equal(
      bench.translator.forget(() => true),
      2,
    );
    bench.overdue(QUIET);
    assert.deepEqual(bench.left, []);
    bench.begin('b').end('b', { info: ERROR }).point('a');
    assert.deepEqual(bench.spans, ['b', 'a']);
  });

  it('whatever comes in whatever order: a trace is kept or dropped as a whole', () => {
    const point = fc.record({
      trace: fc.nat(3),
      isBad: fc.boolean(),
      lasts: fc.nat(5_000),
      at: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), fc.boolean(), (points, keepErrors) => {
        const rules = { keepErrors, keepSlowerThanMs: 8, keepMaxPoints: 1_000 };
        const bench = new Bench(rules);
        for (const [index, { trace, isBad, lasts, at }] of points.entries()) {
          const half = { trace: `t${trace}`, at };
          bench.begin(`${trace}/${index}`, half);
          bench.end(`${trace}/${index}`, { ...half, at: at + lasts, ...(isBad ? { info: ERROR } : {}) });
        }
        bench.flush();
        const traceOf = (id: string) => id.split('/')[0]!;
        for (const trace of new Set(points.map((each) => String(each.trace)))) {
          const all = points.filter((each) => String(each.trace) === trace);
          const begin = Math.min(...all.map(({ at }) => at));
          const end = Math.max(...all.map(({ at, lasts }) => at + lasts));
          const isKept = end - begin >= 8_000 || (keepErrors && all.some(({ isBad }) => isBad));
          const spans = bench.spans.filter((id) => traceOf(id) === trace).length;
          assert.equal(spans, isKept ? all.length : 0);
        }
      }),
      property(400),
    );
  });
});

describe('a failed point', () => {
  it('is one whose span has status ERROR', () => {
    const info = fc.constantFrom<PyObject>(
      {},
      ERROR,
      { etype: '' },
      { requests: { status_code: 500 } },
      { requests: { status_code: 404 } },
      { requests: { status_code: 200 } },
      { requests: { status_code: '500' } },
      { requests: { method: 'GET' } },
      { request: { method: 'GET' } },
    );
    const mapper = new SpanMapper({});
    fc.assert(
      fc.property(info, info, fc.constantFrom('both', 'start', 'stop'), (atStart, atStop, halves) => {
        const point = {
          start: halves === 'stop' ? undefined : start({ info: atStart }),
          stop: halves === 'start' ? undefined : stop({ info: atStop }),
        };
        assert.equal(hasFailed(point), mapper.toSpan(point).status.code === SpanStatusCode.ERROR);
      }),
      property(500),
    );
  });
});
