/**
 * Where spans go. Names, defaults and meanings are those of OpenTelemetry's specification ("OpenTelemetry Protocol
 * Exporter" and "Environment Variable Specification"), except for the default protocol and the smaller batch delay.
 */
import { declare } from './definition.js';
import { headers } from './key-values.js';
import { count, duration, filePath, oneOf, onOff, size } from './kinds.js';
import { endpoint } from './urls.js';

const { setting, optional } = declare({
  heading: 'Where spans go',
  commands: ['run', 'replay', 'demo'],
});

/** The variable of the signal, then the one for all signals. */
function otlp(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

export const exporter = {
  kind: setting({
    flag: '--exporter',
    kind: { ...oneOf('otlp', 'console', 'none'), argument: '<kind>' },
    default: 'otlp',
    otel: ['OTEL_TRACES_EXPORTER'],
    description: 'otlp sends spans to a backend, console prints them to stdout, none discards them.',
    example: 'console',
  }),
  protocol: setting({
    kind: oneOf('http/json', 'http/protobuf', 'grpc'),
    default: 'http/json',
    otel: otlp('PROTOCOL'),
    description: 'The OTLP transport and encoding.',
    example: 'grpc',
  }),
  endpoint: optional({
    kind: endpoint(),
    defaultText: 'http://localhost:4318, for grpc http://localhost:4317',
    otel: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    description: 'The OTLP endpoint for all signals. Over HTTP /v1/traces is appended.',
    example: 'http://collector:4318',
  }),
  tracesEndpoint: optional({
    kind: endpoint(),
    defaultText: 'made from the endpoint',
    otel: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    description: 'The OTLP endpoint for traces, used as it is: nothing is appended.',
    example: 'https://otlp.example.com/custom/traces',
  }),
  insecure: setting({
    kind: onOff(),
    default: false,
    otel: otlp('INSECURE'),
    description: 'Use gRPC without TLS if the endpoint has no scheme (http:// or https://).',
    example: 'true',
  }),
  headers: setting({
    kind: headers(),
    default: {},
    otel: otlp('HEADERS'),
    description:
      'Headers of every export request: name=value pairs separated by commas, percent-encoded; a map in the settings file. A flag is visible in ps: prefer the variable for secrets.',
    example: 'authorization=Bearer%20abc',
  }),
  timeoutMs: setting({
    flag: '--export-timeout',
    kind: duration({ bare: true }),
    default: 10_000,
    otel: otlp('TIMEOUT'),
    description: 'Maximum duration of one export request.',
    example: '30s',
  }),
  compression: setting({
    kind: { ...oneOf('none', 'gzip'), argument: '<kind>' },
    default: 'none',
    otel: otlp('COMPRESSION'),
    description: 'Compression of export requests.',
    example: 'gzip',
  }),
  tls: {
    caFile: optional({
      kind: filePath(),
      defaultText: 'the certificate authorities that Node.js trusts',
      otel: otlp('CERTIFICATE'),
      description: "PEM file with the certificate authorities that verify the backend's certificate.",
      example: '/etc/ssl/collector-ca.pem',
    }),
    certFile: optional({
      flag: '--client-cert-file',
      kind: filePath(),
      otel: otlp('CLIENT_CERTIFICATE'),
      description: "PEM file with the client's certificate.",
      example: '/etc/ssl/bridge.pem',
    }),
    keyFile: optional({
      flag: '--client-key-file',
      kind: filePath(),
      otel: otlp('CLIENT_KEY'),
      description: "PEM file with the client's private key.",
      example: '/etc/ssl/bridge.key',
    }),
  },
  batch: {
    maxSize: setting({
      flag: '--batch-max-size',
      kind: count(1, 100_000),
      default: 512,
      otel: ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
      description: 'Maximum number of spans in one export request.',
      example: '2048',
    }),
    delayMs: setting({
      flag: '--batch-delay',
      kind: duration({ bare: true, min: 0 }),
      default: 200,
      otel: ['OTEL_BSP_SCHEDULE_DELAY'],
      description: 'How long a span waits for others before its batch is exported.',
      example: '1s',
    }),
    maxInFlight: setting({
      flag: '--batch-max-in-flight',
      // OpenTelemetry's exporters refuse more than 30 concurrent exports.
      kind: count(1, 30),
      default: 4,
      description: 'Maximum number of export requests in flight.',
      example: '8',
    }),
    maxBytes: setting({
      flag: '--batch-max-bytes',
      kind: size(64 * 1024, 2 ** 30),
      default: 4 * 2 ** 20,
      description: 'Maximum bytes of the notifications whose spans share one export request.',
      example: '1MiB',
    }),
  },
};
