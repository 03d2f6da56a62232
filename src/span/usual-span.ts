/**
 * The span as it usually is: of a point that went well and says nothing but what many others say, such as one of a few
 * hundred SQL statements. It is its ids, its times, its resource and a pattern that it has in common with those others.
 * What is to be made of spans can be made of the pattern once: a mapping and an encoding for each were more than half of
 * what a notification cost.
 */
import { type Attributes, type HrTime, type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { isCanonicalUuid, lowDigitsOf } from '../uuid.js';
import { toHrTime } from './time.js';
import { UnreadSpan } from './unread-span.js';

/** OTLP has no such id. */
const NO_LOW_BITS = '0000-000000000000';

/** What makes a span besides its pattern. */
export interface SpanIdentity {
  /** `baseId` as 32 hex digits. */
  readonly traceId: string;
  /** These three are UUIDs that {@link isUsualId} accepts. */
  readonly baseId: string;
  readonly pointId: string;
  readonly parentId: string;
  /** Whether `parentId` is no span's, but the trace's. */
  readonly isRoot: boolean;
}

/** What usual spans have in common: a span's attributes but for its resource and these three, which come first. */
export interface SpanPattern {
  readonly name: string;
  readonly kind: ReadableSpan['kind'];
  readonly status: ReadableSpan['status'];
  /** Those behind `osprofiler.base_id`, `osprofiler.trace_id` and `osprofiler.parent_id`. */
  readonly attributes: ReadableSpan['attributes'];
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
}

/** Whether an id is a UUID as Python writes it, whose low 64 bits are a span id. */
export function isUsualId(id: string | bigint): id is string {
  return isCanonicalUuid(id) && !id.endsWith(NO_LOW_BITS);
}

export class UsualSpan extends UnreadSpan {
  /**
   * @param begin and `end`: microseconds since the Unix epoch; `end` is not before `begin`.
   */
  constructor(
    readonly pattern: SpanPattern,
    readonly identity: SpanIdentity,
    readonly begin: number,
    readonly end: number,
    readonly resource: ReadableSpan['resource'],
  ) {
    super();
  }

  get traceId(): string {
    return this.identity.traceId;
  }

  get instrumentationScope(): ReadableSpan['instrumentationScope'] {
    return this.pattern.instrumentationScope;
  }

  get endTime(): HrTime {
    return toHrTime(this.end);
  }

  read(): ReadableSpan {
    const { begin, end } = this;
    const { name, kind, status, instrumentationScope } = this.pattern;
    const { traceId, pointId, parentId, isRoot } = this.identity;
    const context = contextOf(traceId, pointId);
    // One literal, without spreads: with them this took four times as long.
    const span: ReadableSpan & { parentSpanContext?: SpanContext } = {
      name,
      kind,
      spanContext: () => context,
      startTime: toHrTime(begin),
      endTime: toHrTime(end),
      status,
      attributes: this.readAttributes(),
      links: [],
      events: [],
      duration: toHrTime(end - begin),
      ended: true,
      resource: this.resource,
      instrumentationScope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
    if (!isRoot) span.parentSpanContext = contextOf(traceId, parentId);
    return span;
  }

  private readAttributes(): Attributes {
    const { baseId, pointId, parentId } = this.identity;
    const attributes: Attributes = {
      'osprofiler.base_id': baseId,
      'osprofiler.trace_id': pointId,
      'osprofiler.parent_id': parentId,
    };
    const others = this.pattern.attributes;
    for (const key in others) attributes[key] = others[key];
    return attributes;
  }
}

function contextOf(traceId: string, uuid: string): SpanContext {
  return { traceId, spanId: lowDigitsOf(uuid), traceFlags: TraceFlags.SAMPLED };
}
