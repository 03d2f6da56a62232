/** Real osprofiler → real RabbitMQ → the program → OTLP. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { broker, eventually, type TestVhost } from '../support/rabbitmq.js';
import { assertSpans, receivedKey, sentKey, sentPoints } from './expectation.js';
import { publish, RunningBridge, type SentHalf } from './program.js';

const QUEUE = 'profiler.info';

describe('notifications of the real osprofiler', () => {
  let vhost: TestVhost;
  let backend: OtlpReceiver;
  const bridges: RunningBridge[] = [];

  beforeEach(async () => {
    vhost = await broker().createVhost();
    backend = await OtlpReceiver.start();
  });
  afterEach(async () => {
    for (const bridge of bridges.splice(0)) await bridge.kill();
    await backend.stop();
    await vhost.remove();
  });

  const run = (...args: string[]): RunningBridge => {
    const bridge = new RunningBridge(vhost, backend, args);
    bridges.push(bridge);
    return bridge;
  };
  /** Messages that are left with the broker once nobody consumes. */
  const left = (count: number) =>
    vhost.withChannel((channel) =>
      eventually(async () => {
        const { messageCount, consumerCount } = await channel.checkQueue(QUEUE);
        return consumerCount === 0 && messageCount === count;
      }),
    );

  it('become spans that say what the process said of itself', async () => {
    const sent = await publish(vhost, ['all']);
    const bridge = run();
    const spans = await backend.untilSpans(sentPoints(sent).size);
    const { status, stderr } = await bridge.stop();
    assert.equal(status, 0, stderr);
    assertSpans(spans, sent);
    assertNames(spans);
    await left(0);
  });

  it('become spans while they are being published', async () => {
    await publish(vhost, ['send']);
    const bridge = run();
    const sent = (await Promise.all([publish(vhost, ['all']), publish(vhost, ['all'])])).flat();
    await backend.untilSpans(sentPoints(sent).size);
    assert.equal((await bridge.stop()).status, 0);
    assertSpans(backend.spans, sent);
    await left(0);
  });

  const variants: [string, string[], string][] = [
    ['messagingv2', ['all', '--format', '2.0'], ''],
    ['gzip', ['all'], '?kombu_compression=gzip'],
    ['bzip2', ['all'], '?kombu_compression=bzip2'],
    ['messagingv2 and gzip', ['all', '--format', '2.0'], '?kombu_compression=gzip'],
    ['quorum queues', ['all'], '?rabbit_quorum_queue=true&amqp_durable_queues=true'],
  ];
  for (const [name, args, query] of variants) {
    it(`become the same spans with ${name}`, async () => {
      const sent = await publish(vhost, args, { query });
      const bridge = run('--compression', 'gzip');
      await backend.untilSpans(sentPoints(sent).size);
      assert.equal((await bridge.stop()).status, 0);
      assertSpans(backend.spans, sent);
      await left(0);
    });
  }

  it('of a process that died stay with the broker, and are completed by a stop that comes late', async () => {
    const sent = await publish(vhost, ['die'], { status: 9 });
    const open = sent.find(({ name }) => name === 'survivor-start') as SentHalf;
    const first = run();
    const [finished, ...others] = await backend.untilSpans(1);
    assert.deepEqual([finished?.attributes['osprofiler.name'], others], ['finished', []]);
    assert.equal(finished?.parentSpanId, open.trace_id.replaceAll('-', '').slice(16));
    assert.equal((await first.stop()).status, 0);
    await left(1);

    const second = run();
    const late = await publish(vhost, ['send'], { input: JSON.stringify(stopOf(open)) });
    const spans = await backend.untilSpans(2);
    assert.equal((await second.stop()).status, 0);
    assertSpans(spans, [...sent, ...late]);
    assert.equal(spans[1] && receivedKey(spans[1]), sentKey(open));
    await left(0);
  });

  it('stay with the broker while the backend is down, and arrive once when it is back', async () => {
    backend.otherwise = { kind: 'respond', status: 503 };
    const sent = await publish(vhost, ['all']);
    const bridge = run('--export-timeout', '1s');
    await backend.untilRequests(3);
    assert.deepEqual(backend.spans, []);
    backend.otherwise = { kind: 'respond' };
    await backend.untilSpans(sentPoints(sent).size);
    assert.equal((await bridge.stop()).status, 0);
    assertSpans(backend.spans, sent);
    await left(0);
  });

  it('stay with the broker when the program has to leave before the backend took them', async () => {
    backend.otherwise = { kind: 'hang' };
    const sent = await publish(vhost, ['all']);
    const first = run('--drain-timeout', '100ms');
    await backend.untilRequests(1);
    const { status, stderr } = await first.stop();
    assert.equal(status, 5, stderr);
    assert.match(stderr, /DRAIN_INCOMPLETE/);
    await left(sent.length);

    backend.otherwise = { kind: 'respond' };
    const second = run();
    await backend.untilSpans(sentPoints(sent).size);
    assert.equal((await second.stop()).status, 0);
    assertSpans(backend.spans, sent);
    await left(0);
  });
});

/** The stop that the process would have sent. */
function stopOf({ base_id, trace_id, parent_id, timestamp, host }: SentHalf) {
  const later = `${timestamp.slice(0, 20)}999999`;
  return { name: 'survivor-stop', base_id, trace_id, parent_id, timestamp: later, info: { host } };
}

/** By their names people find spans: some that every OpenStack has. */
function assertNames(spans: readonly ReceivedSpan[]): void {
  const nameOf = (name: string) => spans.filter(({ attributes }) => attributes['osprofiler.name'] === name);
  const names = (name: string) => nameOf(name).map((span) => span.name);
  assert.deepEqual(names('outer'), ['outer']);
  assert.deepEqual(names('wsgi'), ['GET /v2.1/servers/{id}']);
  assert.deepEqual(names('db').sort(), ['BATCH INSERT user', 'SELECT instances']);
  assert.deepEqual(names(''), ['osprofiler']);
  assert.deepEqual(names('a-start'), ['a-start']);
  assert.deepEqual(names('rpc'), ['ComputeManager.attach_volume']);
  assert.doesNotMatch(JSON.stringify(spans), /hunter2/);
}
