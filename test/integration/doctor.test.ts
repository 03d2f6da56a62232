/** `doctor` against set-ups that are broken in one way each, with a real broker and real receivers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { runHere } from '../cli/run-here.js';
import { runProgram } from '../cli/spawn.js';
import { Certificates } from '../support/certificates.js';
import { body } from '../support/notifications.js';
import { OtlpGrpcReceiver } from '../support/otlp-grpc-receiver.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, eventually, type TestUser, type TestVhost } from '../support/rabbitmq.js';
import { leftIn, publish, start, untilConsuming } from './rabbitmq/support.js';

const QUEUE = 'profiler.info';
const RIGHTS = {
  configure: '^osprofiler-otel-bridge',
  write: '^amq\\.default$',
  read: '^(profiler\\.info|osprofiler-otel-bridge.*)$',
};

interface Line {
  readonly status: string;
  readonly where: string;
  readonly check: string;
  readonly detail: string;
  readonly remedy?: string;
}

describe('doctor', { timeout: 240_000 }, () => {
  let vhost: TestVhost;
  let backend: OtlpReceiver;
  let user: TestUser;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-doctor-'));
  });
  beforeEach(async () => {
    vhost = await broker().createVhost();
    user = await vhost.createUser(RIGHTS);
    backend = await OtlpReceiver.start();
    await publish(vhost, []);
    await vhost.withChannel((channel) => channel.assertExchange('nova', 'topic', { durable: false }));
  });
  afterEach(async () => {
    await backend.stop();
    await vhost.remove();
  });
  after(() => rm(directory, { recursive: true }));

  it('finds nothing wrong where nothing is, with just the permissions that the README names', async () => {
    const { status, lines } = await doctor();
    assert.equal(status, 0);
    assert.deepEqual(
      lines.filter(({ status }) => status !== 'ok').map(({ check }) => check),
      ['profiling', 'end to end'],
    );
    assert.match(find(lines, 'login').detail, /user "user-.*" is let into the virtual host "test-/);
    assert.match(find(lines, 'queue').detail, /messages waiting: 0, consumers: 0/);
    assert.match(find(lines, 'exchanges').detail, /there: nova$/);
    assert.match(find(lines, 'test span').detail, /^taken as trace [0-9a-f]{32}/);
    assert.equal(backend.spans.length, 1);
    assert.equal(backend.spans[0]?.name, 'osprofiler-otel-bridge.doctor');
    assert.deepEqual(await queues(), [QUEUE]);
  });

  it('sees a trace point through when it is asked to, and loses nothing of what else waits', async () => {
    await publish(vhost, [
      body().toString(),
      body({ name: 'work-stop' }).toString(),
      body({ trace_id: 'open' }).toString(),
    ]);
    const { status, lines } = await doctor('--end-to-end');
    assert.equal(status, 0);
    const { detail } = find(lines, 'end to end');
    const [, traceId] = /exported as trace ([0-9a-f]{32})/.exec(detail) ?? [];
    assert.ok(backend.spans.some((span) => span.traceId === traceId));
    assert.ok(backend.spans.some(({ name }) => name === 'work'));
    assert.equal(await leftIn(vhost), 1);
  });

  it('signs its trace with the first of the HMAC keys, and says so', async () => {
    const unsigned = await doctor('--end-to-end');
    assert.match(find(unsigned.lines, 'end to end').detail, /not signed, since no HMAC key is set/);
    const signed = await doctor('--end-to-end', '--hmac-keys', 'first-key,second-key');
    assert.equal(signed.status, 0);
    assert.match(find(signed.lines, 'end to end').detail, /signed with the first of 2 keys/);
    assert.doesNotMatch(JSON.stringify(signed.lines), /first-key|second-key/);
  });

  it('finds out which exchanges lead to the queue, where it may publish', async () => {
    const mayNot = await doctor('--end-to-end');
    assert.match(find(mayNot.lines, 'end to end').detail, /may not publish to nova/);
    user = await vhost.createUser({ ...RIGHTS, write: '.*' });
    const unbound = await doctor('--end-to-end');
    assert.equal(find(unbound.lines, 'end to end').status, 'warn');
    assert.match(find(unbound.lines, 'end to end').detail, /not bound to it: nova/);
    await vhost.withChannel(async (channel) => {
      await channel.bindQueue(QUEUE, 'nova', QUEUE);
      await channel.assertExchange('cinder', 'topic', { durable: false });
      const { queue } = await channel.assertQueue('another', { durable: false });
      await channel.bindQueue(queue, 'cinder', QUEUE);
    });
    const bound = await doctor('--end-to-end');
    assert.match(find(bound.lines, 'end to end').detail, /bound to the queue: nova; not bound to it: cinder/);
    assert.equal(await leftIn(vhost), 0);
  });

  it('names the host whose clock is ahead, from what it sees on the way', async () => {
    const later = (ms: number) => new Date(Date.now() + ms).toISOString().replace('Z', '000');
    const from = { info: { host: 'compute-7' } };
    await publish(vhost, [
      body({ ...from, timestamp: later(60_000) }).toString(),
      body({ ...from, name: 'work-stop', timestamp: later(61_000) }).toString(),
    ]);
    const { lines } = await doctor('--end-to-end');
    const line = find(lines, 'end to end');
    assert.equal(line.status, 'warn');
    assert.match(line.detail, /the clock is ahead of this machine's on compute-7/);
  });

  it('does the same for a tap, which it makes as run would', async () => {
    const tapper = await vhost.createUser({
      ...RIGHTS,
      write: '^(amq\\.default|osprofiler-otel-bridge.*)$',
      read: '.*',
    });
    user = tapper;
    const before = await doctor('--mode', 'tap', '--exchanges', 'nova,keystone');
    assert.equal(before.status, 0);
    assert.match(find(before.lines, 'queue').detail, /not there yet; run declares it/);
    assert.match(find(before.lines, 'exchanges').detail, /can be bound: nova; not there \(yet\): keystone/);
    assert.deepEqual(await queues(), [QUEUE]);
    const after = await doctor('--mode', 'tap', '--exchanges', 'nova,keystone', '--end-to-end');
    assert.equal(after.status, 0, JSON.stringify(after.lines));
    assert.match(find(after.lines, 'end to end').detail, /exported as trace/);
  });

  it('prints a line each, with the remedy, and ends with 8', async () => {
    const args = ['doctor', '--transport-url', url({}), '--endpoint', 'http://127.0.0.1:1'];
    const { status, stdout, stderr } = await runProgram(args);
    assert.equal(status, 8);
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines)
      assert.match(line, /^(ok|warn|fail|skipped) +(services|backend|broker)[^ ]*( \S+)?: .+: .+/);
    assert.match(
      stdout,
      /\nfail +backend http:\/\/127\.0\.0\.1:1\/v1\/traces: port: nothing listens there .* → start the backend/,
    );
    assert.match(stderr, /error FAULTS_FOUND: 1 of \d+ checks failed/);
  });

  describe('names what is wrong at the broker:', () => {
    it('a host that has no name', async () => {
      const { lines } = await failing(['name'], '--transport-url', url({ host: 'no-such-host.invalid' }));
      assert.match(
        find(lines, 'name', 'broker').detail,
        /no-such-host\.invalid:\d+ cannot be reached: the name/,
      );
      assert.equal(find(lines, 'login').status, 'skipped');
      assert.equal(find(lines, 'queue').detail, 'because no broker authorises the user');
    });

    it('a port that is closed', async () => {
      const { lines } = await failing(['port'], '--transport-url', url({ port: 1 }));
      assert.match(find(lines, 'port', 'broker').remedy ?? '', /start the broker, or correct host and port/);
    });

    it('one host of several, which is a warning', async () => {
      const { host, port } = broker();
      const both = `${user.username}:${user.password}@127.0.0.1:1,${user.username}:${user.password}@${host}:${port}`;
      const { status, lines } = await doctor('--transport-url', `rabbit://${both}/${vhost.name}`);
      assert.equal(status, 0);
      assert.deepEqual(
        lines.filter(({ status }) => status === 'warn').map(({ where, check }) => `${where} ${check}`),
        ['broker 127.0.0.1:1 port'],
      );
    });

    it('something that accepts and says nothing, within bounded time', async (test) => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      test.after(() => silent.close());
      const { port } = silent.address() as { port: number };
      const { lines } = await failing(['login'], '--transport-url', url({ port }), '--check-timeout', '1s');
      assert.match(find(lines, 'login').detail, /no answer/);
    });

    it('TLS to a port that does not speak it', async () => {
      const { lines } = await failing(['TLS'], '--transport-url', `${url({})}?ssl=true`);
      assert.match(find(lines, 'TLS').detail, /does not speak TLS/);
    });

    it('a wrong password', async () => {
      const { lines } = await failing(['login'], '--transport-url', url({ password: 'not-the-password' }));
      assert.match(find(lines, 'login').detail, /does not accept user "user-.*" with this password/);
    });

    it('a wrong virtual host', async () => {
      const { lines } = await failing(['login'], '--transport-url', url({ vhost: 'elsewhere' }));
      assert.match(find(lines, 'login').detail, /into the virtual host "elsewhere"/);
    });

    it('each permission that is missing', async () => {
      user = await vhost.createUser({ configure: '^$', write: '^$', read: '^$' });
      const { lines } = await failing([
        'other bridges',
        'permission to read "profiler.info"',
        'permission to configure "osprofiler-otel-bridge.holding.profiler.info"',
        'permission to configure "osprofiler-otel-bridge.dead-letters"',
        'permission to read "osprofiler-otel-bridge.holding.profiler.info"',
        'permission to write "amq.default"',
      ]);
      for (const line of lines.filter(({ check }) => check.startsWith('permission'))) {
        assert.match(`${line.detail} ${line.remedy}`, /lacks a permission .*grant (read|write|configure) on/);
      }
      assert.deepEqual(await queues(), [QUEUE]);
    });

    it('a queue that is missing', async () => {
      await vhost.withChannel((channel) => channel.deleteQueue(QUEUE));
      const { lines } = await failing(['queue']);
      assert.match(find(lines, 'queue').detail, /there is no queue "profiler\.info"/);
      assert.match(find(lines, 'queue').remedy ?? '', /406/);
      assert.deepEqual(await queues(), []);
    });

    it('somebody else who consumes the queue', async () => {
      await vhost.withChannel(async (channel) => {
        await channel.consume(QUEUE, () => undefined);
        const { lines } = await failing(['other consumers'], '--end-to-end');
        assert.match(find(lines, 'other consumers').remedy ?? '', /--mode tap/);
        assert.equal(find(lines, 'end to end').detail, 'because another consumer has the queue');
      });
    });

    it('no fault in a bridge that runs already', async (test) => {
      await untilConsuming(start(test, vhost));
      const { status, lines } = await doctor('--end-to-end');
      assert.equal(status, 0);
      assert.match(find(lines, 'other bridges').detail, /one consumes this queue now/);
      assert.equal(find(lines, 'end to end').status, 'skipped');
    });

    it('a queue of a tap that does not last', async () => {
      user = await vhost.createUser({ configure: '.*', write: '.*', read: '.*' });
      await vhost.withChannel((channel) => channel.assertQueue('osprofiler-otel-bridge', { durable: false }));
      const { status, lines } = await doctor('--mode', 'tap');
      assert.equal(status, 0);
      assert.equal(find(lines, 'queue').status, 'warn');
      assert.match(find(lines, 'queue').detail, /is not durable .*406/);
    });

    it('an exchange that the user may not read', async () => {
      user = await vhost.createUser({ ...RIGHTS, write: '.*' });
      const { lines } = await failing(['exchanges'], '--mode', 'tap');
      assert.match(find(lines, 'exchanges').detail, /may not bind to nova/);
    });

    it('a renewal that comes too late', async () => {
      const { lines } = await doctor('--requeue-after', '30m');
      assert.match(find(lines, 'requeue').detail, /not below consumer_timeout, 30m/);
    });

    it('a virtual host that no service has sent to', async () => {
      await vhost.withChannel((channel) => channel.deleteExchange('nova'));
      const { status, lines } = await doctor();
      assert.equal(status, 0);
      assert.equal(find(lines, 'exchanges').status, 'warn');
    });
  });

  describe('names what is wrong at the backend:', () => {
    it('a name that is unknown', async () => {
      const { lines } = await failing(['name'], '--endpoint', 'http://no-such-host.invalid:4318');
      assert.match(find(lines, 'name', 'backend').remedy ?? '', /OTEL_EXPORTER_OTLP_ENDPOINT/);
    });

    it('a port that is closed', async () => {
      await failing(['port'], '--endpoint', 'http://127.0.0.1:1');
    });

    it('a path that is not there', async () => {
      backend.otherwise = { kind: 'respond', status: 404, body: 'not found' };
      const { lines } = await failing(['test span'], '--traces-endpoint', `${backend.url}/traces`);
      assert.match(find(lines, 'test span').detail, /answered 404: not found/);
      assert.match(find(lines, 'test span').remedy ?? '', /\/v1\/traces/);
      assert.equal(find(lines, 'address').status, 'warn');
    });

    it('a page of something else', async () => {
      backend.otherwise = {
        kind: 'respond',
        headers: { 'content-type': 'text/html' },
        body: '<html></html>',
      };
      const { lines } = await failing(['test span']);
      assert.match(find(lines, 'test span').detail, /a page for people \(text\/html\)/);
    });

    for (const status of [401, 403, 405]) {
      it(`an answer of ${status}`, async () => {
        backend.otherwise = { kind: 'respond', status, body: '' };
        const { lines } = await failing(['test span']);
        assert.match(find(lines, 'test span').detail, new RegExp(`answered ${status}`));
        assert.match(
          find(lines, 'test span').remedy ?? '',
          status === 405 ? /\/v1\/traces/ : /OTEL_EXPORTER_OTLP_HEADERS/,
        );
      });
    }

    it('spans that it refuses', async () => {
      backend.otherwise = {
        kind: 'respond',
        body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no room"}}',
      };
      const { lines } = await failing(['test span']);
      assert.match(find(lines, 'test span').detail, /no room/);
    });

    it('one that never answers, within bounded time', async () => {
      backend.otherwise = { kind: 'hang' };
      const { lines } = await failing(['test span'], '--check-timeout', '1s');
      assert.equal(find(lines, 'clock').status, 'skipped');
      assert.ok(find(lines, 'test span').remedy);
    });

    it('the port of gRPC spoken to with HTTP, and the other way round', async () => {
      const grpc = await OtlpGrpcReceiver.start();
      try {
        const http = await failing(['test span'], '--endpoint', grpc.url());
        assert.match(find(http.lines, 'test span').remedy ?? '', /OTEL_EXPORTER_OTLP_PROTOCOL=grpc/);
        const right = await doctor('--endpoint', grpc.url(), '--protocol', 'grpc');
        assert.equal(right.status, 0);
        const wrong = await failing(['test span'], '--endpoint', backend.url, '--protocol', 'grpc');
        assert.match(find(wrong.lines, 'test span').detail, /does not speak gRPC/);
      } finally {
        grpc.stop();
      }
    });

    it('a certificate of an authority that is not known', async () => {
      const certificates = await Certificates.create();
      const ca = await certificates.authority('authority');
      const server = await certificates.certificate('server', { by: ca });
      const secure = await OtlpReceiver.start({
        cert: await readFile(server.cert),
        key: await readFile(server.key),
      });
      const endpoint = secure.url.replace('127.0.0.1', 'localhost');
      try {
        const { lines } = await failing(['TLS'], '--endpoint', endpoint);
        assert.match(find(lines, 'TLS').remedy ?? '', /OTEL_EXPORTER_OTLP_CERTIFICATE/);
        const right = await doctor('--endpoint', endpoint, '--ca-file', ca.cert);
        assert.equal(right.status, 0);
        // It is made for two days.
        assert.equal(find(right.lines, 'TLS').remedy, 'renew the certificate soon');
      } finally {
        await secure.stop();
        await certificates.remove();
      }
    });

    it('a file of the TLS settings that is not there', async () => {
      const { lines } = await failing(
        ['TLS'],
        '--endpoint',
        backend.url.replace('http:', 'https:'),
        '--ca-file',
        '/nonexistent/ca.pem',
      );
      assert.match(find(lines, 'TLS').detail, /ca\.pem/);
    });

    it('a clock that is off', async () => {
      const date = new Date(Date.now() - 3_600_000).toUTCString();
      backend.otherwise = { kind: 'respond', headers: { date } };
      const { status, lines } = await doctor();
      assert.equal(status, 0);
      assert.equal(find(lines, 'clock').status, 'warn');
      assert.match(find(lines, 'clock').detail, /(1h|59m\d+s|60m\d*s?|3[56]\d\ds) behind/);
    });
  });

  describe("names what is wrong in the services' files:", () => {
    it('queues that are declared differently, and profiling that is off or goes elsewhere', async () => {
      const one = await service(
        'one',
        '[oslo_messaging_rabbit]\namqp_durable_queues = true\n[profiler]\nenabled = true\nhmac_keys = a,b\n',
      );
      const two = await service('two', '[profiler]\nenabled = false\nhmac_keys = b\n');
      const three = await service(
        'three',
        '[profiler]\nenabled = yes\nconnection_string = redis://:pass-of-redis@x\nhmac_keys = b,c',
      );
      const { lines, stdout } = await failing(
        ['durability'],
        '--oslo-config-file',
        [one, two, three].join(','),
      );
      assert.match(find(lines, 'durability').detail, /one\.conf durable; .*two\.conf transient.*406/);
      assert.match(find(lines, two).detail, /profiler is off/);
      assert.match(find(lines, three).detail, /go to redis/);
      assert.equal(find(lines, 'HMAC keys').status, 'ok');
      assert.doesNotMatch(stdout, /pass-of-redis/);
    });

    async function service(name: string, more: string): Promise<string> {
      const file = join(directory, `${name}.conf`);
      await writeFile(file, `[DEFAULT]\ntransport_url = ${url({})}\n${more}`);
      return file;
    }
  });

  it('says what it cannot read, and looks at the rest', async () => {
    const { lines } = await failing(['transport URL'], '--transport-url-file', join(directory, 'nothing'));
    assert.equal(find(lines, 'test span').status, 'ok');
  });

  it('leaves a backend alone that is none', async () => {
    const { status, lines } = await doctor('--exporter', 'none');
    assert.equal(status, 0);
    assert.match(find(lines, 'all').detail, /OTEL_TRACES_EXPORTER is none/);
    await eventually(() => backend.requests.length === 0);
  });

  /** Runs it, and holds that just these checks fail. */
  async function failing(checks: readonly string[], ...args: readonly string[]) {
    const result = await doctor(...args);
    const failed = result.lines.filter(({ status }) => status === 'fail');
    assert.deepEqual(
      failed.map(({ check }) => check),
      checks,
      JSON.stringify(failed, undefined, 1),
    );
    for (const { remedy } of failed) assert.ok(remedy);
    assert.equal(result.status, 8);
    return result;
  }

  async function doctor(...args: readonly string[]) {
    const { status, stdout, stderr } = await program('--json', ...args);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Line[] };
    assert.equal(ok, status === 0, stderr);
    return { status, stdout, stderr, lines: checks };
  }

  async function program(...args: readonly string[]) {
    const given = (flag: string) => args.includes(flag);
    const ended = await runHere(
      [
        'doctor',
        ...(given('--transport-url') || given('--transport-url-file') || given('--oslo-config-file')
          ? []
          : ['--transport-url', url({})]),
        ...(given('--endpoint') || given('--traces-endpoint') ? [] : ['--endpoint', backend.url]),
        ...args,
        '--log-level',
        'debug',
      ],
      { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20pass-of-the-backend' },
    );
    for (const text of [ended.stdout, ended.stderr]) {
      assert.ok(!text.includes(user.password));
      assert.doesNotMatch(text, /not-the-password|pass-of-the-backend/);
    }
    return ended;
  }

  function url(parts: { host?: string; port?: number; password?: string; vhost?: string }): string {
    const { host = broker().host, port = broker().port, password = user.password } = parts;
    return `rabbit://${user.username}:${password}@${host}:${port}/${parts.vhost ?? vhost.name}`;
  }

  /** Of the virtual host, what lasts. */
  async function queues(): Promise<string[]> {
    const listed = (await broker().management('GET', `queues/${vhost.name}`)) as { name: string }[];
    return listed.map(({ name }) => name).sort();
  }
});

function find(lines: readonly Line[], check: string, where = ''): Line {
  const line = lines.find((each) => each.check === check && each.where.startsWith(where));
  assert.ok(line, `no line for ${check} in ${JSON.stringify(lines)}`);
  return line;
}
