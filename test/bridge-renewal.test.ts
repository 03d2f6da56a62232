import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Bridge } from '../src/bridge.js';
import { total } from '../src/counts.js';
import { makeBridge, type TestBridgeOptions } from './support/bridge.js';
import { type FakeDelivery, FakeReceiver } from './support/fake-receiver.js';
import { body } from './support/notifications.js';
import { RememberingLog } from './support/receiving.js';
import { HeldSink, settled, TAKEN } from './support/spans.js';

const START = body({ name: 'work-start' });
const STOP = body({ name: 'work-stop' });

const open = new Set<Bridge>();

afterEach(async () => {
  for (const bridge of open) await bridge.close();
  open.clear();
});

describe('the bridge, when deliveries are renewed', () => {
  it('pairs the copy of an open start as if it were the original', async () => {
    const { receiver, sink, bridge, assertLaw } = bridging();
    receiver.renew(receiver.give(START));
    assertLaw();
    assert.deepEqual([bridge.openPoints, bridge.counts.returned], [1, 1]);
    const copy = again(receiver, START);
    assert.ok(copy.live, 'it has the place of the original, which was not settled as a duplicate');
    assert.deepEqual([bridge.openPoints, bridge.counts.duplicate], [1, 0]);
    const stop = receiver.give(STOP);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual([copy.settlement, stop.settlement], ['accept', 'accept']);
    assertLaw();
  });

  it('keeps the stop until the copy of a start is there that was away when the span left', async () => {
    const { receiver, sink, bridge, assertLaw } = bridging();
    const original = receiver.give(START);
    receiver.renew(original);
    const stop = receiver.give(STOP);
    assert.deepEqual(sink.requests[0]?.names, ['work'], 'the notification of the start was kept');
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.ok(stop.live, 'alone the start would become an incomplete span of the next bridge');
    assert.equal(original.settlement, undefined);
    assertLaw();
    const copy = again(receiver, START);
    assert.deepEqual([copy.settlement, stop.settlement], ['accept', 'accept']);
    assert.deepEqual([sink.requests.length, bridge.counts.spans, bridge.counts.incompleteSpans], [1, 1, 0]);
    assertLaw();
  });

  it('waits for both copies when the stop is renewed while it waits for the start', async () => {
    const { receiver, sink, assertLaw } = bridging();
    receiver.renew(receiver.give(START));
    const stop = receiver.give(STOP);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    receiver.renew(stop);
    const start = again(receiver, START);
    assert.ok(start.live);
    const copy = again(receiver, STOP);
    assert.deepEqual([start.settlement, copy.settlement], ['accept', 'accept']);
    assertLaw();
  });

  it('waits for the start when the copy of a stop that waited for it comes first', async () => {
    const { receiver, sink, bridge, assertLaw } = bridging();
    receiver.renew(receiver.give(START));
    const stop = receiver.give(STOP);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    receiver.renew(stop);
    const copy = again(receiver, STOP);
    assert.ok(copy.live, 'settled alone it would leave the start to become an incomplete span');
    const start = again(receiver, START);
    assert.deepEqual([start.settlement, copy.settlement, bridge.unacknowledged], ['accept', 'accept', 0]);
    assertLaw();
  });

  it('gives copies the places of deliveries whose span is on its way', async () => {
    const { receiver, sink, bridge, assertLaw } = bridging();
    for (const message of [START, STOP]) receiver.renew(receiver.give(message));
    const copies = [again(receiver, STOP), again(receiver, START)];
    assert.ok(copies.every(({ live }) => live));
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.ok(copies.every(({ settlement }) => settlement === 'accept'));
    assert.deepEqual([bridge.counts.exported, sink.requests.length], [2, 1]);
    assertLaw();
  });

  it('takes the copy again when the channel dies on which its original was', async () => {
    const { receiver, bridge, assertLaw } = bridging();
    receiver.renew(receiver.give(START));
    receiver.lose();
    assert.deepEqual([bridge.openPoints, bridge.counts.returned], [0, 1], 'counted once');
    again(receiver, START);
    assert.equal(bridge.openPoints, 1);
    assertLaw();
  });

  it('makes no incomplete span of a copy whose point was dropped meanwhile', async () => {
    const { receiver, sink, bridge, assertLaw } = bridging({ translate: { dropSqlShorterThanMs: 1_000 } });
    const sql = (name: string) => body({ name, info: { db: { statement: 'SELECT 1', params: {} } } });
    receiver.renew(receiver.give(sql('db-start')));
    const stop = receiver.give(sql('db-stop'));
    assert.ok(stop.live);
    const copy = again(receiver, sql('db-start'));
    assert.deepEqual([copy.settlement, stop.settlement], ['accept', 'accept']);
    assert.deepEqual([bridge.openPoints, sink.requests.length], [0, 0]);
    assertLaw();
  });
});

describe('the bridge, when what the backend refused comes again', () => {
  const REFUSED = { kind: 'permanent', reason: 'bad request' } as const;
  const REJECTION = { reason: 'refused-by-backend', detail: 'bad request' };

  it('sets aside again what went back to the broker before its dead letter was written', async () => {
    const { receiver, sink, assertLaw } = bridging();
    receiver.give(START);
    receiver.give(STOP);
    sink.requests[0]?.answer(REFUSED);
    await settled();
    const copies = [again(receiver, START), again(receiver, STOP)];
    for (const { settlement } of copies) assert.deepEqual(settlement, REJECTION);
    assert.equal(sink.requests.length, 1);
    assertLaw();
  });

  it('sets aside the half that was away when its span was refused', async () => {
    const { receiver, sink, assertLaw } = bridging();
    receiver.renew(receiver.give(START));
    const stop = receiver.give(STOP);
    sink.requests[0]?.answer(REFUSED);
    await settled();
    assert.deepEqual(stop.settlement, REJECTION);
    assert.deepEqual(again(receiver, START).settlement, REJECTION);
    assertLaw();
  });

  it('sends again what was moved back from the dead letters', async () => {
    const { receiver, sink, assertLaw } = bridging();
    receiver.give(START);
    receiver.give(STOP);
    sink.requests[0]?.answer(REFUSED);
    await settled();
    const replayed = [receiver.give(START), receiver.give(STOP)];
    assert.deepEqual(sink.requests[1]?.names, ['work']);
    sink.requests[1]?.answer(TAKEN);
    await settled();
    assert.ok(replayed.every(({ settlement }) => settlement === 'accept'));
    assertLaw();
  });
});

/** The copy of a message. */
function again(receiver: FakeReceiver, message: Buffer): FakeDelivery {
  return receiver.give(message, {}, true);
}

function bridging(options: Partial<TestBridgeOptions> = {}) {
  const receiver = new FakeReceiver();
  const sink = new HeldSink();
  const bridge = makeBridge({
    receivers: [receiver],
    sink,
    log: new RememberingLog(),
    batch: { maxSize: 1 },
    retry: { sleep: async () => {} },
    ...options,
  });
  void bridge.run();
  open.add(bridge);
  const assertLaw = (): void => {
    const { received, exported, duplicate, late, filtered, rejected, returned } = bridge.counts;
    const accounted = exported + duplicate + late + total(filtered) + total(rejected) + returned;
    assert.equal(accounted + bridge.unacknowledged, received);
  };
  return { receiver, sink, bridge, assertLaw };
}
