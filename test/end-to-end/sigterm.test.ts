/** What an operator does every day: stopping the program in the middle of its work. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { decode } from '../../src/codec/envelope.js';
import { pointKey } from '../../src/trace-point.js';
import { captureNames, type RecordedMessage, readCapture } from '../support/captures.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, eventually, type TestVhost } from '../support/rabbitmq.js';
import { receivedKey } from './expectation.js';
import { RunningBridge } from './program.js';

const EXCHANGE = 'nova';
const QUEUE = 'profiler.info';
const ROUTING_KEY = 'profiler.info';
/** Few at once, so that a stop finds most of the load still with the broker. */
const SLOWLY = ['--prefetch', '600', '--batch-max-size', '50', '--batch-max-in-flight', '2'];

interface Load {
  readonly messages: readonly RecordedMessage[];
  /** Points whose both halves are in it. */
  readonly pairs: number;
  /** Halves whose other is not. */
  readonly open: number;
}

describe('SIGTERM in the middle of a load', () => {
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
  const messageCount = () =>
    vhost.withChannel((channel) =>
      eventually(async () => {
        const queue = await channel.checkQueue(QUEUE);
        return queue.consumerCount === 0 && { count: queue.messageCount };
      }),
    );

  it('loses nothing and sends nothing twice: the next run completes it', async () => {
    const load = loadOfAllCaptures();
    await publishAll(vhost, load.messages);
    const stops = [5, 15, 40];
    for (const requests of stops) {
      const bridge = run(...SLOWLY);
      await backend.untilRequests(requests);
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);
      const settled = load.messages.length - (await messageCount()).count;
      assert.equal(settled, 2 * backend.spans.length, 'what is exported is settled, and nothing else');
      assert.ok(settled < load.messages.length - load.open);
    }
    const last = run();
    await backend.untilSpans(load.pairs);
    assert.equal((await last.stop()).status, 0);
    assert.equal(backend.spans.length, load.pairs);
    assert.equal(new Set(backend.spans.map(receivedKey)).size, load.pairs);
    assert.equal((await messageCount()).count, load.open);
  });
});

/** Every recorded half once, osprofiler's only. */
function loadOfAllCaptures(): Load {
  const messages: RecordedMessage[] = [];
  const halves = new Map<string, Set<string>>();
  for (const message of captureNames().flatMap(readCapture)) {
    const decoded = decode(message.body, message.properties);
    if (decoded.kind !== 'event') continue;
    const key = pointKey(decoded.event);
    const known = halves.get(key) ?? new Set();
    halves.set(key, known);
    if (known.has(decoded.event.phase)) continue;
    known.add(decoded.event.phase);
    messages.push(message);
  }
  const pairs = [...halves.values()].filter(({ size }) => size === 2).length;
  return { messages, pairs, open: messages.length - 2 * pairs };
}

/** As oslo.messaging does it: a topic exchange of the service, and the queue bound to it by its routing key. */
async function publishAll(vhost: TestVhost, messages: readonly RecordedMessage[]): Promise<void> {
  await vhost.withChannel(async (channel) => {
    await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
    await channel.assertQueue(QUEUE, { durable: false });
    await channel.bindQueue(QUEUE, EXCHANGE, ROUTING_KEY);
    for (const { body, properties } of messages) {
      const { contentType = '', contentEncoding = '', headers = {} } = properties;
      channel.publish(EXCHANGE, ROUTING_KEY, body, { contentType, contentEncoding, headers });
    }
    await eventually(async () => (await channel.checkQueue(QUEUE)).messageCount === messages.length);
  });
}
