import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_PAIR_BOUNDS, type PairBounds, Pairer } from '../../src/pairing/pair.js';
import { pointId, pointKey, type TraceEvent } from '../../src/trace-point.js';
import { anyId, property, start, stop } from '../support/notifications.js';

describe('trace point keys', () => {
  it('differ whenever the trace or the point does, also when the ids are odd', () => {
    const ids = fc.tuple(anyId(), anyId());
    fc.assert(
      fc.property(ids, ids, ([base, trace], [otherBase, otherTrace]) => {
        const isSame = base === otherBase && trace === otherTrace;
        const one = pointKey({ baseId: base, traceId: trace });
        assert.equal(one === pointKey({ baseId: otherBase, traceId: otherTrace }), isSame);
      }),
      property(500),
    );
    const tricky: [string | bigint, string | bigint][] = [
      ['a', 'b c'],
      ['a b', 'c'],
      ['a b c', ''],
      ['', 'a b c'],
      ['#5', 'x'],
      [5n, 'x'],
      ['5', 'x'],
      ['x', '#5'],
      ['x', 5n],
      ['1:x', 'y'],
      ['x', '1:y'],
    ];
    const keys = tricky.map(([baseId, traceId]) => pointKey({ baseId, traceId }));
    assert.equal(new Set(keys).size, tricky.length);
  });
});

