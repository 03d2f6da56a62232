import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Sink } from '../../src/contracts.js';
import { createOtlpSink } from '../../src/export/otlp.js';
import { OtlpGrpcReceiver } from '../support/otlp-grpc-receiver.js';
import { sendSpans, span } from '../support/spans.js';

describe('OTLP over gRPC', { timeout: 60_000 }, () => {
  let backend: OtlpGrpcReceiver;
  let sink: Sink;

  beforeEach(async () => {
    backend = await OtlpGrpcReceiver.start();
    sink = await createOtlpSink({
      protocol: 'grpc',
      url: backend.url(),
      headers: { 'x-token': 'abc' },
      timeoutMs: 10_000,
      compression: 'gzip',
      tls: {},
    });
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
