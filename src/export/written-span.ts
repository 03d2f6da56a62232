/**
 * A span that is written down already, as OTLP/JSON has it. Written at once, nothing else of it has to live until the
 * backend has answered: twenty objects that the garbage collector would copy twice for each become bytes that it never
 * looks at. To whoever asks for more than is needed on its way, it is read again.
 */
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { UnreadSpan } from '../span/unread-span.js';

/** OTLP/JSON, of which only what the bridge writes; see opentelemetry/proto/trace/v1/trace.proto. */
interface Written {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly WrittenAttribute[];
  readonly droppedAttributesCount: number;
  readonly events: readonly WrittenEvent[];
  readonly droppedEventsCount: number;
  readonly status: ReadableSpan['status'];
  readonly droppedLinksCount: number;
  readonly flags: number;
}

interface WrittenAttribute {
  readonly key: string;
  /** With one member, named after the type. */
  readonly value: Readonly<Record<string, string | number | boolean>>;
}

interface WrittenEvent {
  readonly attributes: readonly WrittenAttribute[];
  readonly name: string;
  readonly timeUnixNano: string;
  readonly droppedAttributesCount: number;
}

const NANOS_DIGITS = 9;
const TRACE_FLAGS = 0xff;
/** In a span's flags: the parent came from another process. */
export const IS_REMOTE = 0x200;

export class WrittenSpan extends UnreadSpan {
  /**
   * @param bytes what holds it, UTF-8.
   * @param begin and `end`: where in the bytes. At `end` stands a comma, so that spans that stand one behind the other
   * can be sent as one.
   */
  constructor(
    readonly traceId: string,
    private readonly endSeconds: number,
    private readonly endNanos: number,
    readonly resource: ReadableSpan['resource'],
    readonly instrumentationScope: ReadableSpan['instrumentationScope'],
    readonly bytes: Buffer,
    readonly begin: number,
    readonly end: number,
  ) {
    super();
  }

  get endTime(): HrTime {
    return [this.endSeconds, this.endNanos];
  }

  /** Bytes of it, the comma included. */
  get length(): number {
    return this.end - this.begin + 1;
  }

  /** Reading takes longer than writing: it is for those who look at few. */
  read(): ReadableSpan {
    const list = `[${this.bytes.toString('utf8', this.begin, this.end)}]`;
    return readWritten(list, this.resource, this.instrumentationScope)[0]!;
  }
}

/**
 * @param list a JSON list of written spans, all of them of this resource and scope.
 * @returns the spans that were written.
 */
export function readWritten(
  list: string,
  resource: ReadableSpan['resource'],
  instrumentationScope: ReadableSpan['instrumentationScope'],
): ReadableSpan[] {
  return (JSON.parse(list) as Written[]).map((written) => {
    const { traceId, spanId, parentSpanId, name, kind, status, flags } = written;
    const context = contextOf(traceId, spanId, flags);
    const startTime = timeOf(written.startTimeUnixNano);
    const endTime = timeOf(written.endTimeUnixNano);
    const span: ReadableSpan & { parentSpanContext?: SpanContext } = {
      ...{ name, kind: kind - 1, spanContext: () => context, startTime, endTime, status },
      ...{ resource, instrumentationScope, links: [], ended: true },
      attributes: attributesOf(written.attributes),
      events: written.events.map(eventOf),
      duration: between(startTime, endTime),
      droppedAttributesCount: written.droppedAttributesCount,
      droppedEventsCount: written.droppedEventsCount,
      droppedLinksCount: written.droppedLinksCount,
    };
    if (parentSpanId !== undefined) span.parentSpanContext = parentOf(traceId, parentSpanId, flags);
    return span;
  });
}

function contextOf(traceId: string, spanId: string, flags: number): SpanContext {
  return { traceId, spanId, traceFlags: flags & TRACE_FLAGS };
}

function parentOf(traceId: string, spanId: string, flags: number): SpanContext {
  const context = contextOf(traceId, spanId, flags);
  return (flags & IS_REMOTE) === 0 ? context : { ...context, isRemote: true };
}

function attributesOf(written: readonly WrittenAttribute[]): Attributes {
  const attributes: Attributes = {};
  for (const { key, value } of written) for (const type in value) attributes[key] = value[type];
  return attributes;
}

function eventOf({ name, attributes, timeUnixNano, droppedAttributesCount }: WrittenEvent): TimedEvent {
  return { name, time: timeOf(timeUnixNano), attributes: attributesOf(attributes), droppedAttributesCount };
}

function timeOf(nanos: string): HrTime {
  return [Number(nanos.slice(0, -NANOS_DIGITS)), Number(nanos.slice(-NANOS_DIGITS))];
}

function between([seconds, nanos]: HrTime, [endSeconds, endNanos]: HrTime): HrTime {
  const borrowed = endNanos < nanos ? 1 : 0;
  return [endSeconds - seconds - borrowed, endNanos - nanos + borrowed * 1e9];
}
