/**
 * osprofiler-otel-bridge as a library: OpenStack osprofiler notifications → OpenTelemetry spans.
 *
 * {@link decode} and {@link Translator} are the pure middle, for who has notifications already; {@link createBridge} is
 * the whole path from receivers to whatever takes spans; {@link OsprofilerPropagator} carries traces into OpenStack and
 * out of it. Nothing starts on import, and nothing global is touched.
 */

export { Bridge, type BridgeOptions } from './bridge.js';
export type { Counts, FilterReason, RejectReason } from './counts.js';
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
  Settlement,
  SpanSink,
} from './delivery.js';
export { BridgeError, ERROR_CODES, type ErrorCode } from './errors.js';
export type { BatchOptions } from './export/batcher.js';
export {
  ExporterSink,
  type ExporterSinkOptions,
  type ExportResult,
  type Judge,
} from './export/exporter-sink.js';
export type { AnySpanExporter, AnySpanProcessor } from './export/exporters.js';
export type { SendSpans } from './export/function-sink.js';
export type { Sent } from './export/observed-sink.js';
export { createOtlpSink, type OtlpOptions } from './export/otlp.js';
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
export { OsprofilerPropagator, type OsprofilerPropagatorOptions } from './propagation/propagator.js';
export { TRACE_HMAC_HEADER, TRACE_INFO_HEADER } from './propagation/trace-info.js';
export type { AmqpChannel, AmqpMessage } from './receive/amqp-channel.js';
export type { BackoffBounds } from './receive/backoff.js';
export {
  ChannelReceiver,
  type ChannelReceiverOptions,
  type OpenChannel,
} from './receive/channel-receiver.js';
export {
  type DeadLetterOptions,
  type DrainSource,
  RabbitReceiver,
  type RabbitReceiverOptions,
  type RabbitReceiverStatus,
  type RenewalOptions,
  type TapSource,
} from './receive/rabbitmq.js';
export { type RecordingOptions, RecordingReceiver } from './receive/recording.js';
export { type BrokerAddress, parseTransportUrl } from './receive/transport-url.js';
export { toSpanId, toTraceId } from './translate/ids.js';
export type { KeepOptions } from './translate/keep-rules.js';
export type { MappingOptions } from './translate/options.js';
export type { PairBounds } from './translate/pair.js';
export type { PointId } from './translate/point-table.js';
export type { DropReason, TraceRuleOptions } from './translate/trace-rules.js';
export {
  type SamplingOptions,
  type Translated,
  Translator,
  type TranslatorOptions,
} from './translate/translator.js';
export { PACKAGE_NAME, PACKAGE_VERSION } from './version.js';
export { windowFor } from './window.js';
export {
  type Decoded,
  type DecodeOptions,
  decode,
  MALFORMED_REASONS,
  type Malformed,
  type MalformedReason,
} from './wire/envelope.js';
export type { Id, Notification } from './wire/notification.js';
export type { PyObject, PyValue } from './wire/python-json.js';
