import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { criticalPath, pathSteps } from '../../src/trace-view/critical-path.js';
import { buildTrace } from '../../src/trace-view/trace.js';
import { BEGIN, type Sketch, span } from './spans.js';

/** `name from–to` in milliseconds. */
function path(...sketches: readonly Sketch[]): string[] {
  return criticalPath(buildTrace(sketches.map(span))).map(
    ({ node, from, to }) => `${node.span.spanId} ${(from - BEGIN) / 1000}–${(to - BEGIN) / 1000}`,
  );
}

describe('the critical path', () => {
  it('is the time of each span in which the request waited for nothing below it, in the order of time', () => {
    assert.deepEqual(
      path(
        { id: 'root', for: 100 },
        { id: 'first', parent: 'root', at: 10, for: 30 },
        { id: 'inner', parent: 'first', at: 20, for: 10 },
        { id: 'second', parent: 'root', at: 60, for: 40 },
      ),
      ['root 0–10', 'first 10–20', 'inner 20–30', 'first 30–40', 'root 40–60', 'second 60–100'],
    );
  });

  it('follows the one that ended last of several that ran at once', () => {
    assert.deepEqual(
      path(
        { id: 'root', for: 50 },
        { id: 'short', parent: 'root', at: 5, for: 10 },
        { id: 'long', parent: 'root', at: 5, for: 40 },
      ),
      ['root 0–5', 'long 5–45', 'root 45–50'],
    );
  });

  it('leaves out asynchronous casts, which outlast their caller', () => {
    assert.deepEqual(path({ id: 'root', for: 10 }, { id: 'cast', parent: 'root', at: 2, for: 500 }), [
      'root 0–10',
    ]);
  });

  it('goes from one call of the client to the next', () => {
    assert.deepEqual(
      path({ id: 'a', for: 10 }, { id: 'b', at: 20, for: 10 }, { id: 'orphan', parent: 'gone', at: 5 }),
      ['a 0–10', 'b 20–30'],
    );
  });

  it('sums up each span once', () => {
    const pieces = criticalPath(
      buildTrace([span({ id: 'root', for: 30 }), span({ id: 'x', parent: 'root', at: 10, for: 10 })]),
    );
    assert.deepEqual(
      pathSteps(pieces).map(({ node, micros }) => [node.span.spanId, micros]),
      [
        ['root', 20_000],
        ['x', 10_000],
      ],
    );
  });

  it('never says one moment twice, whatever the spans say of each other', () => {
    const id = fc.integer({ min: 0, max: 9 }).map(String);
    const sketch = fc.record({ id, parent: id, at: fc.nat(20), for: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(sketch, { maxLength: 15 }), (sketches) => {
        let until = 0;
        for (const { node, from, to } of criticalPath(buildTrace(sketches.map(span)))) {
          assert.ok(from >= until && to > from);
          assert.ok(from >= node.span.startMicros && to <= node.span.endMicros);
          until = to;
        }
      }),
      { seed: 20_261_130, numRuns: 500 },
    );
  });

  it('takes a trace of 10,000 levels', () => {
    const deep = Array.from({ length: 10_000 }, (_, at) => ({
      id: `n${at}`,
      parent: `n${at - 1}`,
      at,
      for: 20_000 - 2 * at,
    }));
    assert.ok(path(...deep).length > 10_000);
  });
});
