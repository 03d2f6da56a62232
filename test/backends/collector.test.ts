/** What the OpenTelemetry Collector takes from the bridge, by its own metrics and by what it writes. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { RunningBridge, runProgram } from '../end-to-end/program.js';
import { captureNames, capturePath } from '../support/captures.js';
import { broker } from '../support/rabbitmq.js';
import { type Calls, Collector, type CollectorOptions } from './support/collector.js';
import { canonical, type KeptSpan, serviceOf, spansOf } from './support/otlp-json.js';
import { BOOT, COMPRESSIONS, messagesOf, PROTOCOLS, publish, waiting } from './support/recordings.js';
import { type Sent, sentFor, spansFor } from './support/sent.js';
import { until } from './support/server-process.js';

/** Recordings in which something is no notification, so that replay ends with 4. */
const NOISY = ['wire-messagingv2-real-noise'];
/** More than one request takes when the Collector takes 1 MiB. */
const LARGE_BATCHES = ['--batch-max-size', '2000', '--batch-max-bytes', '64MiB', '--batch-delay', '5s'];

describe('the Collector', () => {
  let boot: Sent;
  before(async () => {
    boot = await sentFor(BOOT);
  });

  for (const protocol of PROTOCOLS) {
    for (const compression of COMPRESSIONS) {
      it(`writes what was sent for a replayed boot: ${protocol}, ${compression}`, async (test) => {
        const collector = await startCollector(test);
        const how = ['--protocol', protocol, '--compression', compression];
        await replay(collector, protocol, [...how, BOOT]);
        await assertWritten(test, collector, boot.spans);
      });
    }

    it(`writes what was sent for a boot that came from RabbitMQ: ${protocol}`, async (test) => {
      const collector = await startCollector(test);
      const vhost = await broker().createVhost();
      test.after(() => vhost.remove());
      await publish(vhost, messagesOf(BOOT));
      const where = { url: collector.url(protocol) };
      const bridge = new RunningBridge(vhost, where, ['--protocol', protocol]);
      test.after(() => bridge.kill());
      await until('all is written', async () => (await collector.books()).written === boot.spans.length);
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);
      await assertWritten(test, collector, boot.spans);
    });

    it(`has everything after it went away in the middle and came back: ${protocol}`, async (test) => {
      const collector = await startCollector(test);
      const vhost = await broker().createVhost();
      test.after(() => vhost.remove());
      const messages = messagesOf(BOOT);
      const half = messages.length / 2;
      await publish(vhost, messages.slice(0, half));
      const where = { url: collector.url(protocol) };
      const bridge = new RunningBridge(vhost, where, ['--protocol', protocol, '--batch-max-size', '64']);
      test.after(() => bridge.kill());
      await until('some is written', async () => (await collector.books()).written > 0);
      await collector.stop();
      await publish(vhost, messages.slice(half));
      await until('the bridge holds all that waited', async () => (await waiting(vhost)) === 0);
      await collector.restart();
      await until('all is written', async () => {
        const written = spansOf(await collector.traces());
        return canonical(written).size === boot.spans.length;
      });
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);
      await collector.stop();
      assertSame(spansOf(await collector.traces()), boot.spans);
    });

    it(`has everything although batches were larger than it takes: ${protocol}`, async (test) => {
      const collector = await startCollector(test, { maxRequestMib: 1 });
      await replay(collector, protocol, ['--protocol', protocol, ...LARGE_BATCHES, BOOT]);
      const { accepted } = await collector.books();
      assert.equal(accepted, boot.spans.length);
      await collector.stop();
      assertSame(spansOf(await collector.traces()), boot.spans);
    });

    it(`takes all that was ever recorded: ${protocol}`, async (test) => {
      const files = captureNames()
        .filter((name) => !NOISY.includes(name))
        .map(capturePath);
      const sent = await spansFor(files);
      const collector = await startCollector(test);
      await replay(collector, protocol, ['--protocol', protocol, ...files]);
      await assertWritten(test, collector, sent);
    });
  }

  it('counts calls by service, name, kind and status, as the spans have them', async (test) => {
    const collector = await startCollector(test);
    await replay(collector, 'http/json', [BOOT]);
    const calls = await collector.untilCalls(boot.spans.length);
    assert.deepEqual(sorted(calls), sorted(callsOf(boot.spans)));
    test.diagnostic(`${calls.length} series count ${boot.spans.length} calls`);
  });
});

async function startCollector(test: TestContext, options: CollectorOptions = {}): Promise<Collector> {
  const collector = await Collector.start(options);
  test.after(() => collector.remove());
  return collector;
}

async function replay(
  collector: Collector,
  protocol: (typeof PROTOCOLS)[number],
  args: readonly string[],
): Promise<void> {
  const { status, stderr } = await runProgram(['replay', '--endpoint', collector.url(protocol), ...args]);
  assert.equal(status, 0, stderr);
}

/** Its books are clean, and once it has ended its file holds what was sent, to the last attribute, each span once. */
async function assertWritten(
  test: TestContext,
  collector: Collector,
  sent: readonly KeptSpan[],
): Promise<void> {
  const books = await collector.books();
  assert.deepEqual(books, { accepted: sent.length, refused: 0, written: sent.length, failed: 0 });
  await collector.stop();
  const written = spansOf(await collector.traces());
  assertSame(written, sent);
  test.diagnostic(`sent ${sent.length}, ${JSON.stringify(books)}, ${written.length} in the file`);
}

function assertSame(written: readonly KeptSpan[], sent: readonly KeptSpan[]): void {
  assert.equal(written.length, sent.length);
  assert.deepEqual(canonical(written), canonical(sent));
}

const KINDS = ['', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT'];
const STATUSES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

function callsOf(spans: readonly KeptSpan[]): Calls[] {
  const counted = new Map<string, Calls>();
  for (const kept of spans) {
    const { name, kind, status } = kept.span;
    const of = { service: serviceOf(kept), name, kind: KINDS[kind]!, status: STATUSES[status?.code ?? 0]! };
    const key = JSON.stringify(of);
    counted.set(key, { ...of, count: (counted.get(key)?.count ?? 0) + 1 });
  }
  return [...counted.values()];
}

function sorted(calls: readonly Calls[]): string[] {
  return calls
    .map(({ service, name, kind, status, count }) => [service, name, kind, status, count].join(' | '))
    .sort();
}
