import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findSpans } from '../../../src/trace-view/page/find-spans.js';
import { type Unfolding, waterfallRows } from '../../../src/trace-view/page/waterfall.js';
import { buildTrace, type Trace } from '../../../src/trace-view/trace.js';
import { type Sketch, span } from '../spans.js';

function tree(...sketches: readonly Sketch[]): Trace {
  return buildTrace(sketches.map(span));
}

/** A line a row: indentation, what it is, its state. */
function drawn(of: Trace, unfolding: Unfolding = {}): string[] | undefined {
  return waterfallRows(of, unfolding)?.map((row) => {
    const indent = ' '.repeat(row.level - 1);
    if (!('nodes' in row)) return `${indent}${row.count} more from ${row.from}`;
    const names = row.nodes.map(({ span: { name } }) => name);
    const what = row.isGroup ? `${names.length} × ${names[0]!.replace(/-\d+$/, '')}` : names.join(' › ');
    return `${indent}${what}${row.state === 'leaf' ? '' : ` (${row.state})`}`;
  });
}

function statements(parent: string, count: number, at = 0): Sketch[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${parent}-${index}`,
    parent,
    at: at + index,
    statement: 'SELECT 1',
  }));
}

describe('waterfallRows', () => {
  it('shows the tree by time, the SQL of each span in one row', () => {
    const of = tree(
      { id: 'root', for: 100 },
      ...statements('root', 3, 20),
      { id: 'call', parent: 'root', at: 10, for: 50 },
      ...statements('call', 2, 30),
      { id: 'last', parent: 'root', at: 60 },
    );
    assert.deepEqual(drawn(of), [
      'root (open)',
      ' call (open)',
      '  2 × call (closed)',
      ' 3 × root (closed)',
      ' last',
    ]);
  });

  it('leaves a single statement, a failed one and one with something below it in rows of their own', () => {
    const of = tree(
      { id: 'root', for: 100 },
      { id: 'one', parent: 'root', at: 1, statement: 'SELECT 1' },
      { id: 'failed', parent: 'root', at: 2, statement: 'SELECT 2', error: { type: 'DBError', message: '' } },
      { id: 'deep', parent: 'root', at: 3, statement: 'SELECT 3' },
      { id: 'below', parent: 'deep', at: 3, service: 'db' },
    );
    assert.deepEqual(drawn(of), ['root (open)', ' one', ' failed', ' deep (open)', '  below']);
  });

  it('opens what is asked for, at its level', () => {
    const of = tree({ id: 'root', for: 100 }, { id: 'call', parent: 'root' }, ...statements('call', 2));
    assert.deepEqual(drawn(of, { under: 'call', level: 3 }), ['  2 × call (closed)']);
    assert.deepEqual(drawn(of, { under: 'call.call-0', level: 4 }), ['   call-0', '   call-1']);
    assert.deepEqual(drawn(of, { under: 'nobody' }), undefined);
    assert.deepEqual(drawn(of, { under: 'roots.root' }), undefined);
  });

  it('puts spans that only pass a call on into the row of the first, a few at most', () => {
    const chain = (length: number): Sketch[] =>
      Array.from({ length }, (_, index) => ({
        id: `n${index}`,
        name: `Client.n${index}`,
        ...(index === 0 ? {} : { parent: `n${index - 1}` }),
      }));
    assert.deepEqual(drawn(tree(...chain(3))), ['Client.n0 › Client.n1 › Client.n2']);
    assert.equal(drawn(tree(...chain(3)), { everySpan: true })?.length, 3);
    assert.equal(drawn(tree(...chain(20)))?.length, 3);
  });

  it('puts brief inner calls of one parent, and many calls of one name in a row, into one row', () => {
    const of = tree(
      { id: 'root', for: 10_000 },
      { id: 'a', parent: 'root', at: 1 },
      { id: 'b', parent: 'root', at: 2 },
      ...[3, 4, 5, 6].map((at) => ({ id: `c${at}`, parent: 'root', name: 'c', at, for: 500 })),
    );
    assert.deepEqual(drawn(of), ['root (open)', ' 2 × a (closed)', ' 4 × c (closed)']);
    assert.deepEqual(drawn(of, { under: 'root.c3', level: 3 }), ['  c', '  c', '  c', '  c']);
  });

  it('shows each span when told to', () => {
    const of = tree({ id: 'root' }, ...statements('root', 2));
    assert.deepEqual(drawn(of, { everySpan: true }), ['root (open)', ' root-0', ' root-1']);
  });

  it('opens the upper levels first and leaves the rest closed when rows run out', () => {
    const children = Array.from({ length: 5 }, (_, index) => ({
      id: `c${index}`,
      parent: 'root',
      at: index,
    }));
    const grandchildren = children.map(({ id }) => ({ id: `g${id}`, parent: id, service: 'db' }));
    const of = tree({ id: 'root', for: 10 }, ...children, ...grandchildren);
    assert.deepEqual(drawn(of, { rows: 8 }), [
      'root (open)',
      ...[' c0 (open)', '  gc0', ' c1 (open)', '  gc1'],
      ...[' c2 (closed)', ' c3 (closed)', ' c4 (closed)'],
    ]);
  });

  it('shows many siblings a part at a time', () => {
    const of = tree(...Array.from({ length: 450 }, (_, index) => ({ id: `r${index}`, at: index })));
    const first = drawn(of)!;
    assert.deepEqual([first.length, first.at(-1)], [201, '250 more from 200']);
    const last = drawn(of, { from: 400 })!;
    assert.deepEqual([last.length, last[0], last.at(-1)], [50, 'r400', 'r449']);
  });

  it('takes a chain of thousands', () => {
    const chain = Array.from({ length: 5_000 }, (_, index) => ({
      id: `n${index}`,
      ...(index === 0 ? {} : { parent: `n${index - 1}` }),
      service: `${index % 2}`,
    }));
    const rows = drawn(tree(...chain))!;
    assert.equal(rows.length, 400);
    assert.match(rows.at(-1)!, /n399 \(closed\)$/);
  });
});

describe('findSpans', () => {
  const of = tree(
    { id: 'a', name: 'GET /servers' },
    { id: 'b', parent: 'a', service: 'Neutron', error: { type: 'NotFound', message: 'no port' } },
    { id: 'c', parent: 'a', name: 'SELECT', attributes: { 'db.query.text': 'SELECT secret FROM ports' } },
  );
  const names = (text: string, onlyErrors = false) =>
    findSpans(of, text, onlyErrors).rows.map(({ key }) => key);

  it('finds by name, service, attributes and error, whatever the case', () => {
    assert.deepEqual(names('get /'), ['a']);
    assert.deepEqual(names('neutron'), ['b']);
    assert.deepEqual(names('from PORTS'), ['c']);
    assert.deepEqual(names('no port'), ['b']);
    assert.deepEqual(names('nothing'), []);
  });

  it('finds spans that have several words, wherever each is', () => {
    assert.deepEqual(names('neutron NOTFOUND'), ['b']);
    assert.deepEqual(names('neutron servers'), []);
  });

  it('finds what failed', () => {
    assert.deepEqual(names('', true), ['b']);
  });

  it('shows the first 200 and counts all', () => {
    const many = tree(...Array.from({ length: 300 }, (_, index) => ({ id: `s${index}`, name: 'same' })));
    const { rows, found } = findSpans(many, 'same', false);
    assert.deepEqual([rows.length, found], [200, 300]);
  });
});
