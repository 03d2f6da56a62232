/** A real OpenTelemetry Collector: OTLP in; what came out into files, span metrics beside it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OtlpTraces } from './otlp-json.js';
import { at, furnish, type OtlpPorts, OtlpServer, ownMetrics } from './otlp-server.js';
import { metricIn } from './server-process.js';

export interface Books {
  readonly accepted: number;
  readonly refused: number;
  readonly written: number;
  readonly failed: number;
}

/** What `calls` of the span metrics connector counts of a service, a span name, a kind and a status. */
export interface Calls {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly count: number;
}

export interface CollectorOptions {
  /** `max_request_body_size` over HTTP and `max_recv_msg_size_mib` over gRPC, in MiB; the Collector's own when absent. */
  readonly maxRequestMib?: number;
}

export class Collector extends OtlpServer {
  static async start(options: CollectorOptions = {}): Promise<Collector> {
    const home = await furnish('collector', ['grpc', 'http', 'metrics'], (ports, directory) =>
      configuration(ports, directory, options),
    );
    const collector = new Collector(home);
    await collector.untilReady();
    return collector;
  }

  /** What it says of itself: spans that its receiver took or refused, that were written or could not be. */
  async books(): Promise<Books> {
    const text = await this.metrics();
    const spans = (what: string, ...labels: readonly string[]): number =>
      metricIn(text, `otelcol_${what}_spans`, ...labels);
    return {
      accepted: spans('receiver_accepted'),
      refused: spans('receiver_refused'),
      written: spans('exporter_sent', 'exporter="file/traces"'),
      failed: spans('receiver_failed') + spans('exporter_send_failed'),
    };
  }

  /** What the file exporter wrote so far. The Collector has it all on disk when it has ended. */
  traces(): Promise<OtlpTraces[]> {
    return this.read<OtlpTraces>('traces.json');
  }

  /** Resolves when the span metrics connector has counted so many spans; with its counts. */
  untilCalls(spans: number): Promise<Calls[]> {
    return this.process.until(`counts ${spans} calls`, async () => {
      const calls = await this.calls().catch(() => []);
      return calls.reduce((sum, { count }) => sum + count, 0) === spans && calls;
    });
  }

  private async calls(): Promise<Calls[]> {
    const last = new Map<string, Calls>();
    for (const point of (await this.read<OtlpMetrics>('metrics.json')).flatMap(pointsOf)) {
      const { service, name, kind, status } = point;
      last.set(JSON.stringify([service, name, kind, status]), point);
    }
    return [...last.values()];
  }

  private async read<T>(file: string): Promise<T[]> {
    const text = await readFile(join(this.home.directory, file), 'utf8');
    // What follows the last line's end is a line that is being written.
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as T);
  }
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OtlpMetrics {
  readonly resourceMetrics?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeMetrics?: readonly {
      readonly metrics?: readonly {
        readonly name: string;
        readonly sum?: {
          readonly dataPoints?: readonly { asInt?: string; attributes?: readonly Attribute[] }[];
        };
      }[];
    }[];
  }[];
}

function pointsOf({ resourceMetrics = [] }: OtlpMetrics): Calls[] {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics = [] }) =>
    scopeMetrics.flatMap(({ metrics: some = [] }) => some),
  );
  const points = metrics
    .filter(({ name }) => name.endsWith('calls'))
    .flatMap(({ sum }) => sum?.dataPoints ?? []);
  return points.map(({ asInt = '0', attributes = [] }) => {
    const text = (key: string): string => attributes.find((one) => one.key === key)?.value.stringValue ?? '';
    const [service, name, kind, status] = ['service.name', 'span.name', 'span.kind', 'status.code'].map(text);
    return { service: service!, name: name!, kind: kind!, status: status!, count: Number(asInt) };
  });
}

function configuration(ports: OtlpPorts, directory: string, { maxRequestMib }: CollectorOptions): object {
  const httpLimit = maxRequestMib && { max_request_body_size: maxRequestMib * 1024 * 1024 };
  const grpcLimit = maxRequestMib && { max_recv_msg_size_mib: maxRequestMib };
  return {
    receivers: {
      otlp: {
        protocols: {
          grpc: { ...at(ports.grpc), ...(grpcLimit || {}) },
          http: { ...at(ports.http), ...(httpLimit || {}) },
        },
      },
    },
    exporters: {
      debug: { verbosity: 'basic' },
      // Appending, so that a Collector that is started again goes on where it was.
      'file/traces': { path: join(directory, 'traces.json'), append: true },
      'file/metrics': { path: join(directory, 'metrics.json'), append: true },
    },
    connectors: {
      // More names than a boot has: past the limit, calls are counted under a name of the connector's.
      spanmetrics: { metrics_flush_interval: '1s', aggregation_cardinality_limit: 0 },
    },
    service: {
      pipelines: {
        traces: { receivers: ['otlp'], exporters: ['debug', 'file/traces', 'spanmetrics'] },
        metrics: { receivers: ['spanmetrics'], exporters: ['file/metrics'] },
      },
      telemetry: ownMetrics(ports),
    },
  };
}
