/** Faults around Jaeger: what comes twice is shown once, and what could not come is there afterwards. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { RunningBridge, runProgram } from '../end-to-end/program.js';
import { capturePath, captureText } from '../support/captures.js';
import { broker } from '../support/rabbitmq.js';
import { HoldingProxy } from './support/holding-proxy.js';
import { Jaeger, type JaegerSpan } from './support/jaeger.js';
import { dueWarnings, warningsIn } from './support/jaeger-warnings.js';
import { canonical, spansOf } from './support/otlp-json.js';
import { BOOT, messagesOf, PROTOCOLS, publish, waiting } from './support/recordings.js';
import { type Sent, sentFor, unique } from './support/sent.js';
import { until } from './support/server-process.js';

/** Small, so that a fault hits some batches and not all. */
const BATCHES = ['--batch-max-size', '64'];
const PASSED = 10;
const HELD = 3;

describe('Jaeger, when things break', () => {
  let boot: Sent;
  before(async () => {
    boot = await sentFor(BOOT);
  });

  for (const protocol of PROTOCOLS.filter((name) => name !== 'grpc')) {
    it(`shows nothing twice when the bridge is killed after batches were taken: ${protocol}`, async (test) => {
      const jaeger = await Jaeger.start();
      test.after(() => jaeger.remove());
      const proxy = await HoldingProxy.start(jaeger.url(), PASSED);
      test.after(() => proxy.stop());
      const vhost = await broker().createVhost();
      test.after(() => vhost.remove());
      await publish(vhost, messagesOf(BOOT));

      const killed = new RunningBridge(vhost, proxy, [...BATCHES, '--protocol', protocol]);
      test.after(() => killed.kill());
      await proxy.untilHeld(HELD);
      await killed.kill();
      const successor = new RunningBridge(vhost, { url: jaeger.url() }, [...BATCHES, '--protocol', protocol]);
      test.after(() => successor.kill());
      await until('nothing waits', async () => (await waiting(vhost)) === 0);
      await jaeger.untilTrace(boot.traceId, boot.spans.length);
      const { status, stderr } = await successor.stop();
      assert.equal(status, 0, stderr);

      const stored = spansOf([await jaeger.stored(boot.traceId)]);
      assert.ok(stored.length > boot.spans.length, 'some spans came again');
      for (const [id, copies] of canonical(stored)) {
        for (const copy of copies) assert.deepEqual(copy, boot.byId.get(id)?.[0]);
      }
      const shown = await jaeger.trace(boot.traceId);
      assert.equal(shown!.spans.length, boot.spans.length);
      assert.equal(unique(shown!.spans.map(({ spanID }) => spanID)).length, boot.spans.length);
      assert.deepEqual(warningsIn(shown!), dueWarnings(boot));
      test.diagnostic(`${stored.length} spans stored, ${shown!.spans.length} shown`);
    });
  }

  for (const protocol of PROTOCOLS) {
    it(`has everything after it crashed in the middle and came back: ${protocol}`, async (test) => {
      const jaeger = await Jaeger.start({ storage: 'badger' });
      test.after(() => jaeger.remove());
      const vhost = await broker().createVhost();
      test.after(() => vhost.remove());
      const messages = messagesOf(BOOT);
      const half = messages.length / 2;

      await publish(vhost, messages.slice(0, half));
      const where = { url: jaeger.url(protocol) };
      const bridge = new RunningBridge(vhost, where, [...BATCHES, '--protocol', protocol]);
      test.after(() => bridge.kill());
      await jaeger.untilTrace(boot.traceId, 1);
      await jaeger.kill();
      await publish(vhost, messages.slice(half));
      await until('the bridge holds all that waited', async () => (await waiting(vhost)) === 0);
      await jaeger.restart();
      await jaeger.untilTrace(boot.traceId, boot.spans.length);
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);

      const shown = await jaeger.trace(boot.traceId);
      assert.deepEqual(unique(shown!.spans.map(({ spanID }) => spanID)), unique(idsOf(boot)));
      assert.equal(shown!.spans.length, boot.spans.length);
      assert.equal(await waiting(vhost), 0);
      test.diagnostic(`${shown!.spans.length} spans shown after the crash`);
    });
  }

  // What docs/guarantees.md says of a half that a killed bridge left behind.
  for (const { storage, shown } of [
    { storage: 'memory', shown: ['complete', 'incomplete'] },
    { storage: 'badger', shown: ['incomplete'] },
  ] as const) {
    it(`shows of a complete span and an incomplete one with its id: ${shown.join(', ')}, with ${storage}`, async (test) => {
      const jaeger = await Jaeger.start({ storage });
      test.after(() => jaeger.remove());
      const text = captureText('py-nested');
      const starts = text.split('\n').filter((line) => line.includes('-start'));
      for (const input of [text, `${starts.join('\n')}\n`]) {
        const { status, stderr } = await runProgram(['replay', '--endpoint', jaeger.url(), '-'], input);
        assert.equal(status, 0, stderr);
      }
      const { traceId } = await sentFor(capturePath('py-nested'));
      const trace = await jaeger.trace(traceId);
      const found = trace!.spans.filter(({ operationName }) => operationName === 'outer');
      assert.deepEqual(found.map(completeness).sort(), [...shown]);
    });
  }
});

function completeness({ tags }: JaegerSpan): string {
  return tags.some(({ key }) => key === 'osprofiler.incomplete') ? 'incomplete' : 'complete';
}

function idsOf({ spans }: Sent): string[] {
  return spans.map(({ span }) => span.spanId);
}
