import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PointSet } from '../../src/pairing/point-set.js';
import { hashOf, type PointId } from '../../src/pairing/point-table.js';
import { property } from '../support/notifications.js';

type Step = readonly ['add' | 'delete', number];
type Hash = (traceId: string) => number;

const uuid = (number: number) => `c0ffee00-dead-4bee-8f00-${number.toString(16).padStart(12, '0')}`;

/** Points of two traces, some of which have the same id in both. */
function idOf(number: number, hash: Hash = hashOf): PointId {
  const traceId = uuid(number >> 1);
  return { baseId: uuid(number & 1), traceId, hash: hash(traceId) };
}

/** Does the same to both sets, and compares them after each step. */
function assertLikeSet(steps: readonly Step[], hash: Hash): void {
  const points = new PointSet();
  const numbers = new Set<number>();
  for (const [what, number] of steps) {
    const id = idOf(number, hash);
    if (what === 'delete') {
      assert.equal(points.delete(id), numbers.delete(number));
    } else {
      assert.equal(points.add(id), true);
      numbers.add(number);
    }
    assert.equal(points.size, numbers.size);
  }
  for (let number = 0; number < 64; number++)
    assert.equal(points.has(idOf(number, hash)), numbers.has(number), `point ${number}`);
}

describe('the set of points', () => {
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom('add' as const, 'add' as const, 'delete' as const),
      fc.integer({ min: 0, max: 63 }),
    ),
    { maxLength: 300 },
  );

  it('holds what a set would, however many points meet in one place', () => {
    const hashes = fc.constantFrom<Hash>(
      hashOf,
      () => 1_023,
      () => -1,
      (id) => -3 + Number.parseInt(id.at(-1)!, 16),
    );
    fc.assert(
      fc.property(steps, hashes, (all, hash) => assertLikeSet(all, (id) => hash(id) || 1)),
      property(500),
    );
  });

  it('tells points apart that differ in any one digit', () => {
    const id = fc.uuid();
    fc.assert(
      fc.property(id, id, fc.nat(71), ([...base], [...trace], at) => {
        const points = new PointSet();
        const one = { baseId: base.join(''), traceId: trace.join(''), hash: 7 };
        points.add(one);
        const changed = at < 36 ? base : trace;
        if (changed[at % 36] === '-') return;
        changed[at % 36] = changed[at % 36] === 'a' ? 'b' : 'a';
        assert.ok(points.has({ ...one }));
        assert.ok(!points.has({ baseId: base.join(''), traceId: trace.join(''), hash: 7 }));
      }),
      property(),
    );
  });

  it('keeps what it has when it grows, and takes in as much again once it is cleared', () => {
    const points = new PointSet();
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 20_000; number++) points.add(idOf(number));
      for (let number = 0; number < 20_000; number++) assert.ok(points.has(idOf(number)));
      assert.ok(!points.has(idOf(20_000)));
      assert.equal(points.size, 20_000);
      points.clear();
      assert.equal(points.size, 0);
      assert.ok(!points.has(idOf(7)));
    }
  });

  it('takes in no other ids than UUIDs as Python writes them', () => {
    const points = new PointSet();
    const usual = uuid(1);
    const others: PointId['traceId'][] = [
      'point',
      '',
      7n,
      Symbol('root'),
      usual.toUpperCase(),
      usual.replaceAll('-', ''),
      usual.replaceAll('-', '0'),
      `${usual.slice(0, -1)}g`,
      `${usual.slice(0, -1)}\u0130`,
      usual.replace('-', '0').replace('0-', '--'),
    ];
    for (const other of others) {
      const id = { baseId: usual, traceId: other, hash: 1 };
      assert.equal(points.add(id), false, String(other));
      assert.equal(points.has(id), false);
      if (typeof other === 'symbol') continue;
      assert.equal(points.add({ baseId: other, traceId: usual, hash: 1 }), false);
    }
    assert.equal(points.size, 0);
    assert.ok(points.add({ baseId: usual, traceId: usual, hash: 1 }));
  });
});
