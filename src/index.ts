/**
 * osprofiler-otel-bridge as a library: OpenStack osprofiler notifications → OpenTelemetry spans.
 *
 * {@link decode} and {@link Translator} are the pure middle, for who has notifications already; {@link createBridge} is
 * the whole path from receivers to whatever takes spans; {@link OsprofilerPropagator} carries traces into OpenStack and
 * out of it. Nothing starts on import, and nothing global is touched.
 */

import './supported-node.js';

export type { SamplingOptions } from './assembler.js';
export {
  type Decoded,
  decode,
  MALFORMED_REASONS,
  type Malformed,
  type MalformedReason,
} from './codec/envelope.js';
export type {
  Delivery,
  Log,
  MessageProperties,
  Origin,
  Outcome,
  Receiver,
  ReceiverHandler,
  ReceiverState,
  Rejection,
  Sink as SpanSink,
} from './contracts.js';
export type { Counts, FilterReason, RejectReason } from './counts.js';
export {
  type EncodedResource,
  EncodedSpan,
  type OutgoingSpan,
  type RequestFrame,
  type SpanEncoding,
  traceIdOf,
} from './encoded-span.js';
export { BridgeError, ERROR_CODES, type ErrorCode } from './errors.js';
export type { BatchOptions } from './export/batcher.js';
export {
  type AnySpanExporter,
  ExporterSink,
  type ExporterSinkOptions,
  type ExportResult,
} from './export/exporter-sink.js';
export type { SendSpans } from './export/function-sink.js';
export type { Sent } from './export/observed-sink.js';
export { createOtlpSink, type OtlpOptions } from './export/otlp.js';
export type { AnySpanProcessor } from './export/processor-sink.js';
export type { RetryOptions } from './export/retry.js';
export {
  type BridgeEvents,
  type CommonOptions,
  type CreateBridgeOptions,
  createBridge,
  type Destination,
  type LibraryBridge,
  type Rejected,
} from './library.js';
export { toSpanId, toTraceId } from './mapping/ids.js';
export type { MappingOptions } from './mapping/options.js';
export type { KeepOptions } from './mapping/tail-sampler.js';
export type { DropReason, TraceFilterOptions } from './mapping/trace-filter.js';
export { type BrokerAddress, parseTransportUrl } from './oslo/transport-url.js';
export type { PairBounds } from './pairing/pair.js';
export { OsprofilerPropagator, type OsprofilerPropagatorOptions } from './propagation/propagator.js';
export { TRACE_HMAC_HEADER, TRACE_INFO_HEADER } from './propagation/trace-info.js';
export type { PyObject, PyValue } from './python-json/parse.js';
export type { AmqpChannel, AmqpMessage } from './rabbitmq/amqp-channel.js';
export type { BackoffBounds } from './rabbitmq/backoff.js';
export {
  ChannelReceiver,
  type ChannelReceiverOptions,
  type OpenChannel,
} from './rabbitmq/channel-receiver.js';
export {
  type DeadLetterOptions,
  type DrainSource,
  RabbitReceiver,
  type RabbitReceiverOptions,
  type RabbitReceiverStatus,
  type RenewalOptions,
  type TapSource,
} from './rabbitmq/rabbitmq.js';
export { type RecordingOptions, RecordingReceiver } from './recordings/recording.js';
export type { Id, PointId, TraceEvent as Notification } from './trace-point.js';
export {
  type Translated,
  Translator,
  type TranslatorOptions,
} from './translator.js';
export { PACKAGE_NAME, PACKAGE_VERSION } from './version.js';
export { windowFor } from './window.js';
