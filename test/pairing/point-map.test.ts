import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PointMap } from '../../src/pairing/point-map.js';
import { hashOf, type Id, type PointId, pointKey, rootId } from '../../src/trace-point.js';
import { property } from '../support/notifications.js';

type Step = readonly ['set' | 'delete', number];
type Hash = (traceId: string) => number;

const uuid = (number: number) => `c0ffee00-dead-4bee-8f00-${number.toString(16).padStart(12, '0')}`;

/** Points of two traces, some of which have the same id in both; every eighth has another id than a UUID. */
function idOf(number: number, hash: Hash = hashOf): PointId {
  const traceId = number % 8 === 7 ? `point ${number >> 1}` : uuid(number >> 1);
  return { baseId: uuid(number & 1), traceId, hash: hash(traceId) };
}

/** Does the same to both maps, and compares them after each step. */
function assertLikeMap(steps: readonly Step[], hash: Hash): void {
  const points = new PointMap<object>();
  const numbers = new Map<number, object>();
  for (const [what, number] of steps) {
    const id = idOf(number, hash);
    if (what === 'delete') {
      assert.equal(points.delete(id), numbers.delete(number));
    } else {
      const value = {};
      points.set(id, value);
      numbers.set(number, value);
    }
    assert.equal(points.size, numbers.size);
  }
  for (let number = 0; number < 64; number++)
    assert.equal(points.get(idOf(number, hash)), numbers.get(number), `point ${number}`);
  assert.deepEqual(new Set(points.values()), new Set(numbers.values()));
}

describe('the map of points', () => {
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom('set' as const, 'set' as const, 'delete' as const),
      fc.integer({ min: 0, max: 63 }),
    ),
    { maxLength: 300 },
  );

  it('holds what a Map would, however many points have one hash, at the end of the slots too', () => {
    const hashes = fc.constantFrom<Hash>(
      hashOf,
      () => 1_023,
      () => -1,
      (id) => 1_020 + (Number.parseInt(id.at(-1)!, 16) % 4),
      (id) => -3 + Number.parseInt(id.at(-1)!, 16),
    );
    fc.assert(
      fc.property(steps, hashes, (all, hash) => assertLikeMap(all, (id) => hash(id) || 1)),
      property(500),
    );
  });

  it('tells points apart that differ in any one digit', () => {
    const id = fc.uuid();
    fc.assert(
      fc.property(id, id, fc.nat(71), ([...base], [...trace], at) => {
        const points = new PointMap<number>();
        const one = { baseId: base.join(''), traceId: trace.join(''), hash: 7 };
        points.set(one, 1);
        const changed = at < 36 ? base : trace;
        if (changed[at % 36] === '-') return;
        changed[at % 36] = changed[at % 36] === 'a' ? 'b' : 'a';
        assert.equal(points.get({ ...one }), 1);
        assert.equal(points.get({ baseId: base.join(''), traceId: trace.join(''), hash: 7 }), undefined);
      }),
      property(),
    );
  });

  it('keeps what it has when it grows, and takes as much again once it is cleared', () => {
    const points = new PointMap<number>();
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 20_000; number++) points.set(idOf(number), number);
      for (let number = 0; number < 20_000; number++) assert.equal(points.get(idOf(number)), number);
      assert.equal(points.get(idOf(20_000)), undefined);
      assert.equal(points.size, 20_000);
      points.clear();
      assert.equal(points.size, 0);
      assert.equal(points.get(idOf(7)), undefined);
    }
  });

  it('is as exact for ids of any other kind', () => {
    const points = new PointMap<string>();
    const usual = uuid(1);
    const others: Id[] = [
      ...['', 'point', '7', usual.toUpperCase(), usual.replaceAll('-', ''), usual.replaceAll('-', '0')],
      ...[7n, `${usual.slice(0, -1)}g`, `${usual.slice(0, -1)}\u0130`, usual.replace('-', '0'), usual],
    ];
    const ids = others.flatMap((baseId) => others.map((traceId) => ({ baseId, traceId, hash: 1 })));
    for (const id of [...ids, rootId({ baseId: usual }), rootId({ baseId: '' })]) {
      assert.equal(points.get(id), undefined, pointKey(id));
      points.set(id, pointKey(id));
    }
    for (const id of ids) assert.equal(points.get(id), pointKey(id));
    assert.equal(points.size, ids.length + 2);
    for (const id of ids) assert.ok(points.delete(id));
    assert.deepEqual(points.get(rootId({ baseId: usual })), pointKey(rootId({ baseId: usual })));
  });
});
