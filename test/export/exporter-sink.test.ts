import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ExporterSink, type ExportResult } from '../../src/export/exporter-sink.js';
import { span } from '../support/spans.js';

type Export = (spans: ReadableSpan[], done: (result: ExportResult) => void) => void;

describe('an exporter as a sink', () => {
  it('is handed the spans, and its success is one', async () => {
    const spans = [span()];
    let handed: unknown;
    const sink = sinkOf((given, done) => {
      handed = given;
      done({ code: 0 });
    });
    assert.deepEqual(await sink.send(spans), { kind: 'accepted' });
    assert.equal(handed, spans);
  });

  it('may fail, and may work later', async () => {
    assert.deepEqual(await sinkOf((_spans, done) => done({ code: 1, error: new Error('down') })).send([]), {
      kind: 'retryable',
      reason: 'down',
    });
    const wordless = await sinkOf((_spans, done) => done({ code: 1 })).send([]);
    assert.equal(wordless.kind, 'retryable');
  });

  it('that throws cannot write these spans', async () => {
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

  it('that never calls back has failed at the deadline, and is abandoned', async () => {
    let abandoned = 0;
    const sink = new ExporterSink(
      exporterOf(() => {}),
      { deadlineMs: 5, abandon: () => void abandoned++ },
    );
    const outcome = await sink.send([]);
    assert.ok(outcome.kind === 'retryable');
    assert.match(outcome.reason, /within 5 ms/);
    assert.equal(abandoned, 1);
  });

  it('is shut down when the sink is closed', async () => {
    let isShut = false;
    const exporter: SpanExporter = {
      export: () => {},
      shutdown: async () => {
        isShut = true;
      },
    };
    await new ExporterSink(exporter).close();
    assert.ok(isShut);
  });
});

function exporterOf(send: Export): SpanExporter {
  return { export: send as SpanExporter['export'], shutdown: async () => {} };
}

function sinkOf(send: Export): ExporterSink {
  return new ExporterSink(exporterOf(send));
}
