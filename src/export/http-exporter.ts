/** The OTLP/HTTP exporters of OpenTelemetry JS, all but their encoding, which is ours. */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import {
  JsonTraceSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { encodeAsJson } from './json-encoding.js';
import { encodeAsProtobuf } from './protobuf-encoding.js';

type HttpOptions = Parameters<typeof convertLegacyHttpOptions>[0];

const SERIALIZERS = {
  'application/json': { ...JsonTraceSerializer, serializeRequest: encodeAsJson },
  'application/x-protobuf': { ...ProtobufTraceSerializer, serializeRequest: encodeAsProtobuf },
};
/** The name that the exporter's metrics of itself have it by; an attribute of OpenTelemetry's conventions. */
const COMPONENT_TYPE = 'otlp_http_span_exporter';

export class OTLPTraceExporter extends OTLPExporterBase<ReadableSpan[]> implements SpanExporter {
  constructor(contentType: keyof typeof SERIALIZERS, options: HttpOptions) {
    const http = convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', { 'Content-Type': contentType });
    const { selfObsMeterProvider } = options;
    super(
      createOtlpHttpExportDelegate(
        http,
        SERIALIZERS[contentType],
        COMPONENT_TYPE,
        TraceExporterMetricsHelper,
        selfObsMeterProvider,
      ),
    );
  }
}
