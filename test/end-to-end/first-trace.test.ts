/** The README's first trace, with the real osprofiler. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, eventually } from '../support/rabbitmq.js';
import { RunningBridge, transportUrl } from './program.js';

const PROGRAM = join(process.cwd(), 'examples', 'first-trace', 'trace.py');

it('the first trace of the README arrives as one tree under the UUID that is printed', async (test) => {
  const vhost = await broker().createVhost();
  const backend = await OtlpReceiver.start();
  const bridge = new RunningBridge(vhost, backend);
  test.after(async () => {
    await bridge.kill();
    await backend.stop();
    await vhost.remove();
  });
  const { status, stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    ['-W', 'ignore', PROGRAM, transportUrl(vhost)],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const spans = await eventually(() => backend.spans.length === 4 && backend.spans);
  assert.deepEqual(
    new Set(spans.map(({ traceId }) => traceId)),
    new Set([stdout.trim().replaceAll('-', '')]),
  );
  assert.deepEqual(spans.map(({ name }) => name).sort(), [
    'POST /v1/loans',
    'SELECT books',
    'SELECT books',
    'reserve',
  ]);
  const roots = spans.filter(({ parentSpanId }) => !parentSpanId);
  assert.deepEqual(
    roots.map(({ name }) => name),
    ['POST /v1/loans'],
  );
  assert.ok(!JSON.stringify(spans).includes('rosebud'), 'the password is masked');
});
