/**
 * Any OpenTelemetry `SpanExporter` as a sink: one call of `export()` becomes one outcome, whatever the exporter does.
 * It may throw, it may call back never, twice or at once.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, Sink } from '../contracts.js';
import type { OutgoingSpan, SpanEncoding } from '../encoded-span.js';
import { messageOf } from '../errors.js';

/** What `export()` gives its callback; see `ExportResult` of @opentelemetry/core. */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** Calls `export()` and turns what it calls back into an outcome. */
export type Judge = (send: () => Promise<ExportResult>) => Promise<Outcome>;

const SUCCESS = 0;

/** A plain exporter says no more than that it failed: it may work later. */
const plainJudge: Judge = async (send) => {
  const { code, error } = await send();
  return code === SUCCESS
    ? { kind: 'accepted' }
    : { kind: 'retryable', reason: error?.message ?? 'the exporter failed without an error' };
};

/** `SpanExporter` of any SDK, as far as it is called here. */
export interface Exporter<Span> {
  export(spans: Span[], resultCallback: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** How an exporter is waited for, and what its answers mean. */
export interface ExporterSinkOptions {
  /** Milliseconds after which an export that has not called back counts as failed. @default 30,000 */
  readonly deadlineMs?: number;
  /** Knows more than success or failure. */
  readonly judge?: Judge;
  /** The deadline passed: lets go of what the exporter still waits for, so that its sockets do not pile up. */
  readonly abandon?: () => void;
  /** See {@link Sink.encoding}. */
  readonly encoding?: SpanEncoding | undefined;
}

/** A `SpanExporter` as a sink: one call of `export()` is one outcome. */
export class ExporterSink<Span extends OutgoingSpan = ReadableSpan> implements Sink<Span> {
  private readonly deadlineMs: number;
  private readonly judge: Judge;
  private readonly abandon: () => void;
  readonly encoding: SpanEncoding | undefined;

  constructor(
    private readonly exporter: Exporter<Span>,
    options: ExporterSinkOptions = {},
  ) {
    this.deadlineMs = options.deadlineMs ?? 30_000;
    this.judge = options.judge ?? plainJudge;
    this.abandon = options.abandon ?? (() => {});
    this.encoding = options.encoding;
  }

  send(spans: readonly Span[]): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve({ kind: 'retryable', reason: `no end to the export within ${this.deadlineMs} ms` });
        this.abandon();
      }, this.deadlineMs);
      this.judge(() => this.call(spans))
        // A synchronous throw is an encoding error: this batch holds what the exporter cannot write.
        .catch((error: unknown): Outcome => ({ kind: 'permanent', reason: messageOf(error) }))
        .then((outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        });
    });
  }

  async close(): Promise<void> {
    await this.exporter.shutdown();
  }

  /** Rejects when `export()` throws before it calls back. */
  private call(spans: readonly Span[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      this.exporter.export(spans as Span[], resolve);
    });
  }
}
