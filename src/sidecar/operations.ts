/**
 * What operators have of a bridge beside its spans: health, metrics, a line a minute, over one HTTP server. Everything
 * here looks on; the data path works the same without it.
 */
import type { MeterProvider } from '@opentelemetry/api';
import type { Hono } from 'hono';
import type { Bridge } from '../bridge.js';
import type { Log, Receiver, Sink } from '../contracts.js';
import { endMicrosOf } from '../encoded-span.js';
import { ObservedSink, type Sent } from '../export/observed-sink.js';
import type { ListenAddress } from '../settings/listen-address.js';
import { hideValues } from '../settings/redact.js';
import type { Settings } from '../settings/settings.js';
import { LagMeter } from './lag.js';
import {
  type BridgeFigures,
  ExportInstruments,
  observeSources,
  type ShardingFigures,
} from './metrics/instruments.js';
import { createPipeline, type MetricsPipeline } from './metrics/pipeline.js';
import { ProgressLog } from './progress-log.js';
import { judgeReadiness, type Readiness } from './readiness.js';
import { createServer, type RunningServer } from './server.js';
import { type WatchedReceiver, watchReceiver } from './watched-receiver.js';

/** What is read of a bridge. */
export type WatchedBridge = BridgeFigures & Pick<Bridge, 'openSpans' | 'health'>;

export interface Watched {
  readonly bridge: WatchedBridge;
  readonly receivers: readonly Receiver[];
}

export interface WatchedSharding {
  readonly figures: () => ShardingFigures;
  /** Why shards cannot be written to now. */
  readonly refusals: () => readonly string[];
  readonly receivers: readonly Receiver[];
}

/** What is watched. */
export interface PageSources {
  readonly bridge: WatchedBridge;
  readonly receivers: readonly WatchedReceiver[];
  readonly readiness: () => Readiness;
}

/** What a page for people may show, and how text that quotes others is made fit for it. */
export interface PageMount extends PageSources {
  readonly hide: (text: string) => string;
}

export interface ListenOptions {
  readonly listen: ListenAddress;
  /** Makes what `/` and the paths below it show. */
  readonly page?: ((sources: PageMount) => Hono) | undefined;
}

export class Operations {
  readonly #lag = new LagMeter();
  #instruments: ExportInstruments | undefined;
  #sink: ObservedSink | undefined;
  #readiness: (() => Readiness) | undefined;
  #sources: PageSources | undefined;
  #isStopping = false;
  #progress: ProgressLog | undefined;
  #server: RunningServer | undefined;

  private constructor(
    private readonly settings: Settings,
    private readonly log: Log,
    private readonly pipeline: MetricsPipeline,
  ) {}

  static async create(settings: Settings, log: Log): Promise<Operations> {
    const pipeline = await createPipeline(settings.metrics, settings.metrics.resourceAttributes);
    return new Operations(settings, log, pipeline);
  }

  /** For the exporters' own metrics. */
  get meterProvider(): MeterProvider | undefined {
    return this.pipeline.meterProvider;
  }

  /** Where the HTTP server can be reached; undefined without one. */
  get url(): string | undefined {
    return this.#server?.url;
  }

  /**
   * The same sink, watched.
   * @param onSent told of every answer of the backend too, such as a list of recent traces; must not throw
   */
  watchSink(sink: Sink, onSent: (sent: Sent) => void = () => {}): Sink {
    this.#instruments = new ExportInstruments(this.pipeline.meter);
    this.#sink = new ObservedSink(sink, (sent) => {
      this.#observe(sent);
      onSent(sent);
    });
    return this.#sink;
  }

  /** From now on metrics and health are those of this bridge; once, before it runs. */
  watchBridge({ bridge, receivers }: Watched): void {
    const readiness = () =>
      judgeReadiness({ receivers, backendFailure: bridge.health.failure, isStopping: this.#isStopping });
    this.#readiness = readiness;
    this.#sources = { bridge, receivers: receivers.map(watchReceiver), readiness };
    observeSources(this.pipeline.meter, { ...this.#sources, inFlight: () => this.#sink?.inFlight ?? 0 });
  }

  /** From now on metrics and health are those of what fills shards; once, before it runs. There is no page for it. */
  watchSharding({ figures, refusals, receivers }: WatchedSharding): void {
    const readiness = () =>
      judgeReadiness({
        ...{ receivers, backendFailure: undefined, isStopping: this.#isStopping },
        shardsRefusals: refusals(),
      });
    this.#readiness = readiness;
    const watched = receivers.map(watchReceiver);
    observeSources(this.pipeline.meter, {
      ...{ sharding: figures, receivers: watched, readiness },
      inFlight: () => 0,
    });
  }

  /** Logs a line a minute. */
  logProgress(): void {
    this.#progress = new ProgressLog({ ...this.#watched, lag: this.#lag, log: this.log });
  }

  /** Answers over HTTP. @throws BridgeError `LISTEN_FAILED` */
  async listen({ listen, page }: ListenOptions): Promise<void> {
    const { scrape } = this.pipeline;
    const readiness = this.#readiness;
    if (readiness === undefined) throw new Error('watching comes first');
    // A backend's own words in a reason might repeat what it was sent.
    const hide = hideValues(secretsOf(this.settings));
    this.#server = await createServer({
      listen,
      readiness,
      ...(scrape === undefined ? {} : { metrics: scrape }),
      ...(page === undefined ? {} : { page: page({ ...this.#watched, hide }) }),
      hide,
      log: this.log,
    });
    this.log.info({ url: this.#server.url }, 'HTTP server listening');
  }

  /** The bridge was told to stop: who sends work elsewhere by readiness does so from now on. */
  announceStop(): void {
    this.#isStopping = true;
  }

  /** Pushes the last metrics, and answers no more. Never rejects. */
  async close(): Promise<void> {
    this.#progress?.stop();
    await this.pipeline.close();
    await this.#server?.close();
  }

  get #watched(): PageSources {
    if (this.#sources === undefined) throw new Error('watchBridge comes first');
    return this.#sources;
  }

  #observe(sent: Sent): void {
    this.#instruments?.record(sent);
    if (sent.outcome.kind !== 'accepted') return;
    const now = Date.now() / 1000;
    for (const span of sent.spans) {
      // Clocks of other machines may be ahead.
      const seconds = Math.max(0, now - endMicrosOf(span) / 1e6);
      this.#lag.add(seconds);
      this.#instruments?.recordLag(seconds);
    }
  }
}

function secretsOf({ exporter, metrics }: Settings): string[] {
  return [exporter.headers, metrics.headers].flatMap((headers) => Object.values(headers));
}
