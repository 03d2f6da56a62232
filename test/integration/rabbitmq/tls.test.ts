/** TLS to a real broker that wants a certificate of its clients, with a receiver and with the whole program. */
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { parseTransportUrl } from '../../../src/oslo/transport-url.js';
import { RabbitReceiver } from '../../../src/rabbitmq/rabbitmq.js';
import { BridgeProcess } from '../../integrity/support/bridge-process.js';
import { Broker } from '../../integrity/support/broker.js';
import { Certificates, type KeyPair } from '../../support/certificates.js';
import { body } from '../../support/notifications.js';
import { OtlpReceiver } from '../../support/otlp-receiver.js';
import { freePorts } from '../../support/ports.js';
import { eventually } from '../../support/rabbitmq.js';
import { RememberingHandler, RememberingLog } from '../../support/receiving.js';

const QUEUE = 'profiler.info';
/** Of the client's key; nothing may ever show it. */
const PASSPHRASE = 'pass-of-the-key';

describe('a broker that speaks TLS', { timeout: 240_000 }, () => {
  let certificates: Certificates;
  let ca: KeyPair;
  let otherCa: KeyPair;
  let client: KeyPair;
  /** What the broker reads when it starts. */
  let served: KeyPair;
  let good: KeyPair;
  let broker: Broker;
  let port: number;
  let vhost: string;

  before(async () => {
    certificates = await Certificates.create();
    ca = await certificates.authority('authority');
    otherCa = await certificates.authority('other-authority');
    client = await certificates.certificate('client', { by: ca, passphrase: PASSPHRASE });
    good = await certificates.certificate('good', { by: ca });
    served = {
      cert: join(certificates.directory, 'served.pem'),
      key: join(certificates.directory, 'served.key'),
    };
    await serve(good);
    [port = 0] = await freePorts(1);
    broker = await Broker.start({
      configuration: [
        `listeners.ssl.1 = 127.0.0.1:${port}`,
        `ssl_options.cacertfile = ${ca.cert}`,
        `ssl_options.certfile = ${served.cert}`,
        `ssl_options.keyfile = ${served.key}`,
        'ssl_options.verify = verify_peer',
        'ssl_options.fail_if_no_peer_cert = true',
      ],
    });
  });
  beforeEach(async () => {
    vhost = await broker.createVhost();
    await publish('first', 'second');
  });
  after(async () => {
    await broker?.stop();
    await certificates.remove();
  });

  it('is consumed with the right authority and a client certificate', async (test) => {
    await untilReceived(start(test, url({ ssl_ca_file: ca.cert, ...shown() })));
  });

  it('keeps everything when its authority is not known, and is consumed when that is named', async (test) => {
    await untilRefused(start(test, url(shown())), /is not trusted/, /name the CA file .*ssl_ca_file/);
    const file = join(certificates.directory, 'trusted.pem');
    await copyFile(otherCa.cert, file);
    const running = start(test, url({ ssl_ca_file: file, ...shown() }));
    await untilRefused(running, /is not trusted/, /name the CA file .*ssl_ca_file/);
    assert.equal(await broker.ready(vhost, QUEUE), 2);
    await copyFile(ca.cert, file);
    await untilReceived(running);
  });

  it('keeps everything when its certificate is for another name, and is consumed when that is said', async (test) => {
    const options = { ssl_ca_file: ca.cert, ...shown() };
    const running = start(test, url(options, '127.0.0.1'));
    await untilRefused(running, /is for another name/, /name that the certificate carries/);
    assert.equal(await broker.ready(vhost, QUEUE), 2);
    await running.receiver.close();
    await untilReceived(start(test, url({ ...options, server_name_indication: 'localhost' }, '127.0.0.1')));
  });

  it('keeps everything when it is shown no client certificate, or one of another authority', async (test) => {
    const without = start(test, url({ ssl_ca_file: ca.cert }));
    await untilRefused(
      without,
      /does not accept the client certificate/,
      /certificate and key that the broker trusts/,
    );
    const stranger = await certificates.certificate('stranger', { by: otherCa });
    const options = { ssl_ca_file: ca.cert, ssl_cert_file: stranger.cert, ssl_key_file: stranger.key };
    const wrong = start(test, url(options));
    await untilRefused(
      wrong,
      /does not accept the client certificate/,
      /certificate and key that the broker trusts/,
    );
    assert.equal(await broker.ready(vhost, QUEUE), 2);
  });

  it('names a key that the passphrase does not open, and a file that is not there', async (test) => {
    const wrong = { ...shown(), ssl_key_password: 'not-the-passphrase' };
    const locked = start(test, url({ ssl_ca_file: ca.cert, ...wrong }));
    await untilRefused(locked, /TLS with localhost:\d+ failed/, /TLS settings of the transport URL/);
    assert.doesNotMatch(locked.log.text, /not-the-passphrase/);
    const missing = start(test, url({ ssl_ca_file: '/nonexistent/ca.pem', ...shown() }));
    await untilRefused(missing, /TLS settings cannot be read.*ca\.pem/, /correct the path/);
  });

  it('is not spoken to without TLS', async (test) => {
    const running = start(test, `rabbit://guest:guest@localhost:${port}/${vhost}`);
    await untilRefused(running, /./, /expects TLS/);
  });

  it('names a port that does not speak TLS', async (test) => {
    const plain = Number(new URL(broker.url(vhost)).port);
    const running = start(test, url({ ssl_ca_file: ca.cert, ...shown() }, 'localhost', plain));
    await untilRefused(running, /does not speak TLS/, /TLS port/);
  });

  it('keeps everything while its certificate has expired, and is consumed when that is renewed', async (test) => {
    await broker.withChannel(vhost, async (channel) => {
      // What is to live through the restarts.
      await channel.assertQueue('durable', { durable: true });
      channel.sendToQueue('durable', Buffer.from('first'), { persistent: true });
      channel.sendToQueue('durable', Buffer.from('second'), { persistent: true });
    });
    await serve(await certificates.certificate('expired', { by: ca, days: -1 }));
    await broker.restart();
    const running = start(test, url({ ssl_ca_file: ca.cert, ...shown() }), 'durable');
    await untilRefused(running, /not valid \(CERT_HAS_EXPIRED\)/, /renew the broker's certificate/);
    assert.equal(await broker.ready(vhost, 'durable'), 2);
    await serve(good);
    await broker.restart();
    await untilReceived(running);
  });

  it('carries notifications to a backend with mutual TLS, and no credential is logged or shows in ps', async (test) => {
    const backend = await OtlpReceiver.start({
      ...{ cert: await readFile(good.cert), key: await readFile(good.key), ca: await readFile(ca.cert) },
      ...{ requestCert: true, rejectUnauthorized: true },
    });
    test.after(() => backend.stop());
    await broker.ask('PUT', 'users/tracer', { password: 'pass-of-tracer', tags: '' });
    await broker.ask('PUT', `permissions/${vhost}/tracer`, { configure: '.*', write: '.*', read: '.*' });
    const mine = url({ ssl_ca_file: ca.cert, ...shown() }).replace('guest:guest', 'tracer:pass-of-tracer');
    const file = join(certificates.directory, 'transport-url');
    await writeFile(file, `${mine}\n`, { mode: 0o600 });
    const plain = await certificates.certificate('plain-client', { by: ca });
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url.replace('127.0.0.1', 'localhost'),
      OTEL_EXPORTER_OTLP_CERTIFICATE: ca.cert,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: plain.cert,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: plain.key,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20token-of-tracer',
    };
    const ways: readonly [args: string[], env: NodeJS.ProcessEnv][] = [
      [['--transport-url-file', file], {}],
      [[], { OSPROFILER_BRIDGE_TRANSPORT_URL: mine }],
    ];
    let spans = 0;
    for (const [args, env] of ways) {
      await broker.empty(vhost, QUEUE);
      await publish(body().toString(), body({ name: 'work-stop' }).toString());
      const bridge = new BridgeProcess([...args, '--log-level', 'debug'], { ...environment, ...env });
      test.after(() => bridge.kill());
      spans += 1;
      await backend.untilSpans(spans);
      const shownInPs = await readFile(`/proc/${bridge.pid}/cmdline`, 'utf8');
      const { status } = await bridge.stop();
      assert.equal(status, 0);
      const logged = bridge.lines.map((line) => JSON.stringify(line)).join('\n');
      assert.match(logged, /connected to the broker/);
      for (const text of [shownInPs, logged]) {
        assert.doesNotMatch(text, /pass-of-tracer|pass-of-the-key|token-of-tracer/);
      }
      assert.equal(backend.requests.at(-1)?.headers.authorization, 'Bearer token-of-tracer');
    }
  });

  /** Makes the broker use this certificate from its next start. */
  async function serve({ cert, key }: KeyPair): Promise<void> {
    await Promise.all([copyFile(cert, served.cert), copyFile(key, served.key)]);
  }

  /** The options that show the client's certificate. */
  function shown(): Record<string, string> {
    return { ssl_cert_file: client.cert, ssl_key_file: client.key, ssl_key_password: PASSPHRASE };
  }

  function url(options: Record<string, string>, host = 'localhost', at = port): string {
    const query = new URLSearchParams({ ssl: 'true', ...options });
    return `rabbit://guest:guest@${host}:${at}/${vhost}?${query}`;
  }

  function publish(...bodies: readonly string[]): Promise<void> {
    return broker.withChannel(vhost, async (channel) => {
      await channel.assertQueue(QUEUE, { durable: false });
      for (const each of bodies) channel.sendToQueue(QUEUE, Buffer.from(each));
    });
  }
});

interface Running {
  readonly receiver: RabbitReceiver;
  readonly handler: RememberingHandler;
  readonly log: RememberingLog;
}

function start(test: TestContext, url: string, queue = QUEUE): Running {
  const parsed = parseTransportUrl(url);
  assert.ok(parsed.ok);
  const log = new RememberingLog();
  const handler = new RememberingHandler();
  const receiver = new RabbitReceiver({
    address: parsed.address,
    source: { mode: 'drain', queue },
    prefetch: 100,
    log,
    backoff: { initialMs: 50, maximumMs: 200 },
  });
  void receiver.run(handler);
  test.after(() => receiver.close());
  return { receiver, handler, log };
}

async function untilReceived({ handler }: Running): Promise<void> {
  await eventually(() => handler.deliveries.length === 2);
  assert.deepEqual(handler.bodies, ['first', 'second']);
}

async function untilRefused(
  { receiver, log, handler }: Running,
  reason: RegExp,
  hint: RegExp,
): Promise<void> {
  await eventually(() => receiver.state.kind === 'waiting' && reason.test(receiver.state.reason));
  assert.match(log.text, hint);
  assert.equal(handler.deliveries.length, 0);
}
