import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InFlightSpans, type PendingDelivery } from '../src/in-flight.js';
import { hashOf, type PointId } from '../src/trace-point.js';
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
  describe(`spans in flight ${kind}`, () => {
    const baseId = traceId('ba5e');
    const id = (key: string): PointId => ({ baseId, traceId: traceId(key), hash: hashOf(key) });
    const pendingOf = (phase: PendingDelivery['phase'], key = 'k', redelivered = false) => ({
      point: id(key),
      phase,
      delivery: new FakeDelivery(Buffer.alloc(0), {}, redelivered, ORIGIN),
    });
    const start = () => pendingOf('start');
    const stop = () => pendingOf('stop');

    /** A span of point `k` has its outcome while its start is away. @returns its stop. */
    const endWithoutStart = (spans: InFlightSpans, now = 0) => {
      const [away, stays] = [start(), stop()];
      const span = spans.begin(id('k'), false, [away, stays]);
      away.delivery.isLost = true;
      assert.deepEqual(spans.end(span, now), []);
      return stays;
    };

    it('give their deliveries back when they have their outcome', () => {
      const spans = new InFlightSpans();
      const [one, other] = [start(), stop()];
      const span = spans.begin(id('k'), false, [one, other]);
      assert.equal(spans.deliveries, 2);
      assert.deepEqual(spans.end(span, 0), [one.delivery, other.delivery]);
      assert.equal(spans.deliveries, 0);
    });

    it('say nothing of points that they do not know', () => {
      assert.equal(new InFlightSpans().recognize(start()), undefined);
    });

    it('take a redelivered event in the place of its former delivery', () => {
      const spans = new InFlightSpans();
      const [former, again] = [start(), start()];
      const span = spans.begin(id('k'), true, [former]);
      assert.deepEqual(spans.recognize(again), { kind: 'duplicate', deliveries: [former.delivery] });
      assert.deepEqual(spans.end(span, 0), [again.delivery]);
    });

    it('call an event late that comes when its point is exported without it', () => {
      const spans = new InFlightSpans();
      const [one, late, later] = [start(), stop(), stop()];
      const span = spans.begin(id('k'), true, [one]);
      assert.deepEqual(spans.recognize(late), { kind: 'late', deliveries: [late.delivery] });
      spans.end(span, 0);
      assert.deepEqual(spans.recognize(later), { kind: 'late', deliveries: [later.delivery] });
    });

    it('call an event a duplicate whose point is finished', () => {
      const spans = new InFlightSpans();
      spans.end(spans.begin(id('k'), false, [start(), stop()]), 0);
      const again = stop();
      assert.deepEqual(spans.recognize(again), { kind: 'duplicate', deliveries: [again.delivery] });
    });

    it('give nothing back while a delivery is away, and all when it is there again', () => {
      const spans = new InFlightSpans();
      const waiting = endWithoutStart(spans);
      assert.equal(spans.deliveries, 1);
      const again = start();
      assert.deepEqual(spans.recognize(again), {
        kind: 'duplicate',
        deliveries: [waiting.delivery, again.delivery],
      });
      assert.equal(spans.deliveries, 0);
    });

    it('have nothing to give back when they are made of no delivery', () => {
      const spans = new InFlightSpans();
      assert.deepEqual(spans.end(spans.begin(id('root'), false, []), 0), []);
    });

    it('let go of what waits and dies too, and wait for it again', () => {
      const spans = new InFlightSpans();
      endWithoutStart(spans).delivery.isLost = true;
      spans.forgetDead();
      assert.equal(spans.deliveries, 0);
      const [one, other] = [stop(), start()];
      assert.deepEqual(spans.recognize(one), { kind: 'duplicate', deliveries: [] });
      assert.deepEqual(spans.recognize(other), {
        kind: 'duplicate',
        deliveries: [one.delivery, other.delivery],
      });
    });

    it('see at once that what waited has gone away', () => {
      const spans = new InFlightSpans();
      endWithoutStart(spans).delivery.isLost = true;
      assert.deepEqual(spans.recognize(start()), { kind: 'duplicate', deliveries: [] });
    });

    it('are remembered beyond any bound while one of their deliveries waits', () => {
      const spans = new InFlightSpans(1);
      const waiting = endWithoutStart(spans);
      spans.end(spans.begin(id('l'), false, []), 0);
      const again = start();
      assert.deepEqual(spans.recognize(again), {
        kind: 'duplicate',
        deliveries: [waiting.delivery, again.delivery],
      });
    });

    it('wait for a delivery that is away no longer than the timeout', () => {
      const spans = new InFlightSpans();
      const waiting = endWithoutStart(spans, 100);
      assert.deepEqual([...spans.overdue(1_099, 1_000)], []);
      assert.deepEqual([...spans.overdue(1_100, 1_000)], [waiting.delivery]);
      assert.deepEqual([...spans.overdue(9_999, 1_000)], []);
    });

    it('are remembered after they finished, the latest of them', () => {
      const spans = new InFlightSpans(4);
      for (const key of ['a', 'b', 'c', 'd', 'e']) spans.end(spans.begin(id(key), key === 'd', []), 0);
      const kinds = ['a', 'b', 'd', 'e'].map((key) => spans.recognize(pendingOf('start', key))?.kind);
      assert.deepEqual(kinds, [undefined, undefined, 'late', 'duplicate']);
    });

    it('are refused again when they are redelivered, and new when somebody sends them again', () => {
      const spans = new InFlightSpans();
      const refused = start();
      assert.deepEqual(spans.refuse(spans.begin(id('k'), true, [refused]), 0, 'too bad'), [refused.delivery]);
      const again = pendingOf('start', 'k', true);
      assert.deepEqual(spans.recognize(again), { kind: 'refused', reason: 'too bad' });
      assert.equal(spans.recognize(start()), undefined);
      assert.equal(spans.recognize(again), undefined);
    });

    it('are known by what became of them last', () => {
      const spans = new InFlightSpans(4);
      spans.refuse(spans.begin(id('a'), false, []), 0, 'too bad');
      spans.end(spans.begin(id('b'), false, []), 0);
      spans.end(spans.begin(id('a'), false, []), 0);
      assert.equal(spans.recognize(pendingOf('start', 'a', true))?.kind, 'duplicate');
    });
  });
