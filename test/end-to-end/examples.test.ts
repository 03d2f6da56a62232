/** The programs under examples/, run as their READMEs say, against a real broker and a backend of the test's. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, eventually, type TestVhost } from '../support/rabbitmq.js';
import { sentPoints } from './expectation.js';
import { OpenStackApi } from './openstack.js';
import { publish, RunningBridge, transportUrl } from './program.js';

/** In the recording that comes with the package. */
const SPANS = 1_761;

interface Running {
  readonly child: ChildProcess;
  readonly stdout: Promise<string>;
}

function start(example: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running {
  const program = join('examples', example, 'main.mjs');
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, stdout: text(child.stdout) };
}

async function ended({ child, stdout }: Running): Promise<string> {
  const [status] =
    child.exitCode === null ? ((await once(child, 'exit')) as [number | null]) : [child.exitCode];
  assert.equal(status, 0);
  return stdout;
}

/** As soon as the broker lists any. */
async function cutConnections({ name }: TestVhost): Promise<void> {
  const listed = await eventually(async () => {
    const all = (await broker().management('GET', `vhosts/${name}/connections`)) as { name?: string }[];
    return all.length > 0 && all;
  });
  for (const { name: connection = '' } of listed)
    await broker().management('DELETE', `connections/${encodeURIComponent(connection)}`);
}

describe('the example', () => {
  let backend: OtlpReceiver;
  let directory: string;
  let running: Running | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-examples-'));
  });
  after(() => rm(directory, { recursive: true }));
  beforeEach(async () => {
    backend = await OtlpReceiver.start();
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    running = undefined;
    await backend.stop();
  });

  it('offline prints the slowest span of each service', async () => {
    const printed = await ended(start('offline'));
    assert.match(printed, /^3522 notifications, 1761 spans/);
    assert.match(printed, /ms {2}nova-compute {2}\S/);
  });

  it('custom-sink writes every span to a file', async () => {
    const file = join(directory, 'spans.ndjson');
    assert.match(await ended(start('custom-sink', [file])), /^1761 spans in /);
    const rows = (await readFile(file, 'utf8')).trim().split('\n');
    const ids = rows.map((row) => (JSON.parse(row) as { spanId: string }).spanId);
    assert.equal(new Set(ids).size, SPANS);
  });

  it('tempo sends a recording that ends now, with one root for a command', async () => {
    const env = { TEMPO_OTLP: backend.url, TEMPO_TENANT: 'cloud' };
    const printed = await ended(start('tempo', [], env));
    const { spans } = backend;
    const [trace] = new Set(spans.map(({ traceId }) => traceId));
    assert.match(printed, new RegExp(`^${SPANS + 1} spans sent; look for ${trace}`));
    assert.equal(spans.filter(({ parentSpanId }) => parentSpanId === undefined).length, 1);
    assert.equal(backend.requests[0]?.headers['x-scope-orgid'], 'cloud');
    const last = Math.max(...spans.map(({ endTimeUnixNano }) => Number(endTimeUnixNano) / 1e6));
    assert.ok(last <= Date.now());
    assert.ok(last > Date.parse('2026-01-01'));
  });

  describe('at a broker:', () => {
    let vhost: TestVhost;

    beforeEach(async () => {
      vhost = await broker().createVhost();
    });
    afterEach(() => vhost.remove());

    it('jaeger prints where each trace is', async () => {
      const sent = await publish(vhost, ['all']);
      const env = { TRANSPORT_URL: transportUrl(vhost), JAEGER_OTLP: backend.url };
      running = start('jaeger', [], env);
      const points = sentPoints(sent);
      const spans = await backend.untilSpans(points.size);
      running.child.kill('SIGTERM');
      const printed = await ended(running);
      for (const { traceId } of spans)
        assert.ok(printed.includes(`http://127.0.0.1:16686/trace/${traceId}\n`));
    });

    it('existing-collector exports what is on its channels, and its own spans', async () => {
      const sent = await publish(vhost, ['all']);
      await vhost.withChannel(async (channel) =>
        channel.sendToQueue('profiler.info', Buffer.from('no JSON')),
      );
      running = start('existing-collector', [], { AMQP_URL: broker().url(vhost.name), OTLP: backend.url });
      const points = sentPoints(sent);
      await backend.untilSpans(points.size);
      await cutConnections(vhost);
      const more = sentPoints(await publish(vhost, ['all']));
      await backend.untilSpans(points.size + more.size);
      running.child.kill('SIGTERM');
      await ended(running);
      const own = backend.spans.filter(({ name }) => name === 'rejected notification');
      assert.deepEqual(
        own.map(({ attributes }) => attributes['reason']),
        ['not-json'],
      );
      assert.equal(backend.spans.length, points.size + more.size + 1);
    });

    it('node-calls-openstack has one trace through the program and OpenStack', async () => {
      const api = await OpenStackApi.start(transportUrl(vhost), 'SECRET_KEY');
      const env = { OPENSTACK_URL: `${api.url}/v2.1/servers`, OTLP: backend.url };
      const printed = await ended(start('node-calls-openstack', [], env));
      const bridge = new RunningBridge(vhost, backend);
      const spans = await backend.untilSpans(4);
      assert.equal((await bridge.stop()).status, 0);
      await api.stop();
      const [, trace] = /look for trace ([0-9a-f]{32})/.exec(printed) ?? [];
      assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [trace]);
      const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
      assert.deepEqual(
        roots.map(({ name }) => name),
        ['look after the servers'],
      );
      const called = spans.find(({ name }) => name === 'GET');
      const served = spans.find(({ name }) => name === 'GET /v2.1/servers');
      assert.equal(served?.parentSpanId, called?.spanId);
    });
  });
});

it('every example has a README that says how to run it', async () => {
  const programs: string[] = [];
  for (const name of await readdir('examples')) {
    if (existsSync(join('examples', name, 'main.mjs'))) programs.push(name);
  }
  assert.ok(programs.length >= 6);
  for (const name of programs) {
    const readme = await readFile(join('examples', name, 'README.md'), 'utf8');
    assert.ok(readme.includes(`node examples/${name}/main.mjs`), name);
  }
});
