/**
 * What operators watch the sidecar by: its HTTP server and its own metrics. Names, defaults and meanings of the latter
 * are those of OpenTelemetry's specification, but for the exporter, which is Prometheus unless another is named.
 */
import { z } from 'zod';
import { optional, setting } from './definition.js';
import { headers } from './key-values.js';
import { duration, type Kind, list, oneOf } from './kinds.js';
import { formatListen, type ListenAddress, parseListen } from './listen-address.js';
import { endpoint } from './urls.js';

const WATCHED = ['run', 'shard', 'replay', 'demo'] as const;

const LISTEN_FORM = 'host:port, [::1]:port, :port for every address of the machine, or none';

/** Where the HTTP server listens; `none`: there is no server. */
function listenAddress(): Kind<ListenAddress | 'none'> {
  const schema = z.string().transform((text, context): ListenAddress | 'none' => {
    if (text.trim() === 'none') return 'none';
    const address = parseListen(text);
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: `expected ${LISTEN_FORM}` });
    return z.NEVER;
  });
  return {
    expected: LISTEN_FORM,
    schema,
    show: (value) => (value === 'none' ? value : formatListen(value)),
  };
}

/** The variable of the signal, then the one for all signals. */
function otlp(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_METRICS_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

export const OPERATIONS = {
  listen: optional({
    key: 'listen',
    flag: '--listen',
    argument: '<address>',
    kind: listenAddress(),
    defaultText: '127.0.0.1:13133; 127.0.0.1:13134 for shard; none for replay',
    commands: WATCHED,
    description:
      'Where the HTTP server listens: /livez, /readyz, /metrics and, except for shard, the page. It has no password: let only those reach it who may see the traces.',
    example: '0.0.0.0:13133',
  }),
  metricsExporters: setting({
    key: 'metrics.exporters',
    flag: '--metrics-exporters',
    argument: '<names>',
    kind: list('prometheus, otlp or none, separated by commas', z.enum(['prometheus', 'otlp', 'none'])),
    default: ['prometheus'],
    otel: ['OTEL_METRICS_EXPORTER'],
    commands: WATCHED,
    description:
      "Where the sidecar's own metrics go: prometheus serves them at /metrics, otlp pushes them, none keeps none.",
    example: 'prometheus,otlp',
  }),
  metricsProtocol: setting({
    key: 'metrics.protocol',
    flag: '--metrics-protocol',
    argument: '<protocol>',
    kind: oneOf('http/protobuf', 'http/json', 'grpc'),
    default: 'http/protobuf',
    otel: otlp('PROTOCOL'),
    commands: WATCHED,
    description: 'How OTLP is spoken for metrics; grpc is for spans only.',
    example: 'http/json',
  }),
  metricsEndpoint: optional({
    key: 'metrics.endpoint',
    flag: '--metrics-endpoint',
    argument: '<url>',
    kind: endpoint(),
    defaultText: 'made from the endpoint, with /v1/metrics',
    otel: ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'],
    commands: WATCHED,
    description:
      'Where metrics are pushed to, taken as it is: nothing is added. Its compression and TLS files are those of the OTEL_EXPORTER_OTLP_METRICS_ and OTEL_EXPORTER_OTLP_ variables.',
    example: 'http://collector:4318/v1/metrics',
  }),
  metricsHeaders: setting({
    key: 'metrics.headers',
    flag: '--metrics-headers',
    argument: '<pairs>',
    kind: headers(),
    default: {},
    otel: otlp('HEADERS'),
    commands: WATCHED,
    description: 'Headers of every push of metrics, as --headers has them.',
    example: 'authorization=Bearer%20abc',
  }),
  metricsTimeout: setting({
    key: 'metrics.timeout',
    flag: '--metrics-timeout',
    argument: '<duration>',
    kind: duration({ bare: true }),
    default: 10_000,
    otel: otlp('TIMEOUT'),
    commands: WATCHED,
    description: 'How long one push of metrics may take; at most the interval.',
    example: '5s',
  }),
  metricsInterval: setting({
    key: 'metrics.interval',
    flag: '--metrics-interval',
    argument: '<duration>',
    kind: duration({ bare: true, min: 100 }),
    default: 60_000,
    otel: ['OTEL_METRIC_EXPORT_INTERVAL'],
    commands: WATCHED,
    description: 'How often metrics are pushed.',
    example: '15s',
  }),
};
