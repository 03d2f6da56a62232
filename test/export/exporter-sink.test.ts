import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type AnySpanExporter, ExporterSink } from '../../src/export/exporter-sink.js';
import { FunctionSink } from '../../src/export/function-sink.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { span } from '../support/spans.js';

describe('a SpanExporter as a sink', () => {
  it('is given the spans, and its success is one', async () => {
    const spans = [span()];
    let given: unknown;
    const sink = sinkOf((all, done) => {
      given = all;
      done({ code: 0 });
    });
    assert.deepEqual(await sink.send(spans), { kind: 'accepted' });
    assert.equal(given, spans);
  });

  it('is tried again when it fails, whatever its error is', async () => {
    const down = sinkOf((_spans, done) => done({ code: 1, error: new Error('down') }));
    assert.deepEqual(await down.send([]), { kind: 'retryable', reason: 'down' });
    const codeOfItsOwn = Object.assign(new Error('no'), { code: 400 });
    const other = sinkOf((_spans, done) => done({ code: 1, error: codeOfItsOwn }));
    assert.deepEqual(await other.send([]), { kind: 'retryable', reason: 'no' });
    const wordless = sinkOf((_spans, done) => done({ code: 1 }));
    assert.equal((await wordless.send([])).kind, 'retryable');
  });

  it('is believed when it is OTLP and its error has the status of a refusal for good', async () => {
    const backend = await OtlpReceiver.start();
    const sink = new ExporterSink(new OTLPTraceExporter({ url: `${backend.url}/v1/traces` }));
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

  it('cannot encode the spans on which it throws', async () => {
    const sink = sinkOf(() => {
      throw new TypeError('cyclic');
    });
    assert.deepEqual(await sink.send([]), { kind: 'permanent', reason: 'cyclic' });
  });

  it('may call back twice: the first time counts', async () => {
    const sink = sinkOf((_spans, done) => {
      done({ code: 0 });
      done({ code: 1 });
    });
    assert.deepEqual(await sink.send([]), { kind: 'accepted' });
  });

  it('has failed at the deadline when it never calls back', async () => {
    const outcome = await new ExporterSink(fake({ export: () => {} }), { deadlineMs: 5 }).send([]);
    assert.ok(outcome.kind === 'retryable');
    assert.match(outcome.reason, /within 5 ms/);
  });

  it('is probed by an export of no spans', async () => {
    const counts: number[] = [];
    const sink = sinkOf((spans, done) => {
      counts.push(spans.length);
      done({ code: 0 });
    });
    assert.deepEqual(await sink.probe(), { kind: 'accepted' });
    assert.deepEqual(counts, [0]);
  });

  it('is shut down at the end, or only flushed when others use it', async () => {
    const calls: string[] = [];
    const exporter = fake({
      forceFlush: async () => void calls.push('flush'),
      shutdown: async () => void calls.push('shutdown'),
    });
    await new ExporterSink(exporter).close();
    await new ExporterSink(exporter, { shutdown: false }).close();
    await new ExporterSink(fake({}), { shutdown: false }).close();
    assert.deepEqual(calls, ['shutdown', 'flush']);
  });
});

describe('a function as a sink', () => {
  it('accepts spans when it returns, fails when it throws, and may refuse them for good', async () => {
    const spans = [span()];
    let given: unknown;
    const accepting = new FunctionSink((all) => {
      given = all;
    });
    assert.deepEqual(await accepting.send(spans), { kind: 'accepted' });
    assert.equal(given, spans);
    const failing = new FunctionSink(async () => Promise.reject(new Error('full')));
    assert.deepEqual(await failing.send(spans), { kind: 'retryable', reason: 'full' });
    const refusing = new FunctionSink(() => ({ kind: 'permanent', reason: 'ugly' }));
    assert.deepEqual(await refusing.send(spans), { kind: 'permanent', reason: 'ugly' });
    await accepting.close();
  });
});

function fake(parts: Partial<AnySpanExporter>): AnySpanExporter {
  return { export: (_spans, done) => done({ code: 0 }), shutdown: async () => undefined, ...parts };
}

function sinkOf(send: AnySpanExporter['export']): ExporterSink {
  return new ExporterSink(fake({ export: send }));
}
