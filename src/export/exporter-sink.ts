/**
 * Any OpenTelemetry `SpanExporter` as a sink: one call of `export()` becomes one outcome, whatever the exporter does. It
 * may throw, and it may call back never, twice or at once.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, Sink } from '../contracts.js';
import { messageOf } from '../errors.js';
import { classifyNoAnswer } from './classify.js';
import { classifyHttp } from './classify-http.js';

/** What `export()` gives its callback; see `ExportResult` of @opentelemetry/core. */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** `SpanExporter` of @opentelemetry/sdk-trace-base 2.x or @opentelemetry/sdk-trace 3.x. */
export interface AnySpanExporter {
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/** How an exporter is waited for, and how it ends. */
export interface ExporterSinkOptions {
  /** Milliseconds after which an export that has not called back counts as failed. @default 30,000 */
  readonly deadlineMs?: number;
  /** Closing shuts the exporter down; `false`: it is flushed, since others use it. @default true */
  readonly shutdown?: boolean;
}

const SUCCESS = 0;

/** A `SpanExporter` as a sink. OTLP's own are believed when they say that a batch is refused for good. */
export class ExporterSink implements Sink<ReadableSpan> {
  private readonly deadlineMs: number;
  private readonly shutdown: boolean;

  constructor(
    private readonly exporter: AnySpanExporter,
    { deadlineMs = 30_000, shutdown = true }: ExporterSinkOptions = {},
  ) {
    this.deadlineMs = deadlineMs;
    this.shutdown = shutdown;
  }

  probe(): Promise<Outcome> {
    return this.send([]);
  }

  send(spans: readonly ReadableSpan[]): Promise<Outcome> {
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        resolve(outcome);
      };
      const timer = setTimeout(
        () => end({ kind: 'retryable', reason: `no end to the export within ${this.deadlineMs} ms` }),
        this.deadlineMs,
      );
      try {
        this.exporter.export(spans as ReadableSpan[], (result) => end(classifyResult(result)));
      } catch (error) {
        // This batch holds what the exporter cannot encode.
        end({ kind: 'permanent', reason: messageOf(error) });
      }
    });
  }

  async close(): Promise<void> {
    await (this.shutdown ? this.exporter.shutdown() : this.exporter.forceFlush?.());
  }
}

function classifyResult({ code, error }: ExportResult): Outcome {
  if (code === SUCCESS) return { kind: 'accepted' };
  if (error === undefined) return { kind: 'retryable', reason: 'the exporter failed without an error' };
  const { name, code: status, data } = error as Error & { readonly code?: unknown; readonly data?: unknown };
  // The OTLP exporters' code is the HTTP status; other errors' codes are texts or mean something else.
  if (name !== 'OTLPExporterError' || typeof status !== 'number') return classifyNoAnswer(error);
  const body = Buffer.from(typeof data === 'string' ? data : '');
  return classifyHttp({ status, headers: {}, body, isCut: false }, '');
}
