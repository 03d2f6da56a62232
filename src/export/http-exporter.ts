/** The OTLP/HTTP exporters of OpenTelemetry JS, all but their encoding, which is ours. */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { EncodedSpan, SpanEncoding } from '../encoded-span.js';

type HttpOptions = Parameters<typeof convertLegacyHttpOptions>[0];

const SERIALIZERS = {
  'application/json': JsonTraceSerializer,
  'application/x-protobuf': ProtobufTraceSerializer,
};
/** The name that the exporter's metrics of itself have it by; an attribute of OpenTelemetry's conventions. */
const COMPONENT_TYPE = 'otlp_http_span_exporter';
/** What the exporter's metrics of itself count. */
const COUNTED = { name: 'span', countItems: (spans: EncodedSpan[]) => spans.length } as const;

export class OTLPTraceExporter extends OTLPExporterBase<EncodedSpan[]> {
  constructor({ contentType, join }: SpanEncoding, options: HttpOptions) {
    const http = convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', { 'Content-Type': contentType });
    const { selfObsMeterProvider } = options;
    const { deserializeResponse } = SERIALIZERS[contentType];
    super(
      createOtlpHttpExportDelegate(
        http,
        { serializeRequest: join, deserializeResponse },
        COMPONENT_TYPE,
        COUNTED,
        selfObsMeterProvider,
      ),
    );
  }
}
