/** The two forms of a span: what the mapping makes, and the bytes that an OTLP request holds of it. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** The resource of encoded spans, as requests hold it. Spans of one resource share one such object. */
export interface EncodedResource {
  readonly attributes: ReadableSpan['resource']['attributes'];
  readonly frame: RequestFrame;
}

/** What stands round the spans of one resource in a request. All spans of the bridge have one instrumentation scope. */
export interface RequestFrame {
  readonly resourceHead: Uint8Array;
  readonly scopeHead: Uint8Array;
  readonly scopeTail: Uint8Array;
  readonly resourceTail: Uint8Array;
}

/** A span as a request holds it. Nothing else of it has to stay in memory until the backend has accepted it. */
export class EncodedSpan {
  /**
   * @param traceId 32 lower-case hex digits.
   * @param endMicros when it ended: microseconds since the Unix epoch.
   * @param bytes hold the span from `begin` to before `end`, and others beside it.
   */
  constructor(
    readonly resource: EncodedResource,
    readonly traceId: string,
    readonly endMicros: number,
    readonly bytes: Buffer,
    readonly begin: number,
    readonly end: number,
  ) {}
}

/** A span on its way to a sink, in the form that the sink takes. */
export type OutgoingSpan = ReadableSpan | EncodedSpan;

/** One of OTLP's encodings: how a span becomes bytes, and how the bytes of many become one request. */
export interface SpanEncoding {
  readonly contentType: 'application/json' | 'application/x-protobuf';
  /** By the serializer of @opentelemetry/otlp-transformer. Throws what that throws. */
  encode(span: ReadableSpan): EncodedSpan;
  /** The body of a request: what that serializer makes of the same spans at once, byte for byte. */
  join(spans: readonly EncodedSpan[]): Uint8Array;
}

/** The trace id of a span in either form, as 32 lower-case hex digits. */
export function traceIdOf(span: OutgoingSpan): string {
  return span instanceof EncodedSpan ? span.traceId : span.spanContext().traceId;
}

/** When it ended: microseconds since the Unix epoch. */
export function endMicrosOf(span: OutgoingSpan): number {
  if (span instanceof EncodedSpan) return span.endMicros;
  const [seconds, nanos] = span.endTime;
  return seconds * 1_000_000 + Math.floor(nanos / 1_000);
}

/** Each resource with its spans, in the order in which resources came first: the serializers group so, too. */
export function groupByResource(spans: readonly EncodedSpan[]): Map<EncodedResource, EncodedSpan[]> {
  const groups = new Map<EncodedResource, EncodedSpan[]>();
  for (const span of spans) {
    const group = groups.get(span.resource);
    if (group === undefined) groups.set(span.resource, [span]);
    else group.push(span);
  }
  return groups;
}

/** One behind the other. Not `Buffer.concat`: that would need an object for the bytes of each span. */
export function concat(parts: readonly (Uint8Array | EncodedSpan)[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part instanceof EncodedSpan ? part.end - part.begin : part.length;
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) {
    if (part instanceof EncodedSpan) at += part.bytes.copy(all, at, part.begin, part.end);
    else {
      all.set(part, at);
      at += part.length;
    }
  }
  return all;
}

const ARENA_BYTES = 256 * 1024;

/** Bytes for spans, one behind the other: a buffer for each would cost as much as the span. */
export class SpanArena {
  bytes = Buffer.alloc(0);
  private used = 0;

  /** @returns where in {@link bytes} so many bytes are the caller's. */
  reserve(length: number): number {
    if (this.bytes.length - this.used < length) {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(ARENA_BYTES, length));
      this.used = 0;
    }
    const begin = this.used;
    this.used += length;
    return begin;
  }
}
