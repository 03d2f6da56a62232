/** OpenTelemetry's exporters and processors as their users hold them, of SDK 2.x and 3.x alike. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Sink } from '../contracts.js';
import { ExporterSink, type ExportResult, type Judge } from './exporter-sink.js';
import { judgeFailure } from './outcome.js';

/** `SpanExporter` of @opentelemetry/sdk-trace-base 2.x or @opentelemetry/sdk-trace 3.x. */
export interface AnySpanExporter {
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/** `SpanProcessor` of either, as far as it is called: spans come whole, and are never started here. */
export interface AnySpanProcessor {
  onEnd(span: ReadableSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

const SUCCESS = 0;

/**
 * An exporter of the caller's as a sink. A failure is tried again, but for the OTLP exporters' own 400, 413 and 422: what
 * they say of a batch does not change.
 * @param shutdown whether closing shuts it down, or only flushes it.
 */
export function sinkOfExporter(
  exporter: AnySpanExporter,
  deadlineMs: number,
  shutdown: boolean,
): Sink<ReadableSpan> {
  const sink = new ExporterSink(exporter, { deadlineMs, judge });
  if (shutdown) return sink;
  return {
    send: (spans) => sink.send(spans),
    close: async () => {
      await exporter.forceFlush?.();
    },
  };
}

const judge: Judge = async (send) => {
  const { code, error } = await send();
  if (code === SUCCESS) return { kind: 'accepted' };
  const problem = error ?? new Error('the exporter failed without an error');
  return judgeFailure(statusOf(problem), problem, Date.now());
};

/** `OTLPExporterError.code` is the HTTP status; other errors' codes are texts or mean something else. */
function statusOf(error: Error): { status?: number } {
  const { name, code } = error as Error & { readonly code?: unknown };
  return name === 'OTLPExporterError' && typeof code === 'number' ? { status: code } : {};
}
