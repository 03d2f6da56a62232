/** What Tempo makes of spans from the bridge, by its own API and the service graph of its metrics generator. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { RunningBridge, runProgram } from '../end-to-end/program.js';
import { broker } from '../support/rabbitmq.js';
import { HoldingProxy } from './support/holding-proxy.js';
import { canonical, type KeptSpan } from './support/otlp-json.js';
import { BOOT, BOOT_PLACEMENT_DOWN, COMPRESSIONS, messagesOf, publish } from './support/recordings.js';
import { type Sent, sentFor } from './support/sent.js';
import { until } from './support/server-process.js';
import { Tempo } from './support/tempo.js';

/** This Tempo's JSON is OTLP's of 2022, before `scopeSpans`; in protobuf that is the same field under another name. */
const PROTOCOLS = ['http/protobuf', 'grpc'] as const;
const BATCHES = ['--batch-max-size', '64'];
const PASSED = 10;
const HELD = 3;

describe('Tempo', () => {
  let boot: Sent;
  before(async () => {
    boot = await sentFor(BOOT);
  });

  for (const protocol of PROTOCOLS) {
    for (const compression of COMPRESSIONS) {
      it(`has every span of a replayed boot as it was sent: ${protocol}, ${compression}`, async (test) => {
        const tempo = await startTempo(test);
        const how = ['--protocol', protocol, '--compression', compression];
        const where = ['--endpoint', tempo.url(protocol)];
        const { status, stderr } = await runProgram(['replay', ...how, ...where, BOOT]);
        assert.equal(status, 0, stderr);
        await assertShown(test, tempo, boot);
      });
    }

    it(`has every span of a boot that came from RabbitMQ: ${protocol}`, async (test) => {
      const tempo = await startTempo(test);
      const vhost = await broker().createVhost();
      test.after(() => vhost.remove());
      await publish(vhost, messagesOf(BOOT));
      const bridge = new RunningBridge(vhost, { url: tempo.url(protocol) }, ['--protocol', protocol]);
      test.after(() => bridge.kill());
      await tempo.untilTrace(boot.traceId, boot.spans.length);
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);
      await assertShown(test, tempo, boot);
    });
  }

  it('shows nothing twice when the bridge is killed after batches were taken', async (test) => {
    const tempo = await startTempo(test);
    const url = tempo.url('http/protobuf');
    const proxy = await HoldingProxy.start(url, PASSED);
    test.after(() => proxy.stop());
    const vhost = await broker().createVhost();
    test.after(() => vhost.remove());
    await publish(vhost, messagesOf(BOOT));
    const how = [...BATCHES, '--protocol', 'http/protobuf'];
    const killed = new RunningBridge(vhost, proxy, how);
    test.after(() => killed.kill());
    await proxy.untilHeld(HELD);
    await killed.kill();
    const successor = new RunningBridge(vhost, { url }, how);
    test.after(() => successor.kill());
    await tempo.untilTrace(boot.traceId, boot.spans.length);
    await until('more came than is shown', async () => (await tempo.received()) > boot.spans.length);
    const { status, stderr } = await successor.stop();
    assert.equal(status, 0, stderr);
    await assertShown(test, tempo, boot);
  });

  it('finds a boot by the UUID that the command printed', async (test) => {
    const tempo = await tempoWith(test, BOOT, '--shift');
    await until('it is found', async () => {
      const found = await tempo.search('osprofiler.base_id', boot.baseId);
      return found.length === 1 && withZeros(found[0]!) === boot.traceId;
    });
  });

  it('draws the services that called each other over HTTP, where the services trace their requests', async (test) => {
    const tempo = await tempoWith(test, BOOT_PLACEMENT_DOWN, '--shift');
    await tempo.untilEdges([
      'nova-osapi_compute → neutron-server',
      'nova-osapi_compute → keystone-public',
      'neutron-server → keystone-public',
      'nova-conductor → nova-scheduler',
    ]);
    test.diagnostic(tempo.edges().join(', '));
  });

  it('draws what is called through a client class, where the services do not', async (test) => {
    const tempo = await tempoWith(test, BOOT, '--shift');
    await tempo.untilEdges([
      'nova-compute → neutron-server',
      'nova-conductor → nova-compute',
      'nova-conductor → nova-scheduler',
    ]);
    test.diagnostic(tempo.edges().join(', '));
  });
});

async function startTempo(test: TestContext): Promise<Tempo> {
  const tempo = await Tempo.start();
  test.after(() => tempo.remove());
  return tempo;
}

/** A Tempo that a recording was replayed to. */
async function tempoWith(test: TestContext, file: string, ...args: readonly string[]): Promise<Tempo> {
  const tempo = await startTempo(test);
  const where = ['--protocol', 'http/protobuf', '--endpoint', tempo.url('http/protobuf')];
  const { status, stderr } = await runProgram(['replay', ...where, ...args, file]);
  assert.equal(status, 0, stderr);
  return tempo;
}

/** Every span once, as it was sent, but for what OTLP of 2022 does not have: flags. */
async function assertShown(test: TestContext, tempo: Tempo, sent: Sent): Promise<void> {
  const shown = await tempo.trace(sent.traceId);
  assert.equal(shown.length, sent.spans.length);
  assert.deepEqual(canonical(shown), canonical(sent.spans.map(withoutFlags)));
  test.diagnostic(`sent ${sent.spans.length}, received ${await tempo.received()}, shown ${shown.length}`);
}

function withoutFlags({ span, ...around }: KeptSpan): KeptSpan {
  const { flags: _, ...rest } = span as typeof span & { flags?: number };
  return { ...around, span: rest };
}

/** Tempo leaves out leading zeros. */
function withZeros(traceId: string): string {
  return traceId.padStart(32, '0');
}
