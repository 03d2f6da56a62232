/** What Jaeger makes of spans from the bridge, by its own query API. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { RunningBridge, runProgram } from '../end-to-end/program.js';
import { broker } from '../support/rabbitmq.js';
import { Jaeger, type JaegerOptions, type JaegerSpan } from './support/jaeger.js';
import { dueWarnings, warningsIn } from './support/jaeger-warnings.js';
import { canonical, spansOf } from './support/otlp-json.js';
import {
  BOOT,
  BOOT_PLACEMENT_DOWN,
  COMPRESSIONS,
  messagesOf,
  PROTOCOLS,
  publish,
} from './support/recordings.js';
import { type Sent, sentFor, unique } from './support/sent.js';

const BOOT_SPANS = 1_761;

describe('Jaeger', () => {
  let boot: Sent;
  before(async () => {
    boot = await sentFor(BOOT);
    assert.equal(boot.spans.length, BOOT_SPANS);
  });

  for (const protocol of PROTOCOLS) {
    for (const compression of COMPRESSIONS) {
      it(`has every span of a replayed boot as it was sent: ${protocol}, ${compression}`, async (test) => {
        const jaeger = await startJaeger(test);
        const where = ['--protocol', protocol, '--endpoint', jaeger.url(protocol)];
        const { status, stderr } = await runProgram(['replay', ...where, '--compression', compression, BOOT]);
        assert.equal(status, 0, stderr);
        await assertWhole(test, jaeger, boot);
      });
    }

    it(`has every span of a boot that came from RabbitMQ: ${protocol}`, async (test) => {
      const jaeger = await startJaeger(test);
      const vhost = await broker().createVhost();
      test.after(() => vhost.remove());
      await publish(vhost, messagesOf(BOOT));
      const where = ['--protocol', protocol, '--compression', 'gzip'];
      const bridge = new RunningBridge(vhost, { url: jaeger.url(protocol) }, where);
      test.after(() => bridge.kill());
      await jaeger.untilTrace(boot.traceId, BOOT_SPANS);
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);
      await assertWhole(test, jaeger, boot);
    });
  }

  it('shows a boot with no warning but of asynchronous calls, its errors marked', async (test) => {
    const jaeger = await jaegerWith(test, {}, BOOT);
    const trace = await jaeger.trace(boot.traceId);
    const due = dueWarnings(boot);
    assert.deepEqual(warningsIn(trace!), due);
    assert.deepEqual(trace!.spans.filter(isMarked).map(idOf).sort(), boot.errors);
    assert.ok(boot.errors.length > 0);
    test.diagnostic(`${boot.errors.length} errors marked, ${due.size} spans end after their parent`);
  });

  it('lists the services and operations of the mapping', async (test) => {
    const jaeger = await jaegerWith(test, {}, BOOT);
    assert.deepEqual(await jaeger.services(), [
      'glance-api',
      'keystone-public',
      'neutron-server',
      'nova-compute',
      'nova-conductor',
      'nova-osapi_compute',
      'nova-scheduler',
      'placement',
    ]);
    for (const service of boot.services) {
      assert.deepEqual(await jaeger.operations(service), boot.operations.get(service));
    }
    const known = {
      'nova-osapi_compute': 'POST /v2.1/servers',
      'nova-conductor': 'ComputeTaskManager.schedule_and_build_instances',
      'keystone-public': 'GET /v3/auth/tokens',
      'neutron-server': 'SELECT networks',
      'nova-compute': 'ComputeManager.build_and_run_instance',
    };
    for (const [service, operation] of Object.entries(known)) {
      assert.ok(boot.operations.get(service)?.includes(operation), `${service}: ${operation}`);
    }
  });

  for (const storage of ['memory', 'badger'] as const) {
    it(`finds a boot by the UUID that the command printed: ${storage}`, async (test) => {
      const jaeger = await jaegerWith(test, { storage }, BOOT, '--shift');
      for (const service of boot.services) {
        const found = await jaeger.search(service, { 'osprofiler.base_id': boot.baseId });
        assert.deepEqual(found, [boot.traceId], service);
      }
      assert.deepEqual(await jaeger.search('nova-compute', { 'osprofiler.base_id': 'another' }), []);
    });
  }

  it('finds a boot by an error in it', async (test) => {
    // Its storage in memory takes the word true of this query for false.
    const jaeger = await jaegerWith(test, { storage: 'badger' }, BOOT, '--shift');
    assert.deepEqual(await jaeger.search('nova-compute', { error: 'true' }), [boot.traceId]);
    assert.deepEqual(await jaeger.search('keystone-public', { error: 'true' }), []);
  });

  it('draws the services as they called each other', async (test) => {
    const jaeger = await jaegerWith(test, {}, BOOT, '--shift');
    const links = await jaeger.dependencies();
    assert.deepEqual(links, boot.calls);
    for (const link of ['nova-compute → neutron-server', 'neutron-server → keystone-public']) {
      assert.ok(links.includes(link), link);
    }
    test.diagnostic(links.join(', '));
  });

  it('shows a failed boot with unfinished points: errors marked, every parent there', async (test) => {
    const sent = await sentFor(BOOT_PLACEMENT_DOWN);
    const jaeger = await jaegerWith(test, {}, BOOT_PLACEMENT_DOWN);
    const trace = await jaeger.trace(sent.traceId);
    assert.equal(trace!.spans.length, sent.spans.length);
    assert.deepEqual(trace!.spans.filter(isMarked).map(idOf).sort(), sent.errors);
    const incomplete = trace!.spans.filter(({ tags }) =>
      tags.some(({ key }) => key === 'osprofiler.incomplete'),
    );
    assert.equal(incomplete.length, 2);
    assert.deepEqual(warningsIn(trace!), dueWarnings(sent));
  });
});

async function startJaeger(test: TestContext, options: JaegerOptions = {}): Promise<Jaeger> {
  const jaeger = await Jaeger.start(options);
  test.after(() => jaeger.remove());
  return jaeger;
}

/** A Jaeger that a recording was replayed to. */
async function jaegerWith(
  test: TestContext,
  options: JaegerOptions,
  file: string,
  ...args: readonly string[]
): Promise<Jaeger> {
  const jaeger = await startJaeger(test, options);
  const { status, stderr } = await runProgram(['replay', '--endpoint', jaeger.url(), ...args, file]);
  assert.equal(status, 0, stderr);
  return jaeger;
}

/** What is stored is what was sent, to the last attribute, each span once; the receiver refused none. */
async function assertWhole(test: TestContext, jaeger: Jaeger, sent: Sent): Promise<void> {
  const stored = spansOf([await jaeger.stored(sent.traceId)]);
  assert.deepEqual(canonical(stored), sent.byId);
  const shown = await jaeger.trace(sent.traceId);
  assert.equal(unique(shown!.spans.map(idOf)).length, sent.spans.length);
  const [accepted, refused] = [await jaeger.received('accepted'), await jaeger.received('refused')];
  assert.deepEqual({ accepted, refused }, { accepted: sent.spans.length, refused: 0 });
  test.diagnostic(
    `sent ${sent.spans.length}, accepted ${accepted}, refused ${refused}, stored ${stored.length}`,
  );
}

function isMarked({ tags }: JaegerSpan): boolean {
  return tags.some(({ key, value }) => key === 'error' && value === true);
}

function idOf({ spanID }: JaegerSpan): string {
  return spanID;
}
