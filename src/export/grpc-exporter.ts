/** The OTLP/gRPC exporter of OpenTelemetry JS, all but its encoding, which is ours. */
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyOtlpGrpcOptions,
  createOtlpGrpcExportDelegate,
  type OTLPGRPCExporterConfigNode,
} from '@opentelemetry/otlp-grpc-exporter-base';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { EncodedSpan } from '../encoded-span.js';
import { PROTOBUF_ENCODING } from './protobuf-encoding.js';

const { deserializeResponse } = ProtobufTraceSerializer;
const SERIALIZER = { serializeRequest: PROTOBUF_ENCODING.join, deserializeResponse };
/** The name that the exporter's metrics of itself have it by; an attribute of OpenTelemetry's conventions. */
const COMPONENT_TYPE = 'otlp_grpc_span_exporter';
/** opentelemetry/proto/collector/trace/v1/trace_service.proto */
const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** What the exporter's metrics of itself count. */
const COUNTED = { name: 'span', countItems: (spans: EncodedSpan[]) => spans.length } as const;

export class OTLPTraceExporter extends OTLPExporterBase<EncodedSpan[]> {
  constructor(options: OTLPGRPCExporterConfigNode) {
    const { selfObsMeterProvider } = options;
    super(
      createOtlpGrpcExportDelegate(
        convertLegacyOtlpGrpcOptions(options, 'TRACES'),
        SERIALIZER,
        COMPONENT_TYPE,
        COUNTED,
        selfObsMeterProvider,
        'TraceExportService',
        METHOD,
      ),
    );
  }
}
