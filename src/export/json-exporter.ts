/** The OTLP/JSON exporter of OpenTelemetry JS, all but its encoding, which is ours; see `json-encoding.ts`. */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { encodeAsJson } from './json-encoding.js';

type HttpOptions = Parameters<typeof convertLegacyHttpOptions>[0];

const serializer = { ...JsonTraceSerializer, serializeRequest: encodeAsJson };
/** The name that the exporter's metrics of itself have it by; an attribute of OpenTelemetry's conventions. */
const COMPONENT_TYPE = 'otlp_http_span_exporter';

export class OTLPTraceExporter extends OTLPExporterBase<ReadableSpan[]> implements SpanExporter {
  constructor(options: HttpOptions) {
    const http = convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', {
      'Content-Type': 'application/json',
    });
    const { selfObsMeterProvider } = options;
    super(
      createOtlpHttpExportDelegate(
        http,
        serializer,
        COMPONENT_TYPE,
        TraceExporterMetricsHelper,
        selfObsMeterProvider,
      ),
    );
  }
}
