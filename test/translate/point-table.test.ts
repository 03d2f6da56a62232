import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashOf, type PointId, PointTable } from '../../src/translate/point-table.js';

type Step = readonly ['set' | 'delete', number];

/** Does the same to a table and to a map, and compares them after each step. */
function assertLikeMap(steps: readonly Step[], hash: (key: string) => number): void {
  const table = new PointTable<number>();
  const map = new Map<string, number>();
  for (const [step, [what, number]] of steps.entries()) {
    const key = `key ${number}`;
    const id = { key, hash: hash(key) };
    if (what === 'delete') {
      assert.equal(table.delete(id), map.delete(key));
    } else {
      table.set(id, step);
      map.set(key, step);
    }
    assert.equal(table.size, map.size);
  }
  for (let number = 0; number < 64; number++) {
    const key = `key ${number}`;
    assert.equal(table.get({ key, hash: hash(key) }), map.get(key));
  }
  assert.deepEqual(new Set(table.values()), new Set(map.values()));
}

describe('the table of points', () => {
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom('set' as const, 'set' as const, 'delete' as const),
      fc.integer({ min: 0, max: 63 }),
    ),
    { maxLength: 300 },
  );

  it('holds what a map would', () => {
    fc.assert(fc.property(steps, (all) => assertLikeMap(all, hashOf)));
  });

  it('holds it however many keys meet in one place, at the end of the table too', () => {
    const few = fc.constantFrom<(key: string) => number>(
      () => 1_023,
      (key) => 1_020 + (key.length % 2) + Number(key.at(-1)!),
      (key) => -1 - Number(key.at(-1)!),
    );
    fc.assert(fc.property(steps, few, assertLikeMap), { numRuns: 300 });
  });

  it('keeps what it has when it grows', () => {
    const table = new PointTable<PointId>();
    const entries = Array.from({ length: 20_000 }, (_none, index) => {
      const key = `${index}`;
      return { key, hash: hashOf(key) };
    });
    for (const entry of entries) table.set(entry, entry);
    for (const entry of entries) assert.equal(table.get({ ...entry }), entry);
    for (const entry of entries) table.delete(entry);
    assert.equal(table.size, 0);
    for (const entry of entries) assert.equal(table.get(entry), undefined);
  });
});
