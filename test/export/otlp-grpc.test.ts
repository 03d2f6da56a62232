import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import type { Sink } from '../../src/contracts.js';
import { createOtlpSink } from '../../src/export/otlp.js';
import { OtlpGrpcReceiver } from '../support/otlp-grpc-receiver.js';
import { sendSpans, span } from '../support/spans.js';

const OPTIONS = {
  protocol: 'grpc',
  headers: { 'x-token': 'abc' },
  timeoutMs: 10_000,
  compression: 'gzip',
  tls: {},
} as const;

describe('OTLP over gRPC', { timeout: 60_000 }, () => {
  let backend: OtlpGrpcReceiver;
  let sink: Sink;

  beforeEach(async () => {
    backend = await OtlpGrpcReceiver.start();
    sink = await createOtlpSink({ ...OPTIONS, url: backend.url() });
  });
  afterEach(async () => {
    await sink.close();
    backend.stop();
  });

  it('arrives with its headers', async () => {
    assert.deepEqual(await sendSpans(sink, [span('first'), span('second')]), { kind: 'accepted' });
    assert.equal(backend.requests.length, 1);
    assert.equal(backend.requests[0]?.token, 'abc');
    const text = backend.requests[0]?.bytes.toString('latin1') ?? '';
    assert.match(text, /first[\s\S]*second/);
  });

  it('is accepted in part as over HTTP', async () => {
    // ExportTraceServiceResponse { partial_success { rejected_spans: 2, error_message: "old" } }
    backend.response = Buffer.from([0x0a, 0x07, 0x08, 0x02, 0x12, 0x03, 0x6f, 0x6c, 0x64]);
    assert.deepEqual(await sendSpans(sink, [span()]), { kind: 'accepted', refused: 2, message: 'old' });
  });

  it('is accepted when the answer is not OTLP or too long to be read', async () => {
    for (const response of [Buffer.from('<html>'), Buffer.alloc(5 * 1024 * 1024)]) {
      backend.response = response;
      const outcome = await sendSpans(sink, [span()]);
      assert.ok(outcome.kind === 'accepted');
      assert.match(outcome.message ?? '', /refused spans cannot be counted/);
    }
  });

  it('is held by what speaks HTTP/2 and not gRPC', async () => {
    const server = createHttp2Server((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>welcome</html>');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const other = await createOtlpSink({
      ...OPTIONS,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
    const outcome = await sendSpans(other, [span()]);
    await other.close();
    server.close();
    assert.ok(outcome.kind === 'retryable');
    assert.match(outcome.reason, /text\/html, which is not gRPC/);
  });

  it('waits as long as the backend asks in RetryInfo', async () => {
    const type = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
    const any = Buffer.concat([
      Buffer.from([0x0a, type.length]),
      type,
      // RetryInfo { retry_delay { seconds: 5 } }
      Buffer.from([0x12, 4, 0x0a, 2, 0x08, 5]),
    ]);
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.concat([Buffer.from([0x08, 8, 0x1a, any.length]), any]));
    backend.failure = { code: status.RESOURCE_EXHAUSTED, details: 'rate limited', metadata };
    const outcome = await sendSpans(sink, [span()]);
    assert.ok(outcome.kind === 'retryable');
    assert.equal(outcome.retryAfterMs, 5_000);
  });

  it('is probed by a request without bytes', async () => {
    assert.deepEqual(await sink.probe?.(), { kind: 'accepted' });
    assert.equal(backend.requests[0]?.bytes.length, 0);
  });

  it('is permanent only where the batch itself is at fault', async () => {
    const kindOf = async (code: status, details: string) => {
      backend.failure = { code, details };
      return (await sendSpans(sink, [span()])).kind;
    };
    assert.equal(await kindOf(status.INVALID_ARGUMENT, 'bad span'), 'permanent');
    assert.equal(
      await kindOf(status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max'),
      'permanent',
    );
    for (const code of [status.UNAVAILABLE, status.UNAUTHENTICATED, status.UNIMPLEMENTED, status.INTERNAL]) {
      assert.equal(await kindOf(code, 'later'), 'retryable');
    }
  });
});
