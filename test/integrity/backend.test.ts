import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Reply, TAKE } from './support/backend.js';
import { Broker } from './support/broker.js';
import { moment } from './support/patience.js';
import { QUEUE } from './support/publisher.js';
import { ROUNDS } from './support/random.js';
import { World } from './support/world.js';

const TRYING_AGAIN = /export failed, retrying/;
const NOTIFICATIONS = 1_600;
const BRIDGE = ['--batch-max-size', '128'];
/** A request without an end is given up soon; on a slow machine one that would have been answered may be, too. */
const IMPATIENT = ['--export-timeout', '1s'];

/** How so many requests are answered before the backend recovers. */
interface Outage {
  readonly what: string;
  readonly reply: Reply;
  readonly times: number;
  /** The backend has spans that it never said it took, and gets them again. */
  readonly repeats?: boolean;
  /** Only the export's timeout ends it. */
  readonly isEndless?: boolean;
}

const OUTAGES: readonly Outage[] = [
  { what: '503 without Retry-After', reply: { kind: 'answer', status: 503 }, times: 6 },
  {
    what: '503 with Retry-After',
    reply: { kind: 'answer', status: 503, headers: { 'retry-after': '1' } },
    times: 6,
  },
  { what: '429', reply: { kind: 'answer', status: 429 }, times: 6 },
  { what: '500', reply: { kind: 'answer', status: 500 }, times: 8 },
  { what: '400 to everything', reply: { kind: 'answer', status: 400 }, times: 30 },
  { what: '401', reply: { kind: 'answer', status: 401 }, times: 8 },
  { what: '404', reply: { kind: 'answer', status: 404 }, times: 8 },
  {
    what: 'an HTML page with 200',
    reply: {
      kind: 'answer',
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>Log in</html>',
    },
    times: 8,
  },
  { what: 'silence', reply: { kind: 'hang' }, times: 6, isEndless: true },
  { what: 'a byte now and then', reply: { kind: 'drip' }, times: 4, isEndless: true },
  { what: 'a reset connection', reply: { kind: 'reset' }, times: 8 },
  { what: 'a reset after it took the batch', reply: { kind: 'take and reset' }, times: 8, repeats: true },
  {
    what: 'silence after it took the batch',
    reply: { kind: 'take and hang' },
    times: 6,
    repeats: true,
    isEndless: true,
  },
];

