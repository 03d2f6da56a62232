/**
 * A span that is kept in some shorter form, and read when somebody looks closer. Most spans are only looked at for what
 * is needed on their way, and twenty objects for each would be copied twice by the garbage collector until then.
 */
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';

export abstract class UnreadSpan implements ReadableSpan {
  abstract readonly traceId: string;
  abstract readonly resource: ReadableSpan['resource'];
  abstract readonly instrumentationScope: ReadableSpan['instrumentationScope'];
  abstract readonly endTime: HrTime;

  /** All of it, as an object that needs no more reading. */
  abstract read(): ReadableSpan;

  spanContext(): SpanContext {
    return this.read().spanContext();
  }
  get name(): string {
    return this.read().name;
  }
  get kind(): ReadableSpan['kind'] {
    return this.read().kind;
  }
  get parentSpanContext(): SpanContext {
    // The interface's own way to say that there may be none.
    return this.read().parentSpanContext as SpanContext;
  }
  get startTime(): HrTime {
    return this.read().startTime;
  }
  get status(): ReadableSpan['status'] {
    return this.read().status;
  }
  get attributes(): Attributes {
    return this.read().attributes;
  }
  get links(): ReadableSpan['links'] {
    return this.read().links;
  }
  get events(): TimedEvent[] {
    return this.read().events;
  }
  get duration(): HrTime {
    return this.read().duration;
  }
  get ended(): boolean {
    return this.read().ended;
  }
  get droppedAttributesCount(): number {
    return this.read().droppedAttributesCount;
  }
  get droppedEventsCount(): number {
    return this.read().droppedEventsCount;
  }
  get droppedLinksCount(): number {
    return this.read().droppedLinksCount;
  }
}

/** For who looks at more than one thing of a span: each by itself would be read anew. */
export function readOnce(span: ReadableSpan): ReadableSpan {
  return span instanceof UnreadSpan ? span.read() : span;
}

/** Without reading all of it. */
export function traceIdOf(span: ReadableSpan): string {
  return span instanceof UnreadSpan ? span.traceId : span.spanContext().traceId;
}
