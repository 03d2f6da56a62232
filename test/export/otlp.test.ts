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

/** What a backend that never answers is waited for; nothing else here depends on it. */
const TIMEOUT_MS = 1_000;

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

  it('tells spans that were refused from those that were accepted', async () => {
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

  it('sends the length of the body with it', async () => {
    for (const compression of ['none', 'gzip'] as const)
      await sendSpans(await open({ compression }), [span()]);
    const [plain, zipped] = backend.requests;
    assert.equal(plain?.headers['content-length'], String(plain?.body.length));
    assert.ok(Number(zipped?.headers['content-length']) < zipped!.body.length);
    for (const { headers } of backend.requests) assert.equal(headers['transfer-encoding'], undefined);
  });

  it('reads a long answer whole, and one without end not', async () => {
    const partialSuccess = { rejectedSpans: '1', errorMessage: 'x'.repeat(1_000_000) };
    const outcome = await sendWith({ kind: 'respond', body: JSON.stringify({ partialSuccess }) });
    assert.ok(outcome.kind === 'accepted' && outcome.refused === 1);
    const endless = await sendWith({ kind: 'respond', body: ' '.repeat(5 * 1024 * 1024) });
    assert.ok(endless.kind === 'accepted');
    assert.match(endless.message ?? '', /too long to be read/);
  });

  it('goes without the headers of the environment, which are for others', async (test) => {
    process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'authorization=secret';
    test.after(() => delete process.env['OTEL_EXPORTER_OTLP_HEADERS']);
    const sending = await open({ headers: { 'x-token': 'abc' } });
    await sendSpans(sending, [span()]);
    await sending.probe?.();
    assert.equal(backend.requests.length, 2);
    for (const { headers } of backend.requests)
      assert.deepEqual([headers['authorization'], headers['x-token']], [undefined, 'abc']);
    assert.equal(process.env['OTEL_EXPORTER_OTLP_HEADERS'], 'authorization=secret');
  });

  it("is probed by OpenTelemetry's own exporter, which asks over http/json with the same settings", async () => {
    const sending = await open({ headers: { authorization: 'Bearer abc' } });
    assert.deepEqual(await sending.probe?.(), { kind: 'accepted' });
    const [request] = backend.requests;
    assert.match(request?.headers['user-agent'] ?? '', /^OTel-OTLP-Exporter-JavaScript\//);
    assert.equal(request?.headers['authorization'], 'Bearer abc');
    assert.equal(request?.body.toString(), '{"resourceSpans":[]}');
    backend.otherwise = {
      kind: 'respond',
      status: 400,
      body: 'Client sent an HTTP request to an HTTPS server.',
    };
    assert.notEqual((await sending.probe?.())?.kind, 'accepted');
  });

  it('is probed by a request without bytes over http/protobuf', async () => {
    const sending = await open({ protocol: 'http/protobuf' });
    assert.deepEqual(await sending.probe?.(), { kind: 'accepted' });
    assert.equal(backend.requests[0]?.body.length, 0);
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
