/** A real Jaeger, v2: OTLP in, its own query API out. */
import { join } from 'node:path';
import type { OtlpTraces } from './otlp-json.js';
import { at, furnish, type OtlpPorts, OtlpServer, ownMetrics } from './otlp-server.js';
import { ask, metricIn } from './server-process.js';

/** A span as `/api/traces` shows it. */
export interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly warnings: readonly string[] | null;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly warnings: readonly string[] | null;
}

interface Ports extends OtlpPorts {
  readonly query: number;
  readonly queryGrpc: number;
}

export interface JaegerOptions {
  /** `badger` keeps on disk, and a Jaeger that is started again has it all. */
  readonly storage?: 'memory' | 'badger';
  /** Of `jaeger_query`, by how much children's times may be moved into their parents'; Jaeger's own default is 0s. */
  readonly maxClockSkewAdjust?: string;
}

const DAY_MS = 86_400_000;

export class Jaeger extends OtlpServer<Ports> {
  static async start(options: JaegerOptions = {}): Promise<Jaeger> {
    const names = ['grpc', 'http', 'query', 'queryGrpc', 'metrics'] as const;
    const home = await furnish('jaeger', names, (ports, directory) =>
      configuration(ports, directory, options),
    );
    const jaeger = new Jaeger(home);
    await jaeger.untilReady();
    return jaeger;
  }

  /** A trace with Jaeger's judgement: warnings, and what it adjusts before it shows it. */
  async trace(traceId: string): Promise<JaegerTrace | undefined> {
    return (await this.api<JaegerTrace[]>(`traces/${traceId}`))?.[0];
  }

  /** A trace as it is stored: nothing adjusted, no duplicates left out. */
  async stored(traceId: string): Promise<OtlpTraces> {
    const url = `${this.queryUrl}/api/v3/traces/${traceId}`;
    const { result } = (await ask<{ result: OtlpTraces }>(url, { raw_traces: 'true' })) ?? { result: {} };
    return result;
  }

  async services(): Promise<string[]> {
    return [...((await this.api<string[]>('services')) ?? [])].sort();
  }

  /** Names of a service's spans. */
  async operations(service: string): Promise<string[]> {
    const name = encodeURIComponent(service);
    return [...((await this.api<string[]>(`services/${name}/operations`)) ?? [])].sort();
  }

  /** Traces of the last three days with a span of this service that has these tags. @returns their ids. */
  async search(service: string, tags: Readonly<Record<string, string>>, now = Date.now()): Promise<string[]> {
    const [start, end] = [now - 3 * DAY_MS, now + DAY_MS].map((ms) => String(ms * 1_000));
    const query = { service, tags: JSON.stringify(tags), start: start!, end: end!, limit: '10' };
    return ((await this.api<JaegerTrace[]>('traces', query)) ?? []).map(({ traceID }) => traceID);
  }

  /** `parent → child` of all services that called others, sorted. */
  async dependencies(now = Date.now()): Promise<string[]> {
    const links = await this.api<{ parent: string; child: string }[]>('dependencies', {
      endTs: String(now + DAY_MS),
      lookback: String(4 * DAY_MS),
    });
    return (links ?? [])
      .filter(({ parent, child }) => parent !== child)
      .map(({ parent, child }) => `${parent} → ${child}`)
      .sort();
  }

  /** Spans that its receivers say they took, or refused, since it was started. */
  async received(what: 'accepted' | 'refused'): Promise<number> {
    return metricIn(await this.metrics(), `otelcol_receiver_${what}_spans`);
  }

  /** Resolves when it shows a trace with so many spans, duplicates left out; with that trace. */
  untilTrace(traceId: string, spans: number): Promise<JaegerTrace> {
    return this.process.until(`shows ${spans} spans`, async () => {
      const trace = await this.trace(traceId);
      return trace !== undefined && trace.spans.length >= spans ? trace : undefined;
    });
  }

  protected override async untilReady(): Promise<void> {
    await super.untilReady();
    await this.process.until('answers', () => this.api('services').then((data) => data !== undefined));
  }

  private async api<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T | undefined> {
    return (await ask<{ data: T }>(`${this.queryUrl}/api/${path}`, query))?.data;
  }

  private get queryUrl(): string {
    return `http://127.0.0.1:${this.home.ports.query}`;
  }
}

/** No batch processor: Jaeger then answers when the spans are stored, not before. */
function configuration(ports: Ports, directory: string, options: JaegerOptions): object {
  const { storage = 'memory', maxClockSkewAdjust = '0s' } = options;
  const store =
    storage === 'memory'
      ? { memory: { max_traces: 1_000 } }
      : {
          badger: {
            directories: { keys: join(directory, 'keys'), values: join(directory, 'values') },
            ephemeral: false,
          },
        };
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: ownMetrics(ports),
    },
    extensions: {
      jaeger_query: {
        storage: { traces: 'store' },
        max_clock_skew_adjust: maxClockSkewAdjust,
        http: at(ports.query),
        grpc: at(ports.queryGrpc),
      },
      jaeger_storage: { backends: { store } },
    },
    receivers: { otlp: { protocols: { grpc: at(ports.grpc), http: at(ports.http) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'store' } },
  };
}
