/**
 * How operators watch the sidecar: its HTTP server, its metrics, its page. Names, defaults and meanings of the metrics'
 * settings are those of OpenTelemetry's specification, except that the exporter is Prometheus by default.
 */
import { z } from 'zod';
import { declare } from './definition.js';
import { headers } from './key-values.js';
import { count, duration, list, oneOf, size, text } from './kinds.js';
import { listenAddress } from './listen-address.js';
import { endpoint } from './urls.js';

const { setting, optional } = declare({
  heading: 'Health and metrics',
  commands: ['run', 'shard', 'replay', 'demo'],
});
const onPage = declare({ heading: 'What the page keeps', commands: ['run', 'replay', 'demo'] });

/** The variable of the signal, then the one for all signals. */
function otlp(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_METRICS_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

export const listen = optional({
  kind: listenAddress(),
  defaultText: '127.0.0.1:13133; 127.0.0.1:13134 for shard; none for replay',
  description:
    'Where the HTTP server listens: /livez, /readyz, /metrics and, except for shard, the page. It has no authentication: restrict access to those who may see the traces.',
  example: '0.0.0.0:13133',
});

export const metrics = {
  exporters: setting({
    flag: '--metrics-exporters',
    kind: list(
      'prometheus, otlp or none, separated by commas',
      z
        .string()
        .toLowerCase()
        .pipe(z.enum(['prometheus', 'otlp', 'none'])),
    ),
    default: ['prometheus'],
    otel: ['OTEL_METRICS_EXPORTER'],
    description:
      "Exporters of the sidecar's own metrics: prometheus serves them at /metrics, otlp pushes them, none disables them.",
    example: 'prometheus,otlp',
  }),
  protocol: setting({
    flag: '--metrics-protocol',
    kind: oneOf('http/protobuf', 'http/json', 'grpc'),
    default: 'http/protobuf',
    otel: otlp('PROTOCOL'),
    description: 'The OTLP encoding of metrics, over HTTP; grpc is supported for spans only.',
    example: 'http/json',
  }),
  endpoint: optional({
    flag: '--metrics-endpoint',
    kind: endpoint(),
    defaultText: 'made from the endpoint, with /v1/metrics',
    otel: ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'],
    description:
      'The OTLP endpoint for metrics, used as it is: nothing is appended. Compression and TLS files come from the OTEL_EXPORTER_OTLP_METRICS_ and OTEL_EXPORTER_OTLP_ variables.',
    example: 'http://collector:4318/v1/metrics',
  }),
  headers: setting({
    flag: '--metrics-headers',
    kind: headers(),
    default: {},
    otel: otlp('HEADERS'),
    description: 'Headers of every push of metrics, in the form of --headers.',
    example: 'authorization=Bearer%20abc',
  }),
  serviceName: optional({
    flag: '--metrics-service-name',
    kind: { ...text(), argument: '<name>' },
    defaultText: 'service.name of OTEL_RESOURCE_ATTRIBUTES, otherwise osprofiler-otel-bridge',
    otel: ['OTEL_SERVICE_NAME'],
    description: "The service.name of the sidecar's own metrics; the spans keep the names of their services.",
    example: 'osprofiler-bridge-east',
  }),
  timeoutMs: setting({
    flag: '--metrics-timeout',
    kind: duration({ bare: true }),
    default: 10_000,
    otel: ['OTEL_EXPORTER_OTLP_METRICS_TIMEOUT', 'OTEL_METRIC_EXPORT_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
    description: 'Maximum duration of one push of metrics; at most the interval.',
    example: '5s',
  }),
  intervalMs: setting({
    flag: '--metrics-interval',
    kind: duration({ bare: true, min: 100 }),
    default: 60_000,
    otel: ['OTEL_METRIC_EXPORT_INTERVAL'],
    description: 'Interval between pushes of metrics.',
    example: '15s',
  }),
};

export const page = {
  maxTraces: onPage.setting({
    flag: '--page-traces',
    kind: count(0, 10_000),
    default: 300,
    description: 'Maximum number of recent traces that the page keeps; 0 keeps none.',
    example: '50',
  }),
  maxSpans: onPage.setting({
    flag: '--page-spans',
    kind: count(2, 10_000_000),
    default: 100_000,
    description:
      'Maximum number of spans of all traces that the page keeps; one trace may have half of them.',
    example: '20000',
  }),
  maxBytes: onPage.setting({
    flag: '--page-memory',
    kind: size(64 * 1024, 16 * 1024 ** 3),
    default: 64 * 1024 * 1024,
    description:
      'Approximate memory for the traces that the page keeps; above it the oldest traces are discarded.',
    example: '16MiB',
  }),
};
