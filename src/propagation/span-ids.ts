/** The ids of a span as the two ids in osprofiler's headers, and back. */
import type { SpanContext } from '@opentelemetry/api';
import { toSpanId, toTraceId } from '../mapping/ids.js';
import type { TraceInfo } from './trace-info.js';

type SpanIds = Pick<SpanContext, 'traceId' | 'spanId'>;

const ZEROS = '0'.repeat(16);
const ONES = 'f'.repeat(16);

/**
 * The trace info of a request that a span makes: OpenStack's trace points become children of that span.
 *
 * `base_id` is the trace id as a UUID. The low 64 bits of `parent_id` are the span id; the mapping reads a parent from
 * there. Its high 64 bits are zeros, or ones where those of the trace id are zeros: `parent_id` must never equal
 * `base_id`, which means "no parent" to osprofiler. The examples in examples/edge use the same rule.
 */
export function toTraceInfo({ traceId, spanId }: SpanIds): {
  readonly baseId: string;
  readonly parentId: string;
} {
  const high = traceId.startsWith(ZEROS) ? ONES : ZEROS;
  return { baseId: toUuid(traceId), parentId: toUuid(high + spanId) };
}

/**
 * The trace and span ids that the mapping makes of a trace info. Without a parent (`parent_id` is `base_id`) the span id
 * is that of the root span that `--root-span` adds.
 */
export function fromTraceInfo({ baseId, parentId }: TraceInfo): SpanIds {
  return { traceId: toTraceId(baseId), spanId: toSpanId(parentId) };
}

/** @param hex 32 digits. */
export function toUuid(hex: string): string {
  return hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
