/** The Python and Go programs in examples/ that sign their own requests, judged by osprofiler's middleware. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { toSpanId } from '../../src/mapping/ids.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';
import { OpenStackApi } from './openstack.js';
import { transportUrl } from './program.js';

const run = promisify(execFile);
const SPAN = 'b7ad6b7169203331';
/** The second one is of a tracer with 64 bits. */
const TRACES = ['0af7651916cd43dd8448eb211c80319c', '00000000000000008448eb211c80319c'];

/** Programs, and how many requests each makes. */
const PROGRAMS: Readonly<
  Record<string, readonly [command: string, args: readonly string[], requests: number]>
> = {
  'Python, with requests and keystoneauth': [
    '/usr/bin/python3',
    ['-W', 'ignore', 'examples/python-calls-openstack/main.py'],
    2,
  ],
  Go: ['go', ['run', 'examples/go-calls-openstack/main.go'], 1],
};

describe('a program without OpenTelemetry in OpenStack, in', () => {
  let vhost: TestVhost;
  let api: OpenStackApi;

  before(async () => {
    vhost = await broker().createVhost();
    api = await OpenStackApi.start(transportUrl(vhost), 'SECRET_KEY');
  });
  after(async () => {
    await api.stop();
    await vhost.remove();
  });

  for (const [name, [command, args, requests]] of Object.entries(PROGRAMS)) {
    const ask = async (traceparent: string) => {
      const env = { ...process.env, OSPROFILER_KEY: 'SECRET_KEY', TRACEPARENT: traceparent };
      const { stdout } = await run(command, [...args, api.url], { env });
      const lines = stdout.split('\n').filter((line) => line !== '');
      assert.equal(lines.length, requests, stdout);
      return lines.map((line) => JSON.parse(line) as { profiled: boolean; received: Record<string, string> });
    };

    it(`${name}, has its requests profiled below its span when that is sampled`, async () => {
      for (const trace of TRACES) {
        for (const { profiled, received } of await ask(`00-${trace}-${SPAN}-01`)) {
          assert.equal(profiled, true);
          const json = Buffer.from(received['X-Trace-Info'] ?? '', 'base64url').toString();
          const { base_id, parent_id } = JSON.parse(json) as { base_id: string; parent_id: string };
          assert.equal(base_id.replaceAll('-', ''), trace);
          assert.equal(toSpanId(parent_id), SPAN);
          assert.notEqual(parent_id, base_id);
        }
      }
    });

    it(`${name}, has nothing profiled otherwise`, async () => {
      const traceparent = `00-${TRACES[0]}-${SPAN}-00`;
      for (const answer of await ask(traceparent))
        assert.deepEqual(answer, { profiled: false, received: { traceparent } });
    });
  }
});
