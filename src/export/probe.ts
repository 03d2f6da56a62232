/**
 * Whether the backend accepts requests at all: OpenTelemetry's own exporter asks, with the settings of the sink and
 * without spans, which OTLP allows. Where that is accepted, the set-up is right, and a batch that was refused is at
 * fault itself.
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { Outcome } from '../contracts.js';
import { ExporterSink } from './exporter-sink.js';
import type { Tls } from './tls-files.js';
import type { OtlpConnection } from './transport.js';

/** The exporter tries again by itself, for as long as its timeout allows; the bridge does so, too. */
const TIMEOUT_MS = 1_000;

/** Over http/json. */
export async function probeWithExporter(connection: OtlpConnection, tls: Tls): Promise<Outcome> {
  const { url, headers, timeoutMs, compression } = connection;
  const exporter = withoutHeadersOfEnvironment(
    () =>
      new OTLPTraceExporter({
        url,
        headers: { ...headers },
        timeoutMillis: Math.min(TIMEOUT_MS, timeoutMs),
        compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
        httpAgentOptions: { keepAlive: false, ...tls },
      }),
  );
  const sink = new ExporterSink(exporter, { deadlineMs: timeoutMs });
  try {
    return await sink.send([]);
  } finally {
    await sink.close();
  }
}

const HEADER_VARIABLES = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'];

/** The exporter adds the environment's headers to those it is given: credentials would go where nobody sends them. */
function withoutHeadersOfEnvironment<Made>(make: () => Made): Made {
  const { env } = process;
  const hidden = HEADER_VARIABLES.map((name) => [name, env[name]] as const);
  for (const name of HEADER_VARIABLES) delete env[name];
  try {
    return make();
  } finally {
    for (const [name, value] of hidden) if (value !== undefined) env[name] = value;
  }
}
