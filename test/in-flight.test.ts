import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InFlightSpans, type PendingDelivery } from '../src/in-flight.js';
import { hashOf, type PointId } from '../src/pairing/point-table.js';
import { FakeDelivery } from './support/fake-receiver.js';

const ORIGIN = { name: 'origin' };

const KINDS: readonly [string, (key: string) => string][] = [
  [
    'of points with UUIDs',
    (key) => `00000000-0000-4000-8000-${key.padEnd(12, '0').replaceAll(/[^0-9a-f]/g, 'f')}`,
  ],
  ['of points with other ids', (key) => key],
];

for (const [kind, traceId] of KINDS)
  describe(`pending spans ${kind}`, () => {
    const baseId = traceId('ba5e');
    const id = (key: string): PointId => ({ baseId, traceId: traceId(key), hash: hashOf(key) });

    /** A span of point `k` has its outcome while its start is away. @returns its stop. */
    const endWithoutStart = (pending: InFlightSpans, now = 0) => {
      const [start, stop] = [held('start'), held('stop')];
      const span = pending.begin(id('k'), false, [start, stop]);
      start.delivery.isLost = true;
      assert.deepEqual(pending.end(span, now), []);
      return stop;
    };

    it('give their deliveries back when they have their outcome', () => {
      const pending = new InFlightSpans();
      const [start, stop] = [held('start'), held('stop')];
      const span = pending.begin(id('k'), false, [start, stop]);
      assert.equal(pending.find(id('k')), span);
      assert.equal(pending.deliveries, 2);
      assert.deepEqual(pending.end(span, 0), [start.delivery, stop.delivery]);
      assert.equal(pending.find(id('k')), undefined);
      assert.equal(pending.deliveries, 0);
      assert.equal(pending.findFinished(id('k'))?.missing.size, 0);
    });

    it('give none back while one is away, and all of them when it is there again', () => {
      const pending = new InFlightSpans();
      const stop = endWithoutStart(pending);
      assert.equal(pending.deliveries, 1);
      const left = pending.findFinished(id('k'));
      assert.deepEqual(left?.missing, new Set(['start']));
      const again = held('start');
      assert.deepEqual(new Set(pending.complete(left, again)), new Set([stop.delivery, again.delivery]));
      assert.equal(pending.deliveries, 0);
    });

    it('let a delivery that came again take the place of the older one', () => {
      const pending = new InFlightSpans();
      const [start, again] = [held('start'), held('start')];
      const span = pending.begin(id('k'), true, [start]);
      assert.equal(pending.replace(span, again), start.delivery);
      assert.deepEqual(pending.end(span, 0), [again.delivery]);
    });

    it('have none to give back when they are made of no delivery', () => {
      const pending = new InFlightSpans();
      assert.deepEqual(pending.end(pending.begin(id('root'), false, []), 0), []);
    });

    it('let go of what waits and dies too, and wait for it again', () => {
      const pending = new InFlightSpans();
      const stop = endWithoutStart(pending);
      stop.delivery.isLost = true;
      pending.forgetDead();
      assert.equal(pending.deliveries, 0);
      const left = pending.findFinished(id('k'));
      assert.deepEqual(left?.missing, new Set(['start', 'stop']));
      const [one, other] = [held('stop'), held('start')];
      assert.deepEqual(pending.complete(left, one), []);
      assert.deepEqual(pending.complete(left, other), [one.delivery, other.delivery]);
    });

    it('know at once that what waited has gone away', () => {
      const pending = new InFlightSpans();
      const stop = endWithoutStart(pending);
      stop.delivery.isLost = true;
      assert.deepEqual(pending.findFinished(id('k'))?.missing, new Set(['start', 'stop']));
    });

    it('are remembered beyond any bound while one of their deliveries waits', () => {
      const pending = new InFlightSpans(1);
      endWithoutStart(pending);
      pending.end(pending.begin(id('l'), false, []), 0);
      assert.deepEqual(pending.findFinished(id('k'))?.missing, new Set(['start']));
    });

    it('wait for a half that is away no longer than the timeout', () => {
      const pending = new InFlightSpans();
      const stop = endWithoutStart(pending, 100);
      assert.deepEqual([...pending.overdue(1_099, 1_000)], []);
      assert.deepEqual([...pending.overdue(1_100, 1_000)], [stop.delivery]);
      assert.deepEqual([...pending.overdue(9_999, 1_000)], []);
    });

    it('are remembered after they left, the latest of them', () => {
      const pending = new InFlightSpans(4);
      for (const key of ['a', 'b', 'c', 'd', 'e']) pending.end(pending.begin(id(key), key === 'd', []), 0);
      assert.equal(pending.findFinished(id('a')), undefined);
      assert.equal(pending.findFinished(id('b')), undefined);
      assert.equal(pending.findFinished(id('d'))?.incomplete, true);
      assert.equal(pending.findFinished(id('e'))?.incomplete, false);
    });

    it('are known by what became of them last', () => {
      const pending = new InFlightSpans(4);
      pending.refuse(pending.begin(id('a'), false, []), 0, 'too bad');
      pending.end(pending.begin(id('b'), false, []), 0);
      assert.equal(pending.findFinished(id('a'))?.refusal, 'too bad');
      pending.end(pending.begin(id('a'), false, []), 0);
      assert.equal(pending.findFinished(id('a'))?.refusal, undefined);
      assert.equal(pending.forgetFinished(id('a')), true);
      assert.equal(pending.findFinished(id('a')), undefined);
    });
  });

function held(half: PendingDelivery['phase']): PendingDelivery & { readonly delivery: FakeDelivery } {
  return { phase: half, delivery: new FakeDelivery(Buffer.alloc(0), {}, false, ORIGIN) };
}
