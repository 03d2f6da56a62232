/**
 * Where spans go. Names, defaults and meanings are those of OpenTelemetry's specification ("OpenTelemetry Protocol
 * Exporter" and "Environment Variable Specification"), but for the default protocol and the batch's smaller delay.
 */
import { optional, setting } from './definition.js';
import { headers } from './key-values.js';
import { count, duration, filePath, oneOf, onOff, size } from './kinds.js';
import { endpoint } from './urls.js';

const EXPORTING = ['run', 'replay', 'demo'] as const;

/** The variable of the signal, then the one for all signals. */
function otlp(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

const where = {
  exporterKind: setting({
    key: 'exporter.kind',
    flag: '--exporter',
    argument: '<kind>',
    kind: oneOf('otlp', 'console', 'none'),
    default: 'otlp',
    otel: ['OTEL_TRACES_EXPORTER'],
    commands: EXPORTING,
    description: 'otlp sends spans to a backend, console writes them to stdout, none drops them.',
    example: 'console',
  }),
  protocol: setting({
    key: 'exporter.protocol',
    flag: '--protocol',
    argument: '<protocol>',
    kind: oneOf('http/json', 'http/protobuf', 'grpc'),
    default: 'http/json',
    otel: otlp('PROTOCOL'),
    commands: EXPORTING,
    description: 'How OTLP is spoken.',
    example: 'grpc',
  }),
  endpoint: optional({
    key: 'exporter.endpoint',
    flag: '--endpoint',
    argument: '<url>',
    kind: endpoint(),
    defaultText: 'http://localhost:4318, for grpc http://localhost:4317',
    otel: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    commands: EXPORTING,
    description: 'The OTLP backend. /v1/traces is added for HTTP.',
    example: 'http://collector:4318',
  }),
  tracesEndpoint: optional({
    key: 'exporter.tracesEndpoint',
    flag: '--traces-endpoint',
    argument: '<url>',
    kind: endpoint(),
    defaultText: 'made from the endpoint',
    otel: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    commands: EXPORTING,
    description: 'The OTLP backend for traces, taken as it is: nothing is added.',
    example: 'https://otlp.example.com/custom/traces',
  }),
  insecure: setting({
    key: 'exporter.insecure',
    flag: '--insecure',
    argument: '',
    kind: onOff(),
    default: false,
    otel: otlp('INSECURE'),
    commands: EXPORTING,
    description: 'Speak gRPC without TLS to an endpoint that is written without http:// or https://.',
    example: 'true',
  }),
};

const how = {
  headers: setting({
    key: 'exporter.headers',
    flag: '--headers',
    argument: '<pairs>',
    kind: headers(),
    default: {},
    otel: otlp('HEADERS'),
    commands: EXPORTING,
    description:
      'Headers of every export, name=value pairs separated by commas, percent-encoded; a map in the settings file. A flag shows in ps: prefer the variable for secrets.',
    example: 'authorization=Bearer%20abc',
  }),
  timeout: setting({
    key: 'exporter.timeout',
    flag: '--export-timeout',
    argument: '<duration>',
    kind: duration({ bare: true }),
    default: 10_000,
    otel: otlp('TIMEOUT'),
    commands: EXPORTING,
    description: 'How long one export may take.',
    example: '30s',
  }),
  compression: setting({
    key: 'exporter.compression',
    flag: '--compression',
    argument: '<kind>',
    kind: oneOf('none', 'gzip'),
    default: 'none',
    otel: otlp('COMPRESSION'),
    commands: EXPORTING,
    description: 'How exports are compressed.',
    example: 'gzip',
  }),
  caFile: optional({
    key: 'exporter.tls.caFile',
    flag: '--ca-file',
    argument: '<file>',
    kind: filePath(),
    defaultText: 'the authorities that Node.js trusts',
    otel: otlp('CERTIFICATE'),
    commands: EXPORTING,
    description: "PEM file with the authorities that the backend's certificate is checked against.",
    example: '/etc/ssl/collector-ca.pem',
  }),
  certFile: optional({
    key: 'exporter.tls.certFile',
    flag: '--client-cert-file',
    argument: '<file>',
    kind: filePath(),
    otel: otlp('CLIENT_CERTIFICATE'),
    commands: EXPORTING,
    description: "PEM file with this client's certificate.",
    example: '/etc/ssl/bridge.pem',
  }),
  keyFile: optional({
    key: 'exporter.tls.keyFile',
    flag: '--client-key-file',
    argument: '<file>',
    kind: filePath(),
    otel: otlp('CLIENT_KEY'),
    commands: EXPORTING,
    description: "PEM file with this client's private key.",
    example: '/etc/ssl/bridge.key',
  }),
};

const batch = {
  batchMaxSize: setting({
    key: 'exporter.batch.maxSize',
    flag: '--batch-max-size',
    argument: '<count>',
    kind: count(1, 100_000),
    default: 512,
    otel: ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
    commands: EXPORTING,
    description: 'The most spans in one export.',
    example: '2048',
  }),
  batchDelay: setting({
    key: 'exporter.batch.delay',
    flag: '--batch-delay',
    argument: '<duration>',
    kind: duration({ bare: true, min: 0 }),
    default: 200,
    otel: ['OTEL_BSP_SCHEDULE_DELAY'],
    commands: EXPORTING,
    description: 'How long spans wait for others to go with them.',
    example: '1s',
  }),
  batchMaxInFlight: setting({
    key: 'exporter.batch.maxInFlight',
    flag: '--batch-max-in-flight',
    argument: '<count>',
    // OpenTelemetry's exporters fail at once above 30 concurrent exports.
    kind: count(1, 30),
    default: 4,
    commands: EXPORTING,
    description: 'The most exports on their way at once.',
    example: '8',
  }),
  batchMaxBytes: setting({
    key: 'exporter.batch.maxBytes',
    flag: '--batch-max-bytes',
    argument: '<size>',
    kind: size(64 * 1024, 2 ** 30),
    default: 4 * 2 ** 20,
    commands: EXPORTING,
    description: 'The most bytes of notifications whose spans go into one export.',
    example: '1MiB',
  }),
};

export const EXPORTER = { ...where, ...how, ...batch };
