/** The OTLP/gRPC exporter of OpenTelemetry JS, all but its encoding, which is ours. */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyOtlpGrpcOptions,
  createOtlpGrpcExportDelegate,
  type OTLPGRPCExporterConfigNode,
} from '@opentelemetry/otlp-grpc-exporter-base';
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { encodeAsProtobuf } from './protobuf-encoding.js';

const SERIALIZER = { ...ProtobufTraceSerializer, serializeRequest: encodeAsProtobuf };
/** The name that the exporter's metrics of itself have it by; an attribute of OpenTelemetry's conventions. */
const COMPONENT_TYPE = 'otlp_grpc_span_exporter';
/** opentelemetry/proto/collector/trace/v1/trace_service.proto */
const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

export class OTLPTraceExporter extends OTLPExporterBase<ReadableSpan[]> implements SpanExporter {
  constructor(options: OTLPGRPCExporterConfigNode) {
    const { selfObsMeterProvider } = options;
    super(
      createOtlpGrpcExportDelegate(
        convertLegacyOtlpGrpcOptions(options, 'TRACES'),
        SERIALIZER,
        COMPONENT_TYPE,
        TraceExporterMetricsHelper,
        selfObsMeterProvider,
        'TraceExportService',
        METHOD,
      ),
    );
  }
}