describe('a backend that fails', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  for (const { what, reply, times, repeats = false, isEndless = false } of OUTAGES) {
    it(`costs nothing: ${what}`, async (test) => {
      const world = await World.create(test, broker, { bridgeArguments: BRIDGE });
      world.backend.rule = ({ index }) => (index < times ? reply : TAKE);
      const bridge = await world.consumingBridge(...(isEndless ? IMPATIENT : []));
      await world.publishNext(NOTIFICATIONS);
      await world.publishRest();
      const { rejected } = await world.verdict(bridge);
      assert.deepEqual(rejected, {});
      assert.ok(world.backend.requests > times);
      if (repeats || !isEndless) assert.equal(world.backend.duplicates > 0, repeats);
    });
  }

  it('costs nothing: refused connections', async (test) => {
    const world = await World.create(test, broker, { bridgeArguments: BRIDGE });
    await world.backend.close();
    const bridge = await world.consumingBridge();
    await world.publishNext(NOTIFICATIONS);
    await bridge.untilLogged(TRYING_AGAIN);
    await world.publishRest();
    await world.backend.open();
    const { rejected } = await world.verdict(bridge);
    assert.deepEqual(rejected, {});
    assert.equal(world.backend.duplicates, 0);
  });

  it('that refuses one span with 400 gets all the others, and that one is set aside', async (test) => {
    const world = await World.create(test, broker);
    const bridge = await world.consumingBridge();
    const messages = world.load.take(NOTIFICATIONS);
    const poison = messages[NOTIFICATIONS / 2]!.key;
    world.excused.add(poison);
    world.backend.rule = ({ spans }) =>
      spans.some(({ key }) => key === poison) ? { kind: 'answer', status: 400, body: 'no' } : TAKE;
    await world.publisher.publish(messages);
    const rest = world.load.takeRest();
    await world.publisher.publish(rest);
    const { rejected } = await world.verdict(bridge);
    assert.deepEqual(rejected, { 'refused-by-backend': 2 });
    assert.equal(world.backend.duplicates, 0);
    const letters = await world.deadLetters();
    assert.deepEqual(
      letters.map(({ body }) => body.toString()).sort(),
      [...messages, ...rest]
        .filter(({ key }) => key === poison)
        .map(({ body }) => body.toString())
        .sort(),
    );
    assert.deepEqual(new Set(letters.map(({ reason }) => reason)), new Set(['refused-by-backend']));
  });

  it('that refuses one trace among many for ever gets all the others, and that one is dead-lettered', async (test) => {
    const world = await World.create(test, broker, { bridgeArguments: BRIDGE });
    const bridge = await world.consumingBridge();
    const messages = world.load.take(NOTIFICATIONS);
    const poison = messages[NOTIFICATIONS / 2]!.key;
    world.excused.add(poison);
    const body = JSON.stringify({ code: 9, message: 'TRACE_TOO_LARGE: max size of trace exceeded' });
    const headers = { 'content-type': 'application/json' };
    world.backend.rule = ({ spans }) =>
      spans.some(({ key }) => key === poison) ? { kind: 'answer', status: 500, headers, body } : TAKE;
    await world.publisher.publish(messages);
    await world.publishRest();
    const { rejected } = await world.verdict(bridge);
    assert.deepEqual(rejected, { 'refused-by-backend': 2 });
    assert.equal(world.backend.duplicates, 0);
  });

  for (const [what, body] of [
    ['nothing', ''],
    ['JSON of its own', '{"status":"accepted"}'],
    ['a word', 'ok'],
    ['null', 'null'],
  ] as const) {
    it(`that says ${what} with 200 is sent nothing twice`, async (test) => {
      const world = await World.create(test, broker, { bridgeArguments: BRIDGE });
      world.backend.rule = () => ({ kind: 'take', body });
      const bridge = await world.consumingBridge();
      await world.publishNext(NOTIFICATIONS);
      await world.publishRest();
      const { rejected } = await world.verdict(bridge);
      assert.deepEqual(rejected, {});
      assert.equal(world.backend.duplicates, 0);
    });
  }

  it('that takes only small batches (413) gets everything in smaller ones', async (test) => {
    const world = await World.create(test, broker);
    let refusals = 0;
    world.backend.rule = ({ length }) => {
      if (length <= 100_000) return TAKE;
      refusals++;
      return { kind: 'answer', status: 413 };
    };
    const bridge = await world.consumingBridge();
    await world.publishNext(NOTIFICATIONS);
    await world.publishRest();
    const { rejected } = await world.verdict(bridge);
    assert.deepEqual(rejected, {});
    assert.ok(refusals > 0);
    assert.equal(world.backend.duplicates, 0);
  });

  it('that takes a batch but for some spans (partial success) is not sent them again', async (test) => {
    const world = await World.create(test, broker);
    const messages = world.load.take(NOTIFICATIONS);
    const keys = [...world.load.pairs.keys()];
    for (const index of [0, 100, 101, 500]) world.excused.add(keys[index]!);
    world.backend.rule = () => ({ kind: 'take', refuse: ({ key }) => world.excused.has(key) });
    const bridge = await world.consumingBridge();
    await world.publisher.publish(messages);
    await world.publishRest();
    const { refused, spans, rejected } = await world.verdict(bridge);
    assert.equal(refused, 4);
    assert.equal(spans, world.load.pairs.size - 4);
    assert.deepEqual(rejected, {});
    assert.deepEqual(world.backend.refused.sort(), [...world.excused].sort());
  });
});

const WINDOW = 6_000;
const DOWN_MS = 15_000 * Math.min(ROUNDS, 20);
const SAMPLE_EVERY_MS = 250;
const MIB = 1024 * 1024;

describe('a backend that is down for long', () => {
  let broker: Broker;
  before(async () => {
    broker = await Broker.start();
  });
  after(() => broker.stop());

  it(`costs nothing, and the bridge's memory stays flat (${DOWN_MS / 1000} s)`, async (test) => {
    const world = await World.create(test, broker, {
      bridgeArguments: ['--prefetch', String(WINDOW)],
    });
    await world.backend.close();
    const bridge = await world.consumingBridge();
    await world.publishNext(3 * WINDOW);
    await world.publishRest();
    await broker.untilQueue(world.vhost, QUEUE, 'handed out up to the window', ({ unacknowledged }) => {
      return unacknowledged === WINDOW;
    });
    const samples: number[] = [];
    for (let waited = 0; waited < DOWN_MS; waited += SAMPLE_EVERY_MS) {
      samples.push(bridge.residentBytes());
      await moment(SAMPLE_EVERY_MS);
    }
    const third = Math.floor(samples.length / 3);
    const plateau = Math.max(...samples.slice(0, third));
    const end = Math.max(...samples.slice(-third));
    test.diagnostic(
      `${Math.round(plateau / MIB)} MiB once the window was full, ${Math.round(end / MIB)} MiB later`,
    );
    assert.ok(end < plateau * 1.3, `${plateau} bytes grew to ${end}`);
    assert.ok(end < 300 * MIB, `${end} bytes`);
    await world.backend.open();
    await world.verdict(bridge);
    assert.equal(world.backend.duplicates, 0);
  });
});
