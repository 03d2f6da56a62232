import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { Batcher, type BatchOptions, DEFAULT_BATCH } from '../../src/export/batcher.js';
import { BackendHealth } from '../../src/export/health.js';
import { type FinalOutcome, Retrier } from '../../src/export/retry.js';
import { property } from '../support/notifications.js';
import { RememberingLog } from '../support/receiving.js';
import { HeldSink, PromptSink, settled, span, TAKEN } from '../support/spans.js';

describe('batching', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('sends a batch as soon as it holds enough spans', () => {
    const { batcher, sink } = batching({ maxSize: 2 });
    add(batcher, 'a');
    assert.equal(sink.requests.length, 0);
    add(batcher, 'b');
    assert.deepEqual(sink.requests[0]?.names, ['a', 'b']);
  });

  it('sends a batch as soon as it holds enough bytes, none above the limit but one span alone', async () => {
    const { batcher, sink } = batching({ maxBytes: 100, maxInFlight: 3 });
    add(batcher, 'a', 60);
    add(batcher, 'b', 60);
    assert.deepEqual(sink.requests[0]?.names, ['a']);
    add(batcher, 'huge', 1_000);
    assert.deepEqual(
      sink.requests.map(({ names }) => names),
      [['a'], ['b'], ['huge']],
    );
  });

  it('sends what waits after the delay', () => {
    const { batcher, sink } = batching({ delayMs: 200 });
    add(batcher, 'a');
    mock.timers.tick(150);
    add(batcher, 'b');
    mock.timers.tick(49);
    assert.equal(sink.requests.length, 0);
    mock.timers.tick(1);
    assert.deepEqual(sink.requests[0]?.names, ['a', 'b']);
    add(batcher, 'c');
    mock.timers.tick(200);
    assert.deepEqual(sink.requests[1]?.names, ['c']);
  });

  it('has no more batches on their way than allowed', async () => {
    const { batcher, sink } = batching({ maxSize: 1, maxInFlight: 2 });
    for (const name of ['a', 'b', 'c', 'd']) add(batcher, name);
    assert.equal(sink.requests.length, 2);
    assert.equal(batcher.pending, 4);
    sink.requests[1]?.answer(TAKEN);
    await settled();
    assert.deepEqual(sink.requests[2]?.names, ['c']);
    assert.equal(batcher.pending, 3);
  });

  it('sends what became due while everything was on its way, as soon as there is room', async () => {
    const { batcher, sink } = batching({ maxSize: 10, maxInFlight: 1 });
    add(batcher, 'a');
    mock.timers.tick(200);
    add(batcher, 'b');
    mock.timers.tick(200);
    assert.equal(sink.requests.length, 1);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual(sink.requests[1]?.names, ['b']);
  });

  it('leaves no span behind that came after a full batch had to wait', async () => {
    const { batcher, sink } = batching({ maxBytes: 100, maxInFlight: 1 });
    add(batcher, 'first', 100);
    add(batcher, 'huge', 100);
    add(batcher, 'small', 1);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual(sink.requests[1]?.names, ['huge']);
    sink.requests[1]?.answer(TAKEN);
    await settled();
    mock.timers.tick(200);
    assert.deepEqual(sink.requests[2]?.names, ['small']);
  });

  it('gives the items back with the outcome of their spans', async () => {
    const { batcher, sink, outcomes } = batching({ maxSize: 2 });
    add(batcher, 'a');
    add(batcher, 'b');
    sink.requests[0]?.answer({ kind: 'accepted', refused: 1 });
    await settled();
    assert.deepEqual(outcomes, [[['a', 'b'], { kind: 'accepted', refused: 1 }]]);
  });

  it('is sent at once when nothing more can come, as far as batches may be on their way', async () => {
    const { batcher, sink } = batching({ maxSize: 3, maxInFlight: 1 });
    batcher.flushNow();
    add(batcher, 'a');
    add(batcher, 'b');
    assert.equal(sink.requests.length, 0);
    batcher.flushNow();
    assert.deepEqual(sink.requests[0]?.names, ['a', 'b']);
    add(batcher, 'c');
    batcher.flushNow();
    assert.equal(sink.requests.length, 1);
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual(sink.requests[1]?.names, ['c']);
  });

  it('is flushed when everything that was added has its outcome', async () => {
    const { batcher, sink, outcomes } = batching({ maxSize: 2, maxInFlight: 1 });
    for (const name of ['a', 'b', 'c']) add(batcher, name);
    let isFlushed = false;
    const flushed = batcher.flush().then(() => {
      isFlushed = true;
    });
    sink.requests[0]?.answer(TAKEN);
    await settled();
    assert.deepEqual(sink.requests[1]?.names, ['c']);
    assert.equal(isFlushed, false);
    sink.requests[1]?.answer(TAKEN);
    await flushed;
    assert.equal(outcomes.length, 2);
    await batcher.flush();
  });

  it('gives up when it is stopped: nothing more is sent, nothing more has an outcome', async () => {
    const { batcher, sink, outcomes } = batching({ maxSize: 1, maxInFlight: 1 });
    add(batcher, 'a');
    add(batcher, 'b');
    batcher.stop();
    sink.requests[0]?.answer({ kind: 'retryable', reason: 'down' });
    await settled();
    mock.timers.tick(1_000_000);
    await settled();
    assert.equal(sink.requests.length, 1);
    assert.deepEqual(outcomes, []);
  });
});

describe('batching of anything', () => {
  it('gives every item back exactly once, in batches within the limits', async () => {
    const options = fc.record({
      maxSize: fc.integer({ min: 1, max: 5 }),
      maxBytes: fc.integer({ min: 1, max: 100 }),
      maxInFlight: fc.integer({ min: 1, max: 3 }),
    });
    const sizes = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(sizes, options, async (bytes, limits) => {
        const sink = new PromptSink();
        const back: number[] = [];
        const batcher = new Batcher<number>(
          new Retrier(sink, new BackendHealth(new RememberingLog())),
          { ...limits, delayMs: 0 },
          (items) => void back.push(...items),
        );
        for (const [index, size] of bytes.entries()) batcher.add(span(String(index)), index, size);
        await batcher.flush();
        assert.deepEqual(
          back.sort((a, b) => a - b),
          [...bytes.keys()],
        );
        for (const names of sink.names) {
          const total = names.reduce((sum, name) => sum + bytes[Number(name)]!, 0);
          assert.ok(names.length <= limits.maxSize);
          assert.ok(total <= limits.maxBytes || names.length === 1);
        }
      }),
      property(150),
    );
  });
});

function batching(options: Partial<BatchOptions>) {
  const sink = new HeldSink();
  const outcomes: [readonly string[], FinalOutcome][] = [];
  const smaller: number[] = [];
  const batcher = new Batcher<string>(
    new Retrier(sink, new BackendHealth(new RememberingLog()), { initialDelayMs: 10 }),
    { ...DEFAULT_BATCH, ...options },
    (items, outcome) => outcomes.push([items, outcome]),
    (maxSize) => smaller.push(maxSize),
  );
  return { batcher, sink, outcomes, smaller };
}

function add(batcher: Batcher<string>, name: string, bytes = 1): void {
  batcher.add(span(name), name, bytes);
}
