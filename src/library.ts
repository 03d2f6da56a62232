/** The whole path for a program of one's own: receivers → spans → whatever takes them. */
import { EventEmitter } from 'node:events';
import type { MeterProvider } from '@opentelemetry/api';
import { Bridge } from './bridge.js';
import type { Delivery, Log, Receiver, Sink } from './contracts.js';
import type { Counts, RejectReason } from './counts.js';
import { BridgeError, messageOf } from './errors.js';
import type { BatchOptions } from './export/batcher.js';
import { type AnySpanExporter, ExporterSink } from './export/exporter-sink.js';
import { FunctionSink, type SendSpans } from './export/function-sink.js';
import { ObservedSink, type Sent } from './export/observed-sink.js';
import { type AnySpanProcessor, PROCESSOR_BATCH, ProcessorSink } from './export/processor-sink.js';
import type { RetryOptions } from './export/retry.js';
import { accelerate } from './fast/accelerate.js';
import { type BridgeMetrics, measure } from './metrics.js';
import { SpecPipeline } from './pipeline.js';
import type { TranslatorOptions } from './translator.js';

/** What takes the spans: exactly one of these. */
export type Destination =
  /** A `SpanExporter` of SDK 2.x or 3.x. */
  | { readonly exporter: AnySpanExporter; readonly processor?: never; readonly sink?: never }
  /**
   * A `SpanProcessor` of SDK 2.x or 3.x. Its `onEnd` is called with each span, and notifications are acknowledged when a
   * `forceFlush` after that has resolved: delivery is as safe as the processor's word. Prefer an exporter.
   */
  | { readonly processor: AnySpanProcessor; readonly exporter?: never; readonly sink?: never }
  /** A function, or a sink such as {@link createOtlpSink} makes. */
  | { readonly sink: SendSpans | Sink; readonly exporter?: never; readonly processor?: never };

/** What a bridge is made of, beside its {@link Destination}. */
export interface CommonOptions {
  /** Where notifications come from: one receiver, or several. */
  readonly receiver: Receiver | readonly Receiver[];
  /** How notifications become spans. */
  readonly translate?: TranslatorOptions;
  /** How spans are gathered. With a processor, at most 256 in a batch and one on its way, unless said otherwise. */
  readonly batch?: Partial<BatchOptions>;
  /** Pauses between attempts to send a batch; attempts are not counted. */
  readonly retry?: Pick<RetryOptions, 'initialDelayMs' | 'maxDelayMs' | 'maxRetryAfterMs'>;
  /** Bytes of a message, before and after decompression, beyond which it is rejected. @default 4 MiB */
  readonly maxMessageBytes?: number;
  /** Uses the accelerator: the same spans in less CPU. @default true */
  readonly accelerator?: boolean;
  /** Milliseconds after which an exporter or processor that does not answer counts as failed. @default 30,000 */
  readonly deadlineMs?: number;
  /** Closing shuts the exporter or processor down; `false`: it is flushed, since others use it. @default true */
  readonly shutdown?: boolean;
  /** Pino's loggers fit. @default nothing is logged */
  readonly log?: Log;
  /** Takes the bridge's metrics, `osprofiler_bridge.*`. @default none are kept */
  readonly meterProvider?: MeterProvider;
}

/** What {@link createBridge} takes. */
export type CreateBridgeOptions = CommonOptions & Destination;

/** A notification that can never become a span, or that the backend refused for good. It is dead-lettered by now. */
export interface Rejected {
  readonly reason: RejectReason;
  /** For people; never quotes the body. */
  readonly detail: string;
  /** The message as it came. It may hold secrets. */
  readonly delivery: Delivery;
}

/** The events of a {@link LibraryBridge}, and what their listeners are given. */
export interface BridgeEvents {
  /** The destination answered to a batch. A batch that is sent again is told again. */
  readonly sent: Sent;
  /** A notification was rejected. */
  readonly rejected: Rejected;
}

/** Milliseconds. */
const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_DRAIN_MS = 10_000;
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Makes a bridge; nothing starts before {@link LibraryBridge.run}. Any number of bridges can live in one process.
 *
 * @throws BridgeError CONFIG_INVALID unless there is a receiver and exactly one destination.
 * @example
 * ```ts
 * import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
 * import { createBridge, RecordingReceiver } from 'osprofiler-otel-bridge';
 *
 * await using bridge = createBridge({
 *   receiver: new RecordingReceiver({ files: ['boot.ndjson.gz'] }),
 *   exporter: new OTLPTraceExporter({ url: 'http://localhost:4318/v1/traces' }),
 * });
 * await bridge.run();
 * console.log(`${bridge.counts.spans} spans`);
 * ```
 */
