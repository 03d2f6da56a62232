/** The OTLP exporters of OpenTelemetry JS as sinks that know what the backend really answered. */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { MeterProvider } from '@opentelemetry/api';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Sink } from '../contracts.js';
import type { EncodedSpan, SpanEncoding } from '../encoded-span.js';
import { BridgeError, messageOf } from '../errors.js';
import { type Exchange, observe } from './exchange.js';
import { ExporterSink, type ExportResult, type Judge } from './exporter-sink.js';
import { judgeGrpcFailure } from './grpc-outcome.js';
import { JSON_ENCODING } from './json-encoding.js';
import { type Lane, Lanes } from './lanes.js';
import { judgeFailure, judgeSuccess, type ReadResponse, type TraceResponse } from './outcome.js';
import { PROTOBUF_ENCODING } from './protobuf-encoding.js';

/** Where spans go over OTLP, and how. */
export interface OtlpOptions {
  readonly protocol: 'http/json' | 'http/protobuf' | 'grpc';
  /** Over HTTP with its path (`/v1/traces`); for gRPC scheme, host and port. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for one export, the exporter's own retries included. */
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Paths of PEM files. */
  readonly tls: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** For the exporter's metrics of itself, `otel.sdk.exporter.*`. Absent: it keeps none. */
  readonly meterProvider?: MeterProvider | undefined;
}

/** Takes spans in one of OTLP's encodings. */
export type OtlpSink = Sink<EncodedSpan> & { readonly encoding: SpanEncoding };

/** What the exporter is given beyond its own timeout before the export counts as hanging. */
const GRACE_MS = 5_000;
const SUCCESS = 0;

export interface Tls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws BridgeError CONFIG_UNREADABLE when a certificate or key file cannot be read. */
export function createOtlpSink(options: OtlpOptions): Promise<OtlpSink> {
  const tls = readTls(options.tls);
  return options.protocol === 'grpc' ? grpcSink(options, tls) : httpSink(options, tls);
}

async function httpSink(options: OtlpOptions, tls: Tls): Promise<OtlpSink> {
  const encoding = options.protocol === 'http/json' ? JSON_ENCODING : PROTOBUF_ENCODING;
  const { OTLPTraceExporter } = await import('./http-exporter.js');
  return new Lanes(encoding, (): Lane => {
    const agent = options.url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, ...tls })
      : new HttpAgent({ keepAlive: true });
    const exporter = new OTLPTraceExporter(encoding, {
      url: options.url,
      headers: { ...options.headers },
      ...sharedOptions(options),
      httpAgentOptions: () => agent,
    });
    const sink = new ExporterSink(exporter, {
      deadlineMs: options.timeoutMs + GRACE_MS,
      judge: httpJudge(agent),
      abandon: () => {
        lane.isStuck = true;
        // Its sockets end, which makes the exporter call back.
        agent.destroy();
      },
    });
    const lane = { sink, isStuck: false };
    return lane;
  });
}

/** @param agent that of all requests that `send` leads to, and meanwhile of no others. */
function httpJudge(agent: HttpAgent): Judge {
  return async (send) => {
    const exchange: Exchange = {};
    observe(agent, exchange);
    const { code, error } = await send();
    return code === SUCCESS
      ? judgeSuccess(exchange, responseReader(exchange))
      : judgeFailure(exchange, error, Date.now());
  };
}

/** A backend answers in the format of the request or in the other; its content type says which. */
function responseReader({ contentType = '' }: Exchange): ReadResponse {
  return contentType.includes('protobuf') ? readProtobuf : readJson;
}

const readProtobuf: ReadResponse = (body) =>
  ProtobufTraceSerializer.deserializeResponse(body) as TraceResponse;

const readJson: ReadResponse = (body) => {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError('not an object');
  return value;
};

async function grpcSink(options: OtlpOptions, tls: Tls): Promise<OtlpSink> {
  const { OTLPTraceExporter } = await import('./grpc-exporter.js');
  const { credentials, Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.headers)) metadata.set(key, value);
  const isPlain = !options.url.startsWith('https:');
  const exporter = new OTLPTraceExporter({
    url: options.url,
    metadata,
    credentials: isPlain
      ? credentials.createInsecure()
      : credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null),
    ...sharedOptions(options),
  });
  return new ExporterSink(exporter, {
    encoding: PROTOBUF_ENCODING,
    deadlineMs: options.timeoutMs + GRACE_MS,
    judge: grpcJudge,
  }) as OtlpSink;
}

const grpcJudge: Judge = async (send) => {
  const { code, error }: ExportResult = await send();
  return code === SUCCESS ? { kind: 'accepted' } : judgeGrpcFailure(error);
};

/** What the exporters of all protocols are told alike. */
function sharedOptions({ timeoutMs, compression, meterProvider }: OtlpOptions) {
  return {
    timeoutMillis: timeoutMs,
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    ...(meterProvider === undefined ? {} : { selfObsMeterProvider: meterProvider }),
  } satisfies ConstructorParameters<typeof OTLPTraceExporter>[0];
}

/** Reads the PEM files. @throws BridgeError CONFIG_UNREADABLE */
export function readTls({ caFile, certFile, keyFile }: OtlpOptions['tls']): Tls {
  return {
    ...(caFile === undefined ? {} : { ca: readPem(caFile) }),
    ...(certFile === undefined ? {} : { cert: readPem(certFile) }),
    ...(keyFile === undefined ? {} : { key: readPem(keyFile) }),
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new BridgeError(
      'CONFIG_UNREADABLE',
      `cannot read the exporter's TLS file ${file}: ${messageOf(error)}`,
      'Check OTEL_EXPORTER_OTLP_CERTIFICATE, …_CLIENT_CERTIFICATE and …_CLIENT_KEY.',
    );
  }
}
