import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Bridge } from '../src/bridge.js';
import type { Outcome } from '../src/contracts.js';
import { type Counts, total } from '../src/counts.js';
import { BridgeError } from '../src/errors.js';
import { makeBridge, type TestBridgeOptions } from './support/bridge.js';
import { FakeReceiver } from './support/fake-receiver.js';
import { body } from './support/notifications.js';
import { RememberingLog } from './support/receiving.js';
import { HeldSink, settled, TAKEN } from './support/spans.js';

const START = body({ name: 'work-start' });
const STOP = body({ name: 'work-stop', info: { done: true } });
const DOWN: Outcome = { kind: 'retryable', reason: 'down' };
const REFUSED: Outcome = { kind: 'permanent', reason: 'bad request' };

const open = new Set<Bridge>();

afterEach(async () => {
  for (const bridge of open) await bridge.close();
  open.clear();
});

describe('the bridge', () => {
  it('settles both halves when the backend has taken their span, and not before', async () => {
    const { receiver, sink, bridge } = bridging();
    const first = receiver.give(START);
    const second = receiver.give(STOP);
    assert.deepEqual(sink.requests[0]?.names, ['work']);
    assert.ok(first.live && second.live);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual([first.settlement, second.settlement], ['accept', 'accept']);
    assertCounts(bridge, { received: 2, exported: 2, spans: 1 });
  });

  it('settles nothing while the backend is down, and sends the same again', async () => {
    const { receiver, sink, log } = bridging();
    const deliveries = [receiver.give(START), receiver.give(STOP)];
    for (let attempt = 0; attempt < 3; attempt++) {
      sink.requests[attempt]?.answer(DOWN);
      await settled();
      assert.ok(deliveries.every(({ live }) => live));
    }
    assert.equal(sink.requests.length, 4);
    assert.match(log.text, /export failed, retrying/);
    sink.requests[3]?.answer(TAKEN);
    await settled();
    assert.ok(deliveries.every(({ settlement }) => settlement === 'accept'));
  });

  it('sets aside what the backend refuses for good', async () => {
    const { receiver, sink, bridge, log } = bridging();
    const deliveries = [receiver.give(START), receiver.give(STOP)];
    sink.requests[0]?.answer(REFUSED);
    await settled();
    const setAside = { reason: 'refused-by-backend', detail: 'bad request' };
    for (const { settlement } of deliveries) assert.deepEqual(settlement, setAside);
    assert.deepEqual([...bridge.counts.rejected], [['refused-by-backend', 2]]);
    assert.match(log.text, /bad request/);
    assertCounts(bridge, { received: 2 });
  });

  it('counts the spans that the backend took the batch of and refused by itself', async () => {
    const { receiver, sink, bridge, log } = bridging();
    receiver.give(START);
    receiver.give(STOP);
    sink.requests[0]?.answer({ kind: 'accepted', refused: 1, message: 'too old' });
    await settled();
    assertCounts(bridge, { received: 2, exported: 2, spans: 0, refusedSpans: 1 });
    assert.match(log.text, /too old/);
  });

  it('settles at once what is another kind of notification', () => {
    const { receiver, bridge } = bridging();
    const delivery = receiver.give(Buffer.from('{"event_type": "identity.authenticate", "payload": {}}'));
    assert.equal(delivery.settlement, 'accept');
    assert.deepEqual([...bridge.counts.filtered], [['foreign', 1]]);
    assertCounts(bridge, { received: 1 });
  });

  it('sets aside at once what can never be a span, without quoting it', () => {
    const { receiver, bridge, log } = bridging();
    const delivery = receiver.give(Buffer.from('{"password": "hunter2"'));
    assert.deepEqual(delivery.settlement, { reason: 'not-json', detail: 'unexpected end at character 22' });
    assert.deepEqual([...bridge.counts.rejected], [['not-json', 1]]);
    assert.doesNotMatch(log.text, /hunter2/);
    assert.match(log.text, /profiler\.info/);
    assertCounts(bridge, { received: 1 });
  });

  it('sets aside what is too large', () => {
    const { receiver, bridge } = bridging({ maxMessageBytes: START.length - 1 });
    const { settlement } = receiver.give(START);
    assert.ok(typeof settlement === 'object' && settlement.reason === 'too-large');
    assert.deepEqual([...bridge.counts.rejected], [['too-large', 1]]);
  });

  it('settles a half that came twice before its other did', async () => {
    const { receiver, sink, bridge } = bridging();
    const [first, again] = [receiver.give(START), receiver.give(START)];
    assert.equal(first.settlement, 'accept');
    receiver.give(STOP);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.equal(again.settlement, 'accept');
    assertCounts(bridge, { received: 3, duplicate: 1, exported: 2, spans: 1 });
  });

  it('settles halves that come again after their span, without another one', async () => {
    const { receiver, sink, bridge } = bridging();
    receiver.give(START);
    receiver.give(STOP);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual([receiver.give(STOP).settlement, receiver.give(START).settlement], ['accept', 'accept']);
    assert.equal(sink.requests.length, 1);
    assertCounts(bridge, { received: 4, exported: 2, duplicate: 2, spans: 1 });
  });

  it('settles a half as late whose point has left without it', async () => {
    const { receiver, sink, bridge } = bridging({ translate: { maxOpenPoints: 1 } });
    receiver.give(START);
    receiver.give(body({ name: 'other-start', trace_id: 'other' }));
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.equal(receiver.give(STOP).settlement, 'accept');
    assert.equal(sink.requests.length, 1);
    assertCounts(bridge, { received: 3, exported: 1, late: 1, spans: 1, incompleteSpans: 1 });
  });

  it('keeps an open half with the broker when it drains', async () => {
    const { receiver, sink, bridge } = bridging();
    const open = receiver.give(START);
    assert.equal(await bridge.drain(1_000), true);
    assert.ok(open.live);
    assert.equal(bridge.unacknowledged, 1);
    await bridge.close();
    assert.deepEqual([open.settlement, sink.requests.length, sink.isClosed], [undefined, 0, true]);
    assertCounts(bridge, { received: 1, returned: 1 });
  });

  it('drains what is on its way', async () => {
    const { receiver, sink, bridge, running } = bridging();
    const deliveries = [receiver.give(START), receiver.give(STOP)];
    const drained = bridge.drain(60_000);
    await settled();
    sink.requests[0]?.answer(TAKEN);
    assert.equal(await drained, true);
    assert.ok(deliveries.every(({ settlement }) => settlement === 'accept'));
    await running;
  });

  it('says when draining took too long, and settles nothing of it', async () => {
    const { receiver, bridge } = bridging();
    const delivery = receiver.give(START);
    receiver.give(STOP);
    assert.equal(await bridge.drain(1), false);
    await bridge.close();
    assert.equal(delivery.settlement, undefined);
    assertCounts(bridge, { received: 2, returned: 2 });
  });

  it('lets open halves leave as incomplete spans when the input has ended', async () => {
    const { receiver, sink, bridge, running } = bridging();
    const delivery = receiver.give(START);
    receiver.finish();
    await running;
    const finished = bridge.finish();
    sink.requests[0]?.answer(TAKEN);
    await finished;
    assert.equal(delivery.settlement, 'accept');
    assertCounts(bridge, { received: 1, exported: 1, spans: 1, incompleteSpans: 1 });
  });

  it('ends with the error of a receiver that cannot go on', async () => {
    const { receiver, running } = bridging();
    receiver.finish(new BridgeError('INPUT_UNREADABLE', 'no such file'));
    await assert.rejects(running, { code: 'INPUT_UNREADABLE' });
  });
});

