import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { Span } from '../../../src/trace-view/span.js';
import { widthOf } from '../../../src/trace-view/terminal/text.js';
import { renderTrace } from '../../../src/trace-view/terminal/trace.js';
import type { RenderOptions } from '../../../src/trace-view/terminal/tree.js';
import { span } from '../spans.js';

const PLAIN: RenderOptions = { columns: 100, colour: false, unfoldSql: false };
const FROM = { command: 'openstack token issue', notifications: 8 };

/** The lines of the tree, without its heading. */
function treeOf(spans: readonly Span[], options: Partial<RenderOptions> = {}): string[] {
  const lines = renderTrace(spans, FROM, { ...PLAIN, ...options }).split('\n');
  return lines.slice(5, lines.indexOf('', 5));
}

function sql(id: string, parent: string, name: string, at: number, length = 1): Span {
  return span({ id, parent, name, at, for: length, kind: 'client', statement: `${name} WHERE id = ?` });
}

describe('renderTrace', () => {
  it('says what was done, which trace it is, and how much of it there is', () => {
    const spans = [span({ id: 'a', for: 1500 }), span({ id: 'b', parent: 'a', service: 'db' })];
    assert.deepEqual(renderTrace(spans, FROM, PLAIN).split('\n').slice(0, 3), [
      '$ openstack token issue',
      '  trace 0af7651916cd43dd8448eb211c80319c',
      '  8 notifications → 2 spans, 2 services, 1 root, 1.50 s',
    ]);
  });

  it('shows start, time and place in time beside each span, and marks the slowest path', () => {
    const spans = [
      span({ id: 'a', name: 'GET /servers', kind: 'server', for: 100 }),
      span({
        id: 'b',
        parent: 'a',
        service: 'keystone',
        kind: 'server',
        name: 'GET /tokens',
        at: 50,
        for: 50,
      }),
      span({ id: 'c', parent: 'a', name: 'think', at: 10, for: 5 }),
    ];
    assert.deepEqual(treeOf(spans), [
      '▌ └ ● api GET /servers                                                    0  100 ms ━━━━━━━━━━━━━━━━',
      '    ├ · think                                                       10.0 ms  5.0 ms  ─',
      '▌   └ ● keystone GET /tokens                                        50.0 ms 50.0 ms         ━━━━━━━━',
    ]);
  });

  it('says how long work goes on that outlives the span', () => {
    const [line] = treeOf([
      span({ id: 'cast', for: 10 }),
      span({ id: 'work', parent: 'cast', at: 5, for: 95 }),
    ]);
    assert.match(line!, /cast \(100 ms in all\) .* 10\.0 ms ━━┄+$/);
  });

  it('puts statements of one summary together, with their time in all', () => {
    const spans = [
      span({ id: 'a', for: 1000 }),
      ...Array.from({ length: 12 }, (_, at) => sql(`s${at}`, 'a', 'SELECT instances', at * 10, 2)),
    ];
    assert.match(treeOf(spans)[1]!, /^ {4}└ ≡ SELECT instances ×12 +0 24\.0 ms +┄+$/);
  });

  it('gives three heavy summaries rows of their own and the others one', () => {
    const names = ['SELECT a', 'SELECT b', 'SELECT c', 'SELECT d', 'SELECT e'];
    const statements = names.map((name, index) => sql(`s${index}`, 'a', name, index * 10, 10 - index));
    const labels = treeOf([span({ id: 'a', for: 100 }), ...statements]).map((line) =>
      line.slice(0, 50).trimEnd(),
    );
    assert.deepEqual(labels.slice(1), [
      '    ├ ≡ SELECT a',
      '    ├ ≡ SELECT b',
      '    ├ ≡ SELECT c',
      '    └ ≡ 2 other SQL: SELECT d, SELECT e',
    ]);
  });

  it('only counts statements that hardly take time', () => {
    const spans = [
      span({ id: 'a', for: 10_000 }),
      sql('s', 'a', 'SELECT x', 1),
      sql('t', 'a', 'SELECT y', 2),
    ];
    const lines = treeOf(spans);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /a \(2 SQL\)/);
  });

  it('shows every statement with its text when asked to', () => {
    const spans = [span({ id: 'a', for: 9 }), sql('s', 'a', 'SELECT x', 1), sql('t', 'a', 'SELECT x', 2)];
    const lines = treeOf(spans, { unfoldSql: true });
    assert.equal(lines.length, 3);
    assert.match(lines[1]!, /≡ SELECT x {2}SELECT x WHERE id = \?/);
  });

  it('puts more than three calls of one name in a row together, with what is below them', () => {
    const calls = Array.from({ length: 4 }, (_, at) => [
      span({ id: `c${at}`, parent: 'a', name: 'GET /tokens', service: 'keystone', at, kind: 'server' }),
      span({ id: `d${at}`, parent: `c${at}`, name: 'inner', service: 'keystone', at }),
    ]).flat();
    const root = span({ id: 'a', for: 10 });
    assert.match(treeOf([root, ...calls])[1]!, /keystone GET \/tokens ×4 \(\+4 inside\) /);
    assert.equal(treeOf([root, ...calls.slice(0, 6)]).length, 7);
  });

  it('never folds an error away, and says what went wrong', () => {
    const calls = Array.from({ length: 6 }, (_, at) =>
      span({
        id: `c${at}`,
        parent: 'a',
        name: 'GET /tokens',
        at,
        ...(at === 3 ? { error: { type: 'neutron.NotFound', message: 'Network\nis gone' } } : {}),
      }),
    );
    const lines = treeOf([span({ id: 'a', for: 10 }), ...calls]);
    assert.equal(lines.filter((line) => line.includes('✗ NotFound: Network is gone')).length, 1);
  });

  it('puts wrappers that only pass a call on into one row, and their brief calls into another', () => {
    const spans = [
      span({ id: 'a', name: 'Client.create_port', kind: 'client', for: 1000 }),
      span({ id: 'p', parent: 'a', name: 'Wrapper.proxy', for: 1 }),
      span({ id: 'b', parent: 'a', name: 'ClientBase.post', kind: 'client', at: 2, for: 990 }),
      span({ id: 'q', parent: 'b', name: 'Wrapper.serialize', at: 2, for: 1 }),
      span({ id: 'c', parent: 'b', name: 'ClientBase.do_request', kind: 'client', at: 5, for: 980 }),
      span({
        id: 'd',
        parent: 'c',
        name: 'POST /ports',
        service: 'neutron',
        kind: 'server',
        at: 9,
        for: 970,
      }),
    ];
    const labels = treeOf(spans).map((line) => line.slice(0, 66).trimEnd());
    assert.deepEqual(labels, [
      '▌ └ ○ api Client.create_port › ClientBase.post › do_request',
      '    ├ · 2 brief: Wrapper.proxy, Wrapper.serialize',
      '▌   └ ● neutron POST /ports',
    ]);
  });

  it('leaves out the classes of functions before it cuts a name', () => {
    const name = `${'Long'.repeat(15)}.boot`;
    assert.match(treeOf([span({ id: 'a', name })], { columns: 60 })[0]!, /└ · api boot +0/);
  });

  it('marks what is incomplete and what lacks its parent', () => {
    const spans = [span({ id: 'a' }), span({ id: 'b', parent: 'gone', for: 0, incomplete: 'stop missing' })];
    assert.ok(treeOf(spans).some((line) => line.includes('api b (parent missing, stop missing)')));
  });

  it('prints nothing that a terminal would obey', () => {
    const evil = 'x\u001b[2J\u0007\u009b31m\r\n\u202ey\u0000';
    const spans = [
      span({ id: 'a', name: evil, service: evil, error: { type: evil, message: evil }, incomplete: evil }),
      span({ id: 'b', parent: 'a', name: evil, statement: evil, traceId: evil }),
    ];
    for (const unfoldSql of [false, true]) {
      const text = renderTrace(spans, { ...FROM, command: evil }, { ...PLAIN, unfoldSql });
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    }
  });

  it('takes a trace of 10,000 children and one that is 10,000 deep', () => {
    const wide = Array.from({ length: 10_000 }, (_, at) =>
      span({ id: `n${at}`, parent: 'root', at, name: `n${at % 7}` }),
    );
    assert.equal(treeOf([span({ id: 'root' }), ...wide], { unfoldSql: true }).length, 10_001);
    assert.ok(treeOf([span({ id: 'root' }), ...wide]).length > 1);
    const deep = Array.from({ length: 10_000 }, (_, at) => span({ id: `n${at}`, parent: `n${at - 1}`, at }));
    assert.equal(treeOf(deep, { unfoldSql: true }).length, 10_000);
  });

  it('shows spans without length, and no spans at all', () => {
    assert.match(treeOf([span({ id: 'a', for: 0 })])[0]!, /└ · api a +0 +0 ─$/);
    assert.match(renderTrace([], FROM, PLAIN), /8 notifications → 0 spans, 0 services, 0 roots, 0\n/);
  });

  it('keeps every line within the width, with the same text in colour as without', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom('日本語のサーバー', 'A.b'),
    );
    const id = fc.integer({ min: 0, max: 8 }).map(String);
    const spans = fc.array(
      fc.record({
        id,
        parent: id,
        name: text,
        service: text,
        at: fc.nat(9),
        for: fc.nat(9),
        isSql: fc.boolean(),
        isError: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(spans, fc.integer({ min: 40, max: 160 }), fc.boolean(), (sketches, columns, unfoldSql) => {
        const made = sketches.map(({ isSql, isError, ...sketch }) =>
          span({
            ...sketch,
            ...(isSql ? { statement: sketch.name } : {}),
            ...(isError ? { error: { type: '', message: sketch.name } } : {}),
          }),
        );
        const plain = renderTrace(made, FROM, { columns, unfoldSql, colour: false });
        const coloured = renderTrace(made, FROM, { columns, unfoldSql, colour: true });
        for (const line of plain.split('\n')) assert.ok(widthOf(line) <= columns, JSON.stringify(line));
        const trimmed = stripVTControlCharacters(coloured).replace(/ +$/gm, '');
        assert.equal(trimmed, plain);
      }),
      { seed: 20_261_122, numRuns: 200 },
    );
  });
});
