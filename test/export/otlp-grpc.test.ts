import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { SpanSink } from '../../src/delivery.js';
import { createOtlpSink } from '../../src/export/otlp.js';
import { span } from '../support/spans.js';

const raw = (bytes: Buffer): Buffer => bytes;
/** OTLP's trace service; requests and responses stay bytes. */
const SERVICE: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

describe('OTLP over gRPC', { timeout: 60_000 }, () => {
  let server: Server;
  let sink: SpanSink;
  /** What came: the request's bytes, and the header of a token. */
  let requests: { readonly bytes: Buffer; readonly token: unknown }[];
  let failure: Partial<ServiceError> | undefined;

  beforeEach(async () => {
    requests = [];
    failure = undefined;
    server = new Server();
    const take: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
      requests.push({ bytes: call.request, token: call.metadata.get('x-token')[0] });
      answer(failure === undefined ? null : (failure as ServiceError), Buffer.alloc(0));
    };
    server.addService(SERVICE, { Export: take });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    sink = await createOtlpSink({
      protocol: 'grpc',
      url: `http://127.0.0.1:${port}`,
      headers: { 'x-token': 'abc' },
      timeoutMs: 10_000,
      compression: 'gzip',
      tls: {},
    });
  });
  afterEach(async () => {
    await sink.close();
    server.forceShutdown();
  });

  it('arrives with its headers', async () => {
    assert.deepEqual(await sink.send([span('first'), span('second')]), { kind: 'taken' });
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.token, 'abc');
    const text = requests[0]?.bytes.toString('latin1') ?? '';
    assert.match(text, /first[\s\S]*second/);
  });

  it('is permanent only where the batch itself is at fault', async () => {
    const kindOf = async (code: status, details: string) => {
      failure = { code, details };
      return (await sink.send([span()])).kind;
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
