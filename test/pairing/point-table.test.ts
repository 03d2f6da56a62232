import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashOf, type PointId, PointTable } from '../../src/pairing/point-table.js';
import { property } from '../support/notifications.js';

type Step = readonly ['set' | 'delete', number];
type Hash = (traceId: string) => number;

interface Entry extends PointId {
  readonly step: number;
}

/** Points of two traces, some of which have the same id in both. */
function idOf(number: number, hash: Hash): PointId {
  const traceId = `point ${number >> 1}`;
  return { baseId: `trace ${number & 1}`, traceId, hash: hash(traceId) };
}

/** Does the same to a table and to a map, and compares them after each step. */
function assertLikeMap(steps: readonly Step[], hash: Hash): void {
  const table = new PointTable<Entry>();
  const map = new Map<number, Entry>();
  for (const [step, [what, number]] of steps.entries()) {
    const id = idOf(number, hash);
    if (what === 'delete') {
      assert.equal(table.delete(id), map.delete(number));
    } else {
      const entry = { ...id, step };
      table.set(entry);
      map.set(number, entry);
    }
    assert.equal(table.size, map.size);
  }
  for (let number = 0; number < 64; number++) assert.equal(table.get(idOf(number, hash)), map.get(number));
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
    fc.assert(
      fc.property(steps, (all) => assertLikeMap(all, hashOf)),
      property(),
    );
  });

  it('holds it however many points meet in one place, at the end of the table too', () => {
    const few = fc.constantFrom<Hash>(
      () => 1_023,
      (id) => 1_020 + (id.length % 2) + Number(id.at(-1)!),
      (id) => -1 - Number(id.at(-1)!),
    );
    fc.assert(fc.property(steps, few, assertLikeMap), property(300));
  });

  it('keeps what it has when it grows', () => {
    const table = new PointTable<PointId>();
    const entries = Array.from({ length: 20_000 }, (_none, index) => idOf(index, hashOf));
    for (const entry of entries) table.set(entry);
    for (const entry of entries) assert.equal(table.get({ ...entry }), entry);
    for (const entry of entries) table.delete(entry);
    assert.equal(table.size, 0);
    for (const entry of entries) assert.equal(table.get(entry), undefined);
  });
});
