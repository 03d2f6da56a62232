/** A real Tempo, as one process with local storage: OTLP in; traces, search and the service graph out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeptSpan, OtlpAttribute, OtlpSpan } from './otlp-json.js';
import type { Protocol } from './recordings.js';
import { RemoteWrite } from './remote-write.js';
import { ask, askText, executable, freePorts, metricIn, ServerProcess } from './server-process.js';

interface Ports {
  readonly grpc: number;
  readonly http: number;
  readonly api: number;
  readonly internal: number;
  readonly gossip: number;
}

/** As `/api/traces` has it: OTLP of 2022, ids in base64, enumerations by name. */
interface TempoTrace {
  readonly batches?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly instrumentationLibrarySpans?: readonly {
      readonly instrumentationLibrary?: object;
      readonly spans?: readonly TempoSpan[];
    }[];
  }[];
}

interface TempoSpan extends Omit<OtlpSpan, 'kind' | 'status'> {
  readonly kind?: string;
  readonly status?: { readonly code?: string; readonly message?: string };
}

const KINDS = ['', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT'];
const STATUSES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

export class Tempo {
  private constructor(
    private readonly directory: string,
    private readonly ports: Ports,
    private readonly process: ServerProcess,
    private readonly metrics: RemoteWrite,
  ) {}

  static async start(): Promise<Tempo> {
    const directory = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-tempo-'));
    const [grpc = 0, http = 0, api = 0, internal = 0, gossip = 0] = await freePorts(5);
    const ports = { grpc, http, api, internal, gossip };
    const metrics = await RemoteWrite.start();
    const file = join(directory, 'config.yaml');
    await writeFile(file, configuration(ports, directory, metrics.url));
    const process = new ServerProcess(executable('OSPROFILER_BRIDGE_TEST_TEMPO'), [`-config.file=${file}`]);
    const tempo = new Tempo(directory, ports, process, metrics);
    await process.until('is ready', async () => {
      const answer = await fetch(`${tempo.apiUrl}/ready`).catch(() => undefined);
      return answer?.ok;
    });
    return tempo;
  }

  /** Where the bridge sends to. */
  url(protocol: Exclude<Protocol, 'http/json'>): string {
    return `http://127.0.0.1:${protocol === 'grpc' ? this.ports.grpc : this.ports.http}`;
  }

  /** The spans of a trace, as `/api/traces/<id>` shows them. */
  async trace(traceId: string): Promise<KeptSpan[]> {
    const { batches = [] } = (await ask<TempoTrace>(`${this.apiUrl}/api/traces/${traceId}`)) ?? {};
    return batches.flatMap(({ resource, instrumentationLibrarySpans = [] }) =>
      instrumentationLibrarySpans.flatMap(({ instrumentationLibrary = {}, spans = [] }) =>
        spans.map((span) => ({
          span: toOtlp(span),
          scope: instrumentationLibrary,
          resource: resource?.attributes ?? [],
        })),
      ),
    );
  }

  /** Ids of the traces with this tag. */
  async search(tag: string, value: string): Promise<string[]> {
    const found = await ask<{ traces?: readonly { traceID: string }[] }>(`${this.apiUrl}/api/search`, {
      tags: `${tag}=${value}`,
    });
    return (found?.traces ?? []).map(({ traceID }) => traceID);
  }

  /** Spans that came in, duplicates and all. */
  async received(): Promise<number> {
    const text = (await askText(`${this.apiUrl}/metrics`)) ?? '';
    return metricIn(text, 'tempo_distributor_spans_received');
  }

  /** `client → server` of its service graph so far, sorted. */
  edges(): string[] {
    const series = this.metrics.series('traces_service_graph_request_total');
    return series.map(({ labels }) => `${labels['client']} → ${labels['server']}`).sort();
  }

  /** Resolves when a trace has so many spans, duplicates left out. */
  async untilTrace(traceId: string, spans: number): Promise<void> {
    await this.process.until(`shows ${spans} spans`, async () => (await this.trace(traceId)).length >= spans);
  }

  /** Resolves when the service graph has these edges. */
  async untilEdges(wanted: readonly string[]): Promise<void> {
    await this.process.until(`draws ${wanted.join(', ')}`, () => {
      const edges = this.edges();
      return wanted.every((edge) => edges.includes(edge));
    });
  }

  /** Ends it, and removes what it kept. */
  async remove(): Promise<void> {
    await this.process.end('SIGKILL');
    await this.metrics.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  private get apiUrl(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }
}

function toOtlp({
  traceId,
  spanId,
  parentSpanId = '',
  kind = '',
  status = {},
  ...rest
}: TempoSpan): OtlpSpan {
  return {
    ...rest,
    traceId: toHex(traceId),
    spanId: toHex(spanId),
    parentSpanId: toHex(parentSpanId),
    kind: Math.max(0, KINDS.indexOf(kind)),
    status: { ...status, code: Math.max(0, STATUSES.indexOf(status.code ?? '')) },
  };
}

function toHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

/** JSON is YAML. */
function configuration(ports: Ports, directory: string, remoteWrite: string): string {
  const at = (port: number): { endpoint: string } => ({ endpoint: `127.0.0.1:${port}` });
  const alone = { kvstore: { store: 'inmemory' }, instance_addr: '127.0.0.1' };
  return JSON.stringify({
    search_enabled: true,
    metrics_generator_enabled: true,
    usage_report: { reporting_enabled: false },
    server: {
      http_listen_address: '127.0.0.1',
      http_listen_port: ports.api,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: ports.internal,
    },
    memberlist: { bind_addr: ['127.0.0.1'], bind_port: ports.gossip },
    distributor: {
      receivers: { otlp: { protocols: { grpc: at(ports.grpc), http: at(ports.http) } } },
      ring: alone,
    },
    ingester: {
      lifecycler: {
        address: '127.0.0.1',
        min_ready_duration: '0s',
        final_sleep: '0s',
        ring: { kvstore: { store: 'inmemory' }, replication_factor: 1 },
      },
    },
    metrics_generator: {
      ring: alone,
      registry: { collection_interval: '1s' },
      storage: { path: join(directory, 'generator'), remote_write: [{ url: remoteWrite }] },
    },
    storage: {
      trace: {
        backend: 'local',
        wal: { path: join(directory, 'wal') },
        local: { path: join(directory, 'blocks') },
      },
    },
    querier: { frontend_worker: { frontend_address: `127.0.0.1:${ports.internal}` } },
    compactor: { ring: alone },
    overrides: { metrics_generator_processors: ['service-graphs'] },
  });
}
