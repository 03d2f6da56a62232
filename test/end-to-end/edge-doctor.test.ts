/** `doctor --api-url` before APIs that a proxy signs for, rightly, wrongly or not at all. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { signTraceInfo } from '../../src/propagation/trace-info.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { freePorts } from '../support/ports.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';
import { Edge, type EdgeOptions } from './edge-proxies.js';
import { OpenStackApi } from './openstack.js';
import { runProgram, transportUrl } from './program.js';

const ID = '3361aef1-cc62-49e1-8afc-09b0f8495fb6';

interface Line {
  readonly status: string;
  readonly where: string;
  readonly check: string;
  readonly detail: string;
  readonly remedy?: string;
}

describe('doctor with the URL of an API', () => {
  let vhost: TestVhost;
  let api: OpenStackApi;
  let backend: OtlpReceiver;
  let edge: Edge | undefined;

  before(async () => {
    vhost = await broker().createVhost();
    backend = await OtlpReceiver.start();
    api = await OpenStackApi.start(transportUrl(vhost), 'SECRET_KEY');
  });
  after(async () => {
    await api.stop();
    await backend.stop();
    await vhost.remove();
  });
  afterEach(async () => {
    await edge?.stop();
    edge = undefined;
  });

  it('says that no service has made its exchange yet', async () => {
    const { lines, status } = await doctor(api.url);
    assert.equal(status, 8);
    assert.match(find(lines, 'sampled request').detail, /no exchange of OpenStack's is there yet/);
    // The first notification makes it.
    const { info, hmac } = signTraceInfo({ baseId: ID, parentId: ID }, 'SECRET_KEY');
    await fetch(api.url, { headers: { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac } });
  });

  it('finds nothing wrong where the proxy signs with a key that the services have', async () => {
    const { lines } = await behind({});
    assert.equal(find(lines, 'sampled request').status, 'ok');
    assert.match(
      find(lines, 'sampled request').detail,
      /answered 200, and nova\/osapi_compute sent a trace point/,
    );
    assert.equal(find(lines, 'signed request').status, 'ok');
    assert.match(find(lines, 'signed request').detail, /a proxy drops signed headers of clients/);
  });

  it('finds a proxy that signs with a key that the services do not have', async () => {
    const dropping = await behind({ key: 'another' });
    assert.equal(dropping.status, 8);
    const { status, detail, remedy } = find(dropping.lines, 'sampled request');
    assert.equal(status, 'fail');
    assert.match(detail, /signs with a key that the services do not have, or the services do not profile/);
    assert.match(remedy ?? '', /hmac_keys holds the proxy's key/);

    await edge?.stop();
    const passing = await behind({ key: 'another', own: 'pass' });
    assert.equal(passing.status, 8);
    assert.match(
      find(passing.lines, 'signed request').detail,
      /nova\/osapi_compute sent a trace point: it knows the key/,
    );
    assert.match(
      find(passing.lines, 'sampled request').detail,
      /does not sign, or signs with a key that the services do not have$/,
    );
  });

  it('finds an API that does not answer', async () => {
    const [port] = await freePorts(1);
    const { lines, status } = await doctor(`http://127.0.0.1:${port}/`);
    assert.equal(status, 8);
    assert.match(find(lines, 'signed request').detail, /no answer: .*ECONNREFUSED/);
    assert.equal(find(lines, 'sampled request').status, 'skipped');
  });

  async function behind(options: Partial<EdgeOptions>) {
    edge = await Edge.start('haproxy', { upstream: api.url, ...options });
    return doctor(`${edge.url}/v2.1/servers`);
  }

  async function doctor(url: string) {
    const { status, stdout, stderr } = await runProgram([
      ...['doctor', '--json', '--api-url', url, '--hmac-keys', 'SECRET_KEY', '--check-timeout', '2s'],
      ...['--transport-url', transportUrl(vhost), '--endpoint', backend.url, '--mode', 'tap'],
    ]);
    assert.ok(stdout.startsWith('{'), stderr);
    return { status, lines: (JSON.parse(stdout) as { checks: Line[] }).checks };
  }
});

function find(lines: readonly Line[], check: string): Line {
  const line = lines.find((each) => each.check === check && each.where.startsWith('API '));
  assert.ok(line, `no line for ${check} in ${JSON.stringify(lines)}`);
  return line;
}
