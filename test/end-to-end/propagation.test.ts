/** Traces carried into the real osprofiler and out of it, judged by it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { toSpanId } from '../../src/mapping/ids.js';
import { OsprofilerPropagator } from '../../src/propagation/propagator.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';
import { askOsprofiler, OpenStackApi } from './openstack.js';
import { RunningBridge, runProgram, transportUrl } from './program.js';

const BASE_ID = '0af76519-16cd-43dd-8448-eb211c80319c';
const SPAN = { traceId: BASE_ID.replaceAll('-', ''), spanId: 'b7ad6b7169203331', traceFlags: 1 };

/** A program's span is the root in any case. */
const ROOT_SPAN: Readonly<Record<string, string[]>> = {
  'as it comes': [],
  'with --root-span': ['--root-span', '--trace-quiet', '1s'],
};

function headersBy(hmacKeys: string[], of: Context): Record<string, string> {
  const headers: Record<string, string> = {};
  new OsprofilerPropagator({ hmacKeys }).inject(of, headers, defaultTextMapSetter);
  return headers;
}

describe('osprofiler', () => {
  const below = trace.setSpanContext(ROOT_CONTEXT, SPAN);

  it('accepts our headers, signed by any key that it knows, and no others', () => {
    const ours = headersBy(['second', 'third'], below);
    const [known, unknown, tampered] = askOsprofiler([
      { receive: ours, keys: 'first,second' },
      { receive: ours, keys: 'first,third' },
      { receive: { ...ours, 'X-Trace-Info': `A${ours['X-Trace-Info']}` }, keys: 'second' },
    ]);
    assert.equal(known?.['base_id'], BASE_ID);
    assert.equal(toSpanId(known?.['parent_id'] ?? ''), SPAN.spanId);
    assert.notEqual(known?.['parent_id'], BASE_ID);
    assert.deepEqual([unknown, tampered], [null, null]);
  });

  it('sends headers that we accept, signed by any key that we know, and no others', () => {
    const parent = '6f1cf87d-8f35-4b8c-9a53-2f7d1e0c9b11';
    const questions = ['first', 'second', 'third'].map((hmac_key) => ({
      send: { hmac_key, base_id: BASE_ID, parent_id: parent },
    }));
    const answers = askOsprofiler([...questions, { send: { hmac_key: 'first', base_id: BASE_ID } }]);
    const ours = new OsprofilerPropagator({ hmacKeys: ['first', 'second'] });
    const spans = answers.map((headers) =>
      trace.getSpanContext(ours.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)),
    );
    const remote = { traceId: SPAN.traceId, traceFlags: 1, isRemote: true };
    const inside = { ...remote, spanId: '9a532f7d1e0c9b11' };
    assert.deepEqual(spans, [inside, inside, undefined, { ...remote, spanId: '8448eb211c80319c' }]);
  });

  it('accepts what the command prints, in each of its formats', async () => {
    const traceparent = `00-${SPAN.traceId}-${SPAN.spanId}-01`;
    const printed = async (...args: string[]) => {
      const { status, stdout, stderr } = await runProgram(['headers', '--hmac-keys', 'key', ...args]);
      assert.equal(status, 0, stderr);
      return stdout.trim();
    };
    const json = JSON.parse(await printed('--format', 'json')) as Record<string, string>;
    const plain = readPlain(await printed('--format', 'plain', '--base-id', BASE_ID));
    const curl = readCurl(await printed('--traceparent', traceparent));
    const [fresh, known, inside] = askOsprofiler(
      [json, plain, curl].map((receive) => ({ receive, keys: 'key' })),
    );
    assert.match(fresh?.['base_id'] ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(fresh?.['parent_id'], fresh?.['base_id']);
    assert.deepEqual(known, { base_id: BASE_ID, parent_id: BASE_ID });
    assert.equal(inside?.['base_id'], BASE_ID);
    assert.equal(toSpanId(inside?.['parent_id'] ?? ''), SPAN.spanId);
  });
});

function readPlain(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\n').map((line) => line.split(': ') as [string, string]));
}

/** As a shell without quotes and curl take it. */
function readCurl(text: string): Record<string, string> {
  const words = text.split(/\s+/).filter((word) => word !== '-H');
  return Object.fromEntries(words.map((word) => word.split(':') as [string, string]));
}

describe('a program that calls OpenStack', () => {
  let vhost: TestVhost;
  let backend: OtlpReceiver;
  let bridge: RunningBridge | undefined;
  let api: OpenStackApi;

  beforeEach(async () => {
    vhost = await broker().createVhost();
    backend = await OtlpReceiver.start();
    api = await OpenStackApi.start(transportUrl(vhost), 'old-key,SECRET_KEY');
  });
  afterEach(async () => {
    await api.stop();
    await bridge?.kill();
    await backend.stop();
    await vhost.remove();
  });

  for (const [how, args] of Object.entries(ROOT_SPAN)) {
    it(`finds the spans of OpenStack below its own, in one trace, ${how}`, async () => {
      const own = new InMemorySpanExporter();
      const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(own)] });
      const tracer = provider.getTracer('program');
      const outer = tracer.startSpan('create a server');
      const call = tracer.startSpan('GET', {}, trace.setSpan(ROOT_CONTEXT, outer));

      const headers = headersBy(['SECRET_KEY'], trace.setSpan(ROOT_CONTEXT, call));
      const answer = await fetch(`${api.url}/v2.1/servers?limit=1`, { headers });
      assert.deepEqual(await answer.json(), { profiled: true, received: headers });
      call.end();
      outer.end();

      bridge = new RunningBridge(vhost, backend, args);
      const spans = await backend.untilSpans(2);
      const { status, stderr } = await bridge.stop();
      assert.equal(status, 0, stderr);
      const [wsgi, db] = ['GET /v2.1/servers', 'SELECT instances'].map((name) =>
        spans.find((span) => span.name === name),
      );
      const { traceId, spanId } = call.spanContext();
      assert.deepEqual(
        spans.map((span) => span.traceId),
        [traceId, traceId],
      );
      assert.equal(wsgi?.parentSpanId, spanId);
      assert.equal(db?.parentSpanId, wsgi?.spanId);
      const parentless = [...own.getFinishedSpans()].filter((span) => span.parentSpanContext === undefined);
      assert.deepEqual(
        parentless.map(({ name }) => name),
        ['create a server'],
      );
      await provider.shutdown();
    });
  }

  it('has nothing profiled by a key that OpenStack does not know', async () => {
    const span = trace.setSpanContext(ROOT_CONTEXT, SPAN);
    const headers = headersBy(['wrong'], span);
    const answer = await fetch(api.url, { headers });
    assert.deepEqual(await answer.json(), { profiled: false, received: headers });
  });
});
