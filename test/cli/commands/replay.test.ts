import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runHere } from '../run-here.js';

const TRACE_IDS = /^trace {10}([0-9a-f]{32}) {2}http:\/\/jaeger\/trace\/\1$/m;

describe('replay', () => {
  const boot = ['replay', '--exporter', 'none', 'recordings/nova-server-boot.ndjson.gz'];

  it('prints ids and links of the traces when it knows where the backend shows them', async () => {
    const { status, stdout } = await runHere([...boot, '--ui-url', 'http://jaeger/trace/{traceId}']);
    assert.equal(status, 0);
    assert.match(stdout, /^notifications {2}3522\n/);
    assert.match(stdout, TRACE_IDS);
    assert.doesNotMatch((await runHere(boot)).stdout, /^trace/m);
  });

  it('prints JSON for scripts', async () => {
    const { stdout } = await runHere([...boot, '--json', '--quiet']);
    const { isComplete, notifications, spans, rejected, traces, tracesTruncated } = JSON.parse(stdout);
    assert.deepEqual(
      { isComplete, notifications, spans, rejected, tracesTruncated },
      { isComplete: true, notifications: 3522, spans: 1761, rejected: {}, tracesTruncated: false },
    );
    assert.ok(traces.every(({ traceId }: { traceId: string }) => /^[0-9a-f]{32}$/.test(traceId)));
    assert.ok(traces.length > 0);
  });
});