describe('pairing', () => {
  it('joins a start and its stop', () => {
    const pairer = new Pairer<string>();
    assert.deepEqual(add(pairer, start(), 'one'), {});
    assert.equal(pairer.openPoints, 1);
    const { complete } = add(pairer, stop(), 'two');
    assert.deepEqual(complete, {
      ...pointId(start()),
      start: start(),
      stop: stop(),
      tokens: ['one', 'two'],
    });
    assert.equal(pairer.openPoints, 0);
    assert.equal(pairer.openBytes, 0);
  });

  it('joins a stop that came before its start', () => {
    const pairer = new Pairer<string>();
    add(pairer, stop(), 'one');
    const { complete } = add(pairer, start(), 'two');
    assert.deepEqual(
      [complete?.start?.phase, complete?.stop?.phase, complete?.tokens],
      ['start', 'stop', ['two', 'one']],
    );
  });

  it('goes by trace and point, not by name or parent', () => {
    const pairer = new Pairer<string>();
    add(pairer, start({ name: 'wsgi' }), 'one');
    assert.deepEqual(add(pairer, stop({ baseId: 'other' }), 'x'), {});
    assert.deepEqual(add(pairer, stop({ traceId: 'other' }), 'y'), {});
    const { complete } = add(pairer, stop({ name: 'http', parentId: 'other' }), 'two');
    assert.equal(complete?.start?.name, 'wsgi');
    assert.equal(complete?.stop?.name, 'http');
  });

  it('gives an equal half the place of the older one, and hands the older token back', () => {
    const pairer = new Pairer<string>();
    add(pairer, start(), 'first', 10);
    assert.deepEqual(add(pairer, start({ info: { changed: true } }), 'again', 99), { replaced: 'first' });
    assert.equal(pairer.openBytes, 10);
    const { complete } = add(pairer, stop(), 'stop');
    assert.deepEqual(complete?.tokens, ['again', 'stop']);
    assert.deepEqual(complete?.start?.info, start().info, 'the span depends on the first of them');
  });

  it('lets the oldest leave when too many are open', () => {
    const pairer = pairerOf({ maxOpenPoints: 2 });
    for (const id of ['a', 'b']) add(pairer, start({ traceId: id }), id);
    assert.deepEqual([...pairer.overdue(0)], []);
    add(pairer, stop({ traceId: 'c' }), 'c');
    add(pairer, start({ traceId: 'd' }), 'd');
    assert.ok(pairer.isOverBound);
    const left = [...pairer.overdue(0)];
    assert.deepEqual(
      left.map(({ tokens, start: begun, stop: ended }) => [tokens, begun?.traceId, ended]),
      [
        [['a'], 'a', undefined],
        [['b'], 'b', undefined],
      ],
    );
    assert.ok(!pairer.isOverBound);
  });

  it('lets the oldest leave when they take too many bytes', () => {
    const pairer = pairerOf({ maxOpenBytes: 100 });
    add(pairer, start({ traceId: 'a' }), 'a', 60);
    add(pairer, start({ traceId: 'b' }), 'b', 40);
    assert.deepEqual([...pairer.overdue(0)], []);
    add(pairer, start({ traceId: 'c' }), 'c', 1);
    assert.deepEqual(
      Array.from(pairer.overdue(0), ({ tokens }) => tokens),
      [['a']],
    );
    assert.equal(pairer.openBytes, 41);
  });

  it('lets a half leave that waited for its other too long, also one that came again meanwhile', () => {
    const pairer = pairerOf({ pairTimeoutMs: 1_000 });
    add(pairer, start({ traceId: 'a' }), 'a', 1, 0);
    add(pairer, stop({ traceId: 'b' }), 'b', 1, 500);
    add(pairer, start({ traceId: 'a' }), 'again', 1, 900);
    assert.deepEqual([...pairer.overdue(999)], []);
    const [first, ...more] = pairer.overdue(1_000);
    assert.deepEqual([first?.tokens, more], [['again'], []]);
    const [second] = pairer.overdue(1_500);
    assert.deepEqual([second?.start, second?.stop?.traceId], [undefined, 'b']);
  });

  it('lets everything leave at the end of the input, oldest first', () => {
    const pairer = new Pairer<string>();
    for (const id of ['a', 'b', 'c']) add(pairer, start({ traceId: id }), id);
    add(pairer, stop({ traceId: 'b' }), 'b');
    assert.deepEqual(
      Array.from(pairer.flush(), ({ tokens }) => tokens),
      [['a'], ['c']],
    );
    assert.equal(pairer.openPoints, 0);
  });

  it('forgets what is void, and takes it again when it comes again', () => {
    const pairer = new Pairer<string>();
    add(pairer, start({ traceId: 'a' }), 'dead', 7);
    add(pairer, start({ traceId: 'b' }), 'alive', 5);
    assert.equal(
      pairer.forget((token) => token === 'dead'),
      1,
    );
    assert.deepEqual([pairer.openPoints, pairer.openBytes], [1, 5]);
    assert.deepEqual(add(pairer, start({ traceId: 'a' }), 'again'), {});
    assert.deepEqual(add(pairer, stop({ traceId: 'a' }), 'stop').complete?.tokens, ['again', 'stop']);
  });

  it('loses no token and gives none back twice, in any order and within any bounds', () => {
    const half = fc.record({
      id: fc.integer({ min: 0, max: 12 }),
      isStart: fc.boolean(),
      bytes: fc.integer({ min: 1, max: 50 }),
      pause: fc.integer({ min: 0, max: 300 }),
    });
    const bounds = fc.record({
      maxOpenPoints: fc.integer({ min: 1, max: 6 }),
      maxOpenBytes: fc.integer({ min: 10, max: 200 }),
      pairTimeoutMs: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(fc.array(half, { maxLength: 60 }), bounds, (halves, limits) => {
        const pairer = new Pairer<number>(limits);
        const back: number[] = [];
        let now = 0;
        for (const [token, { id, isStart, bytes, pause }] of halves.entries()) {
          now += pause;
          const make = isStart ? start : stop;
          const notification = make({ traceId: String(id) });
          const paired = pairer.add(pointId(notification), notification, token, bytes, now);
          if (paired.replaced !== undefined) back.push(paired.replaced);
          back.push(...(paired.complete?.tokens ?? []));
          for (const point of pairer.overdue(now)) back.push(...point.tokens);
          assert.ok(!pairer.isOverBound);
          assert.equal(back.length + pairer.openPoints, token + 1);
        }
        for (const point of pairer.flush()) back.push(...point.tokens);
        assert.deepEqual(
          back.sort((a, b) => a - b),
          [...halves.keys()],
        );
        assert.equal(pairer.openBytes, 0);
      }),
      property(300),
    );
  });
});

function pairerOf(bounds: Partial<PairBounds>): Pairer<string> {
  return new Pairer<string>({ ...DEFAULT_PAIR_BOUNDS, ...bounds });
}

function add(pairer: Pairer<string>, notification: TraceEvent, token: string, bytes = 1, now = 0) {
  return pairer.add(pointId(notification), notification, token, bytes, now);
}
