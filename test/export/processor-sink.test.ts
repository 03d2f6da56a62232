import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { type AnySpanProcessor, ProcessorSink } from '../../src/export/processor-sink.js';
import { span } from '../support/spans.js';

const PATIENCE_MS = 20_000;

describe('a span processor as a sink', () => {
  it('has taken spans when its flush has ended', async () => {
    const calls: string[] = [];
    const processor = fake({
      onEnd: () => void calls.push('span'),
      forceFlush: async () => void calls.push('flush'),
    });
    assert.deepEqual(await sinkOf(processor).send([span(), span()]), { kind: 'accepted' });
    assert.deepEqual(calls, ['span', 'span', 'flush']);
  });

  it('has not taken them when its flush fails or does not end, or when it throws', async () => {
    const failing = fake({ forceFlush: async () => Promise.reject(new Error('down')) });
    const throwing = fake({
      onEnd: () => {
        throw new Error('shut down');
      },
    });
    const hanging = fake({ forceFlush: () => new Promise(() => undefined) });
    assert.deepEqual(await sinkOf(failing).send([span()]), { kind: 'retryable', reason: 'down' });
    assert.deepEqual(await sinkOf(throwing).send([span()]), { kind: 'retryable', reason: 'shut down' });
    assert.deepEqual(await new ProcessorSink(hanging, 1, true).send([span()]), {
      kind: 'retryable',
      reason: "no end to the processor's flush within 1 ms",
    });
  });

  for (const Processor of [BatchSpanProcessor, SimpleSpanProcessor]) {
    it(`may be the SDK's ${Processor.name}, which exports the spans and tells of a failure`, async () => {
      const exporter = new InMemorySpanExporter();
      const sink = sinkOf(new Processor(exporter));
      const given = span();
      assert.deepEqual(await sink.send([given]), { kind: 'accepted' });
      assert.deepEqual(exporter.getFinishedSpans(), [given]);
      if (Processor === BatchSpanProcessor) {
        exporter.export = (_spans, done) => done({ code: 1, error: new Error('down') });
        assert.equal((await sink.send([given])).kind, 'retryable');
      }
      await sink.close();
    });
  }

  it('is shut down at the end, or only flushed when others use it', async () => {
    const calls: string[] = [];
    const processor = fake({
      forceFlush: async () => void calls.push('flush'),
      shutdown: async () => void calls.push('shutdown'),
    });
    await new ProcessorSink(processor, PATIENCE_MS, true).close();
    await new ProcessorSink(processor, PATIENCE_MS, false).close();
    assert.deepEqual(calls, ['shutdown', 'flush']);
  });
});

function sinkOf(processor: AnySpanProcessor): ProcessorSink {
  return new ProcessorSink(processor, PATIENCE_MS, true);
}

function fake(parts: Partial<AnySpanProcessor>): AnySpanProcessor {
  return {
    onEnd: (_span: ReadableSpan) => undefined,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
    ...parts,
  };
}
