import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Outcome, Sink } from '../../src/contracts.js';
import { BridgeError } from '../../src/errors.js';
import { createOtlpSink, type OtlpOptions } from '../../src/export/otlp.js';
import { BASE_ID, MOMENT } from '../support/notifications.js';
import { type Answer, OtlpReceiver } from '../support/otlp-receiver.js';
import { sendSpans, span } from '../support/spans.js';

/** Short, so that the exporter's own retries end soon; nothing here depends on how long it takes. */
const TIMEOUT_MS = 300;

describe('OTLP over HTTP', () => {
  let backend: OtlpReceiver;
  let sink: Sink | undefined;

  beforeEach(async () => {
    backend = await OtlpReceiver.start();
  });
  afterEach(async () => {
    await sink?.close();
    sink = undefined;
    await backend.stop();
  });

  const open = async (changes: Partial<OtlpOptions> = {}): Promise<Sink> => {
    sink = await createOtlpSink({
      protocol: 'http/json',
      url: `${backend.url}/v1/traces`,
      headers: {},
      timeoutMs: TIMEOUT_MS,
      compression: 'none',
      tls: {},
      ...changes,
    });
    return sink;
  };
  const sendWith = async (answer: Answer): Promise<Outcome> => {
    backend.otherwise = answer;
    return sendSpans(await open(), [span()]);
  };

  it('arrives as it was made', async () => {
    const sending = await open({ headers: { authorization: 'Bearer abc' } });
    assert.deepEqual(await sendSpans(sending, [span('one'), span('two')]), { kind: 'accepted' });
    const [request] = backend.requests;
    assert.equal(request?.path, '/v1/traces');
    assert.equal(request?.headers['authorization'], 'Bearer abc');
    const [one, two] = backend.spans;
    assert.deepEqual([one?.name, two?.name], ['one', 'two']);
    assert.equal(one?.traceId, BASE_ID.replaceAll('-', ''));
    assert.equal(one?.startTimeUnixNano, `${MOMENT}000`);
    assert.equal(one?.endTimeUnixNano, `${MOMENT + 1_500}000`);
    assert.equal(one?.resource['service.name'], 'nova-conductor');
    assert.equal(one?.attributes['osprofiler.name'], 'one');
  });

  it('arrives compressed, and as protobuf', async () => {
    await sendSpans(await open({ compression: 'gzip' }), [span('zipped')]);
    assert.equal(backend.requests[0]?.headers['content-encoding'], 'gzip');
    assert.equal(backend.spans[0]?.name, 'zipped');
    assert.deepEqual(await sendSpans(await open({ protocol: 'http/protobuf' }), [span('buffed')]), {
      kind: 'accepted',
    });
    const [, binary] = backend.requests;
    assert.equal(binary?.headers['content-type'], 'application/x-protobuf');
    assert.ok(binary?.body.includes('buffed'));
  });

  it('keeps its connection', async () => {
    const sending = await open();
    for (let count = 0; count < 5; count++) await sendSpans(sending, [span()]);
    assert.equal(backend.openConnections, 1);
  });

  it('tells spans that were refused from those that were taken', async () => {
    const body = JSON.stringify({ partialSuccess: { rejectedSpans: '1', errorMessage: 'too old' } });
    const outcome = await sendWith({ kind: 'respond', body });
    assert.deepEqual(outcome, { kind: 'accepted', refused: 1, message: 'too old' });
  });

  it('tells spans that were refused in protobuf too', async () => {
    // ExportTraceServiceResponse { partial_success { rejected_spans: 2, error_message: "old" } }
    const body = Buffer.from([0x0a, 0x07, 0x08, 0x02, 0x12, 0x03, 0x6f, 0x6c, 0x64]);
    backend.otherwise = { kind: 'respond', headers: { 'content-type': 'application/x-protobuf' }, body };
    const outcome = await sendSpans(await open({ protocol: 'http/protobuf' }), [span()]);
    assert.deepEqual(outcome, { kind: 'accepted', refused: 2, message: 'old' });
  });

  it('takes an answer in the other format', async () => {
    backend.otherwise = { kind: 'respond', headers: { 'content-type': 'application/json' }, body: '{}' };
    assert.deepEqual(await sendSpans(await open({ protocol: 'http/protobuf' }), [span()]), {
      kind: 'accepted',
    });
  });

  it('is not fooled by a page that answers 200', async () => {
    const headers = { 'content-type': 'text/html' };
    const outcome = await sendWith({ kind: 'respond', headers, body: '<html>welcome</html>' });
    assert.ok(outcome.kind === 'retryable');
    assert.match(outcome.reason, /text\/html/);
  });

  it('knows a batch that will never be taken from one that may be later', async () => {
    for (const status of [400, 413]) {
      assert.equal((await sendWith({ kind: 'respond', status })).kind, 'permanent', String(status));
    }
    for (const status of [401, 404, 429, 500, 503]) {
      assert.equal((await sendWith({ kind: 'respond', status })).kind, 'retryable', String(status));
    }
  });

  it('passes on what the backend said and how long it wants to be left alone', async () => {
    const headers = { 'retry-after': '60' };
    const outcome = await sendWith({ kind: 'respond', status: 503, headers, body: 'maintenance' });
    assert.ok(outcome.kind === 'retryable');
    assert.equal(outcome.retryAfterMs, 60_000);
    assert.match(outcome.reason, /503: maintenance/);
  });

  it('is not taken when the connection breaks, before the answer or within', async () => {
    for (const kind of ['reset', 'cut'] as const) {
      assert.equal((await sendWith({ kind })).kind, 'retryable', kind);
    }
  });

  it('is not taken when nobody listens', async () => {
    const other = await OtlpReceiver.start();
    const { url } = other;
    await other.stop();
    const outcome = await sendSpans(await open({ url: `${url}/v1/traces` }), [span()]);
    assert.ok(outcome.kind === 'retryable');
    assert.match(outcome.reason, /ECONNREFUSED/);
  });

  it('is not taken by a backend that never answers', async () => {
    const outcome = await sendWith({ kind: 'hang' });
    assert.equal(outcome.kind, 'retryable');
  });

  it('works again after a failure, with the same sink', async () => {
    backend.answerNext({ kind: 'respond', status: 500 });
    const sending = await open();
    assert.equal((await sendSpans(sending, [span()])).kind, 'retryable');
    assert.deepEqual(await sendSpans(sending, [span()]), { kind: 'accepted' });
  });

  it('keeps the answers of several exports at once apart', async () => {
    const sending = await open();
    const answers = [200, 400, 500, 200].map((status): Answer => ({ kind: 'respond', status }));
    backend.answerNext(...answers);
    const outcomes = await Promise.all(answers.map((_, index) => sendSpans(sending, [span(String(index))])));
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), [
      'accepted',
      'accepted',
      'permanent',
      'retryable',
    ]);
  });

  it('does without a certificate only when there is one to read', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'osprofiler-otlp-'));
    try {
      await assert.rejects(
        open({ tls: { caFile: join(directory, 'none.pem') } }),
        (error: unknown) => error instanceof BridgeError && error.code === 'CONFIG_UNREADABLE',
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
