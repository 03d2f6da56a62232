import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runHere } from '../run-here.js';

const UUID = '3361aef1-cc62-49e1-8afc-09b0f8495fb6';
const TRACE_ID = '3361aef1cc6249e18afc09b0f8495fb6';
const TEMPLATE = 'http://jaeger:16686/trace/{traceId}';

describe('trace-id', () => {
  it('prints the trace id of each UUID, with a link where one is configured', async () => {
    const plain = await runHere(['trace-id', UUID, TRACE_ID.toUpperCase()]);
    assert.deepEqual([plain.status, plain.stdout], [0, `${TRACE_ID}\n${TRACE_ID}\n`]);
    const linked = await runHere(['trace-id', '--ui-url', TEMPLATE, UUID]);
    assert.equal(linked.stdout, `${TRACE_ID}  http://jaeger:16686/trace/${TRACE_ID}\n`);
  });

  it('prints JSON for scripts', async () => {
    const { stdout } = await runHere(['trace-id', '--json', '--ui-url', TEMPLATE, UUID]);
    assert.deepEqual(JSON.parse(stdout), [
      { id: UUID, traceId: TRACE_ID, url: `http://jaeger:16686/trace/${TRACE_ID}` },
    ]);
  });

  it('refuses what is no UUID, unless that is meant', async () => {
    for (const id of ['3361aef1', 'wsgi', `${UUID}0`]) {
      const { status, stdout, stderr } = await runHere(['trace-id', UUID, id]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, new RegExp(`^error CONFIG_INVALID: '${id}' is not a UUID\nhint: .*--any-id`));
      const meant = await runHere(['trace-id', '--any-id', id]);
      assert.match(meant.stdout, /^[0-9a-f]{32}\n$/);
    }
  });
});
