import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type AnySpanExporter, sinkOfExporter } from '../../src/export/exporters.js';
import { FunctionSink } from '../../src/export/function-sink.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { span } from '../support/spans.js';

const PATIENCE_MS = 20_000;

describe("an exporter of the caller's", () => {
  it('that is OTLP is believed when it says that a batch is bad, and tried again otherwise', async () => {
    const backend = await OtlpReceiver.start();
    const exporter = new OTLPTraceExporter({ url: `${backend.url}/v1/traces` });
    const sink = sinkOfExporter(exporter, PATIENCE_MS, true);
    const kinds: string[] = [];
    for (const status of [400, 401, 404, 413, 422, 500]) {
      backend.answerNext({ kind: 'respond', status });
      kinds.push((await sink.send([span()])).kind);
    }
    assert.deepEqual(kinds, ['permanent', 'retryable', 'retryable', 'permanent', 'permanent', 'retryable']);
    assert.deepEqual(await sink.send([span()]), { kind: 'accepted' });
    await sink.close();
    await backend.stop();
  });

  it('with codes of its own is tried again', async () => {
    const error = Object.assign(new Error('no'), { code: 400 });
    const sink = sinkOfExporter(fake({ export: (_spans, done) => done({ code: 1, error }) }), 1_000, true);
    assert.deepEqual(await sink.send([]), { kind: 'retryable', reason: 'no' });
    const wordless = sinkOfExporter(fake({ export: (_spans, done) => done({ code: 1 }) }), 1_000, true);
    assert.equal((await wordless.send([])).kind, 'retryable');
  });

  it('is shut down at the end, or only flushed when others use it', async () => {
    const calls: string[] = [];
    const exporter = fake({
      forceFlush: async () => void calls.push('flush'),
      shutdown: async () => void calls.push('shutdown'),
    });
    await sinkOfExporter(exporter, 1_000, true).close();
    await sinkOfExporter(exporter, 1_000, false).close();
    await sinkOfExporter(fake({}), 1_000, false).close();
    assert.deepEqual(calls, ['shutdown', 'flush']);
  });
});

describe("a function of the caller's as a sink", () => {
  it('has taken spans when it returns, has not when it throws, and may say so itself', async () => {
    const spans = [span()];
    let given: unknown;
    const taking = new FunctionSink((all) => {
      given = all;
    });
    assert.deepEqual(await taking.send(spans), { kind: 'accepted' });
    assert.equal(given, spans);
    const failing = new FunctionSink(async () => Promise.reject(new Error('full')));
    assert.deepEqual(await failing.send(spans), { kind: 'retryable', reason: 'full' });
    const refusing = new FunctionSink(() => ({ kind: 'permanent', reason: 'ugly' }));
    assert.deepEqual(await refusing.send(spans), { kind: 'permanent', reason: 'ugly' });
    await taking.close();
  });
});

function fake(parts: Partial<AnySpanExporter>): AnySpanExporter {
  return { export: (_spans, done) => done({ code: 0 }), shutdown: async () => undefined, ...parts };
}
