import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildTrace, type TraceNode } from '../../src/trace-view/trace.js';
import { BEGIN, span } from './spans.js';

/** `a(b(c)d)`. */
function shape(nodes: readonly TraceNode[]): string {
  return nodes
    .map(({ span: { spanId }, children }) => spanId + (children.length > 0 ? `(${shape(children)})` : ''))
    .join('');
}

describe('buildTree', () => {
  it('hangs spans below their parents, by start, whatever order they come in', () => {
    const spans = [
      span({ id: 'c', parent: 'b', at: 2 }),
      span({ id: 'd', parent: 'a', at: 3 }),
      span({ id: 'b', parent: 'a', at: 1 }),
      span({ id: 'a' }),
    ];
    assert.equal(shape(buildTrace(spans).roots), 'a(b(c)d)');
  });

  it('shows a span whose parent never came among the roots', () => {
    const { roots } = buildTrace([span({ id: 'a' }), span({ id: 'b', parent: 'gone', at: 1 })]);
    assert.deepEqual(
      roots.map(({ span: { spanId }, isOrphan }) => [spanId, isOrphan]),
      [
        ['a', false],
        ['b', true],
      ],
    );
  });

  it('opens a circle of parents above its earliest span', () => {
    const spans = [
      span({ id: 'a', parent: 'c', at: 2 }),
      span({ id: 'b', parent: 'a', at: 1 }),
      span({ id: 'c', parent: 'b', at: 3 }),
      span({ id: 'x', parent: 'c', at: 0 }),
    ];
    assert.equal(shape(buildTrace(spans).roots), 'b(c(xa))');
  });

  it('opens a span that is its own parent', () => {
    const [root] = buildTrace([span({ id: 'a', parent: 'a' })]).roots;
    assert.equal(root?.isOrphan, true);
    assert.deepEqual(root.children, []);
  });

  it('keeps the first of two spans with one id', () => {
    const { nodes } = buildTrace([span({ id: 'a', name: 'first' }), span({ id: 'a', name: 'second' })]);
    assert.deepEqual(
      nodes.map((node) => node.span.name),
      ['first'],
    );
  });

  it('counts as self time what no child covers, overlapping children once', () => {
    const { roots } = buildTrace([
      span({ id: 'a', for: 10 }),
      span({ id: 'b', parent: 'a', at: 1, for: 4 }),
      span({ id: 'c', parent: 'a', at: 3, for: 4 }),
      span({ id: 'd', parent: 'a', at: 9, for: 5 }),
    ]);
    assert.equal(roots[0]?.selfMicros, 3_000);
  });

  it('knows when work that outlives its caller ends', () => {
    const tree = buildTrace([span({ id: 'a', for: 2 }), span({ id: 'b', parent: 'a', at: 1, for: 20 })]);
    assert.equal(tree.roots[0]?.lastMicros, BEGIN + 21_000);
    assert.equal(tree.lastMicros, BEGIN + 21_000);
  });

  it('follows the slowest path by what a span sets off, and ends it where no child dominates', () => {
    const { slowest } = buildTrace([
      span({ id: 'quick', for: 5 }),
      span({ id: 'cast', for: 1 }),
      span({ id: 'work', parent: 'cast', at: 1, for: 100 }),
      span({ id: 'trifle', parent: 'work', at: 2, for: 10 }),
    ]);
    assert.deepEqual(
      [...slowest].map((node) => node.span.spanId),
      ['cast', 'work'],
    );
  });

  it('has no slowest path when nothing took time, and no roots without spans', () => {
    assert.equal(buildTrace([span({ id: 'a', for: 0 })]).slowest.size, 0);
    assert.deepEqual(buildTrace([]).roots, []);
  });

  it('takes traces that are very wide or very deep', () => {
    const wide = Array.from({ length: 10_000 }, (_, at) => span({ id: `${at}`, parent: 'root', at }));
    assert.equal(buildTrace([span({ id: 'root' }), ...wide]).roots[0]?.children.length, 10_000);
    const deep = Array.from({ length: 10_000 }, (_, at) => span({ id: `${at}`, parent: `${at - 1}`, at }));
    assert.equal(buildTrace(deep).roots[0]?.size, 10_000);
  });

  it('has every span exactly once, whatever the spans say of their parents', () => {
    const id = fc.integer({ min: 0, max: 12 }).map(String);
    const sketch = fc.record({
      id,
      parent: fc.option(id, { nil: undefined }),
      at: fc.nat(20),
      for: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(sketch, { maxLength: 15 }), (sketches) => {
        const spans = sketches.map(({ parent, ...rest }) =>
          span(parent === undefined ? rest : { ...rest, parent }),
        );
        const { roots } = buildTrace(spans);
        const ids: string[] = [];
        const visit = (node: TraceNode): void => {
          ids.push(node.span.spanId);
          assert.ok(node.selfMicros >= 0);
          node.children.forEach(visit);
        };
        roots.forEach(visit);
        assert.deepEqual(ids.sort(), [...new Set(spans.map(({ spanId }) => spanId))].sort());
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });
});