describe('the bridge, when a channel dies', () => {
  it('forgets open halves and takes them again', async () => {
    const { receiver, sink, bridge } = bridging();
    receiver.give(START);
    receiver.lose();
    assert.equal(bridge.openPoints, 0);
    const deliveries = [receiver.give(START), receiver.give(STOP)];
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.ok(deliveries.every(({ settlement }) => settlement === 'accept'));
    assertCounts(bridge, { received: 3, returned: 1, exported: 2, spans: 1 });
  });

  it('settles redelivered halves with the span that was on its way meanwhile', async () => {
    const { receiver, sink, bridge } = bridging();
    receiver.give(START);
    receiver.give(STOP);
    receiver.lose();
    const again = [receiver.give(STOP), receiver.give(START)];
    assert.ok(again.every(({ live }) => live));
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.ok(again.every(({ settlement }) => settlement === 'accept'));
    assert.equal(sink.requests.length, 1);
    assertCounts(bridge, { received: 4, returned: 2, exported: 2, spans: 1 });
  });

  it('settles redelivered halves together, once both are there, when their span is exported already', async () => {
    const { receiver, sink, bridge } = bridging();
    receiver.give(START);
    receiver.give(STOP);
    receiver.lose();
    sink.requests[0]?.answer(TAKEN);
    await settled();
    const first = receiver.give(START);
    assert.ok(first.live, 'alone it might become an incomplete span of the next bridge');
    const second = receiver.give(STOP);
    assert.deepEqual([first.settlement, second.settlement], ['accept', 'accept']);
    assert.equal(sink.requests.length, 1);
    assertCounts(bridge, { received: 4, returned: 2, duplicate: 2, spans: 1 });
  });

  it('settles nothing on the dead channel', async () => {
    const { receiver, sink, bridge } = bridging();
    const dead = [receiver.give(START), receiver.give(STOP)];
    receiver.lose();
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.ok(dead.every(({ settlement }) => settlement === undefined));
    assertCounts(bridge, { received: 2, returned: 2, spans: 1 });
  });
});

function bridging(options: Partial<TestBridgeOptions> = {}) {
  const receiver = new FakeReceiver();
  const sink = new HeldSink();
  const log = new RememberingLog();
  const bridge = makeBridge({
    receivers: [receiver],
    sink,
    log,
    batch: { maxSize: 1 },
    retry: { sleep: async () => {} },
    ...options,
  });
  const running = bridge.run();
  open.add(bridge);
  return { bridge, receiver, sink, log, running };
}

/** The counts that are numbers, the others 0; and the law that holds for them at every moment. */
function assertCounts(bridge: Bridge, expected: Partial<Counts>): void {
  const { filtered, rejected, receivedBytes, exportedBytes, ...numbers } = bridge.counts;
  const zero = { received: 0, exported: 0, duplicate: 0, late: 0, returned: 0 };
  assert.deepEqual(numbers, { ...zero, spans: 0, incompleteSpans: 0, refusedSpans: 0, ...expected });
  const { received, exported, duplicate, late, returned } = numbers;
  assert.ok(exportedBytes <= receivedBytes);
  if (exported === received) assert.equal(exportedBytes, receivedBytes);
  const accounted = exported + duplicate + late + total(filtered) + total(rejected) + returned;
  assert.equal(accounted + bridge.unacknowledged, received);
}
