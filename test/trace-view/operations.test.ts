import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationsOf, quantile, repeatedQueries } from '../../src/trace-view/operations.js';
import { buildTrace } from '../../src/trace-view/trace.js';
import { type Sketch, span } from './spans.js';

const nodesOf = (...sketches: readonly Sketch[]) => buildTrace(sketches.map(span)).nodes;

function statements(parent: string, name: string, count: number): Sketch[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: `${parent}-${name}-${at}`, parent, name, at: at * 2, for: 1, statement: name },
  }));
}

describe('operations', () => {
  it('are counted by service and name, the one with most own time first', () => {
    const nodes = nodesOf(
      { id: 'root', name: 'GET /servers', for: 100 },
      { id: 'a', parent: 'root', name: 'think', at: 0, for: 10 },
      { id: 'b', parent: 'root', name: 'think', at: 20, for: 30, error: { type: 'E', message: '' } },
      { id: 'c', parent: 'root', name: 'think', service: 'other', at: 60, for: 5 },
    );
    const [first, second, third] = operationsOf(nodes);
    assert.deepEqual([first?.name, first?.self, first?.total], ['GET /servers', 55_000, 100_000]);
    assert.deepEqual(second, {
      ...{ service: 'api', name: 'think', isStatement: false, count: 2, errors: 1 },
      ...{ total: 40_000, self: 40_000, median: 10_000, p95: 30_000, longest: 30_000 },
    });
    assert.deepEqual([third?.service, third?.count], ['other', 1]);
  });

  it('have quantiles that are durations that happened', () => {
    const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
    assert.deepEqual([quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 1)], [50, 95, 100]);
    assert.equal(quantile([7], 0.95), 7);
  });
});

describe('repeated queries', () => {
  it('are those that run five times or more below one span, summed over its like, by what they cost', () => {
    const nodes = nodesOf(
      { id: 'x', name: 'GET /tokens', for: 100 },
      { id: 'y', name: 'GET /tokens', at: 200, for: 100 },
      ...statements('x', 'SELECT project', 9),
      ...statements('y', 'SELECT project', 5),
      ...statements('x', 'SELECT role', 4),
      ...statements('y', 'SELECT user', 6),
    );
    assert.deepEqual(
      repeatedQueries(nodes).map(({ name, below, parents, count, most, micros, parentId }) => ({
        ...{ name, below, parents, count, most, micros, parentId },
      })),
      [
        {
          ...{ name: 'SELECT project', below: 'GET /tokens', parents: 2, count: 14, most: 9 },
          ...{ micros: 14_000, parentId: 'x' },
        },
        {
          ...{ name: 'SELECT user', below: 'GET /tokens', parents: 1, count: 6, most: 6 },
          ...{ micros: 6_000, parentId: 'y' },
        },
      ],
    );
  });
});