export function createBridge(options: CreateBridgeOptions): LibraryBridge {
  return new LibraryBridge(options);
}

/** A bridge as {@link createBridge} makes it. */
export class LibraryBridge implements AsyncDisposable {
  readonly #bridge: Bridge;
  readonly #log: Log;
  readonly #metrics: BridgeMetrics | undefined;
  readonly #events = new EventEmitter();
  readonly #closing = new AbortController();
  #closed: Promise<boolean> | undefined;

  /** @internal */
  constructor(options: CreateBridgeOptions) {
    const { receiver, translate, batch, retry, maxMessageBytes } = options;
    const { log = SILENT, meterProvider, accelerator = true } = options;
    const receivers = 'run' in receiver ? [receiver] : receiver;
    if (receivers.length === 0) throw invalid('a bridge needs a receiver', 'Hand one in as receiver.');
    this.#log = log;
    const sink = new ObservedSink(sinkOf(options), (sent) => {
      this.#metrics?.record(sent);
      this.#emit('sent', sent);
    });
    const spec = new SpecPipeline({ mapping: translate, maxMessageBytes, encoding: sink.encoding });
    this.#bridge = new Bridge({
      pipeline: accelerator ? accelerate(spec) : spec,
      receivers,
      sink,
      log,
      batch: { ...(options.processor === undefined ? {} : PROCESSOR_BATCH), ...batch },
      ...(translate === undefined ? {} : { assemble: translate }),
      ...(retry === undefined ? {} : { retry }),
      onRejected: (delivery, reason, detail) => this.#emit('rejected', { delivery, reason, detail }),
    });
    this.#metrics = meterProvider && measure(this.#bridge, meterProvider);
  }

  /** What happened to everything that came in; it goes on counting. */
  get counts(): Readonly<Counts> {
    return this.#bridge.counts;
  }

  /** Deliveries that are not acknowledged yet: of open points, and of spans without an outcome. */
  get unacknowledged(): number {
    return this.#bridge.unacknowledged;
  }

  /** Trace points that wait for their other event. */
  get openPoints(): number {
    return this.#bridge.openPoints;
  }

  /**
   * Runs until every receiver has ended, and everything they gave has its outcome: recordings end by themselves, and what
   * then lacks an event becomes an incomplete span; brokers end by {@link close}. Call it once.
   * Rejects with the `BridgeError` of a receiver that cannot go on; close the bridge then, too.
   */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    await this.#bridge.run();
    // What is open when a bridge closes is not incomplete: it returns to the broker.
    if (signal.aborted) return;
    await Promise.race([this.#bridge.finish(), aborted(signal)]);
  }

  /**
   * Takes in nothing more, waits for the spans on their way, and lets go of everything: what is unacknowledged returns to the
   * broker. Further calls wait for the first one.
   * @param drainMs milliseconds to wait for spans on their way. Default 10,000.
   * @returns whether all of them got their outcome in time. The others' notifications are redelivered.
   */
  close(drainMs: number = DEFAULT_DRAIN_MS): Promise<boolean> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Calls the listener at every such event, at once and in order. What it throws is logged. */
  on<Name extends keyof BridgeEvents>(name: Name, listener: (event: BridgeEvents[Name]) => void): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Calls the listener no more. */
  off<Name extends keyof BridgeEvents>(name: Name, listener: (event: BridgeEvents[Name]) => void): this {
    this.#events.off(name, listener);
    return this;
  }

  async #close(drainMs: number): Promise<boolean> {
    this.#closing.abort();
    try {
      return await this.#bridge.drain(drainMs);
    } finally {
      await this.#bridge.close();
      this.#metrics?.stop();
    }
  }

  /** A listener that throws must not hold up the data path. */
  #emit<Name extends keyof BridgeEvents>(name: Name, event: BridgeEvents[Name]): void {
    for (const listener of this.#events.listeners(name)) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ event: name, error: messageOf(error) }, 'a listener failed');
      }
    }
  }
}

function sinkOf(options: CreateBridgeOptions): Sink {
  const { exporter, processor, sink, deadlineMs = DEFAULT_DEADLINE_MS, shutdown = true } = options;
  if ([exporter, processor, sink].filter((each) => each !== undefined).length !== 1)
    throw invalid('a bridge needs one of exporter, processor and sink', 'Hand in exactly one of them.');
  if (exporter !== undefined) return new ExporterSink(exporter, { deadlineMs, shutdown });
  if (processor !== undefined) return new ProcessorSink(processor, deadlineMs, shutdown);
  return typeof sink === 'function' ? new FunctionSink(sink) : sink!;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function invalid(message: string, hint: string): BridgeError {
  return new BridgeError('CONFIG_INVALID', message, hint);
}
