/** Encoded spans over OTLP: joined to requests, sent, and told what the backend really answered. */
import type { MeterProvider } from '@opentelemetry/api';
import { ExporterMetrics } from '@opentelemetry/otlp-exporter-base';
import type { Outcome, Sink } from '../contracts.js';
import type { EncodedSpan, SpanEncoding } from '../encoded-span.js';
import { JSON_ENCODING } from './json-encoding.js';
import { probeWithExporter } from './probe.js';
import { PROTOBUF_ENCODING } from './protobuf-encoding.js';
import { type TlsFileNames, TlsFiles } from './tls-files.js';
import type { OtlpConnection, Transport } from './transport.js';

/** Where spans go over OTLP, and how. */
export interface OtlpOptions extends OtlpConnection {
  readonly protocol: 'http/json' | 'http/protobuf' | 'grpc';
  /** Paths of PEM files; read again when they change. */
  readonly tls: TlsFileNames;
  /** For OpenTelemetry's metrics of exporters, `otel.sdk.exporter.*`. Absent: none are kept. */
  readonly meterProvider?: MeterProvider | undefined;
}

/** Takes spans in one of OTLP's encodings. */
export type OtlpSink = Sink<EncodedSpan> & { readonly encoding: SpanEncoding };

/** @throws BridgeError CONFIG_UNREADABLE when a certificate or key file cannot be read. */
export async function createOtlpSink(options: OtlpOptions): Promise<OtlpSink> {
  const tls = new TlsFiles(options.tls);
  if (options.protocol === 'grpc') {
    // A quarter of what the process loads, and few need it.
    const { GrpcTransport } = await import('./grpc-transport.js');
    return new EncodedSpanSink(new GrpcTransport(options, tls), PROTOBUF_ENCODING, options);
  }
  const { HttpTransport } = await import('./http-transport.js');
  const encoding = options.protocol === 'http/json' ? JSON_ENCODING : PROTOBUF_ENCODING;
  const transport = new HttpTransport(options, encoding.contentType, tls);
  return encoding === PROTOBUF_ENCODING
    ? new EncodedSpanSink(transport, encoding, options)
    : new EncodedSpanSink(transport, encoding, options, () => probeWithExporter(options, tls.current()));
}

class EncodedSpanSink implements OtlpSink {
  private readonly metrics: ExporterMetrics<readonly EncodedSpan[]>;

  constructor(
    private readonly transport: Transport,
    readonly encoding: SpanEncoding,
    { protocol, url, meterProvider }: OtlpOptions,
    /** A request without spans: in protobuf that is no bytes. */
    readonly probe: () => Promise<Outcome> = () => transport.send(new Uint8Array()),
  ) {
    this.metrics = new ExporterMetrics({
      componentType: `otlp_${protocol === 'grpc' ? 'grpc' : 'http'}_span_exporter`,
      metricsHelper: { name: 'span', countItems: (spans) => spans.length },
      url,
      meterProvider,
      responseAttributesFromError: () => ({}),
    });
  }

  async send(spans: readonly EncodedSpan[]): Promise<Outcome> {
    const finish = this.metrics.startExport(spans);
    const outcome = await this.transport.send(this.encoding.join(spans));
    finish(outcome.kind === 'accepted' ? undefined : outcome.reason);
    return outcome;
  }

  async close(): Promise<void> {
    this.transport.close();
  }
}
