/**
 * OTLP's protobuf: where a span stands in a request, and how spans become one.
 * Source: opentelemetry-proto `trace_service.proto` and `trace.proto`; "Encoding" of protobuf.dev.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { concat, type EncodedSpan, groupByResource, type SpanEncoding } from '../encoded-span.js';
import { SingleSpans, type SpanInRequest } from './single-span.js';

/** Tags of `ExportTraceServiceRequest.resource_spans` and `ResourceSpans.scope_spans`: field 1 and 2, with a length. */
const RESOURCE_SPANS = 0x0a;
const SCOPE_SPANS = 0x12;
/** A number's bytes have seven bits each, the lowest first; the last one is below this. */
const MORE = 0x80;

const single = new SingleSpans((spans) => ProtobufTraceSerializer.serializeRequest(spans), find);

export const PROTOBUF_ENCODING: SpanEncoding = {
  contentType: 'application/x-protobuf',
  encode: (span) => single.encode(span),
  join,
};

/** Resource and scope come first in their messages, then the only span. Each is a tag, a length, and as many bytes. */
function find(request: Buffer): SpanInRequest {
  const resourceSpans = fieldAt(request, 0);
  const resource = fieldAt(request, resourceSpans.begin);
  const scopeSpans = fieldAt(request, resource.end);
  const scope = fieldAt(request, scopeSpans.begin);
  const span = fieldAt(request, scope.end);
  return {
    begin: scope.end,
    end: span.end,
    resourceHead: request.subarray(resourceSpans.begin, resource.end),
    scopeHead: request.subarray(scopeSpans.begin, scope.end),
    scopeTail: request.subarray(span.end, scopeSpans.end),
    resourceTail: request.subarray(scopeSpans.end, resourceSpans.end),
  };
}

function join(spans: readonly EncodedSpan[]): Uint8Array {
  const parts: (Uint8Array | EncodedSpan)[] = [];
  for (const [{ frame }, group] of groupByResource(spans)) {
    const { resourceHead, scopeHead, scopeTail, resourceTail } = frame;
    let scoped = scopeHead.length + scopeTail.length;
    for (const { begin, end } of group) scoped += end - begin;
    const scopeSpans = headOf(SCOPE_SPANS, scoped);
    const length = resourceHead.length + scopeSpans.length + scoped + resourceTail.length;
    parts.push(headOf(RESOURCE_SPANS, length), resourceHead, scopeSpans, scopeHead);
    for (const span of group) parts.push(span);
    parts.push(scopeTail, resourceTail);
  }
  return concat(parts);
}

/** A field with a length: where what it holds begins and ends. */
function fieldAt(bytes: Uint8Array, at: number): { readonly begin: number; readonly end: number } {
  let length = 0;
  let begin = at + 1;
  for (let unit = 1; ; unit *= MORE) {
    const byte = bytes[begin++]!;
    length += (byte % MORE) * unit;
    if (byte < MORE) return { begin, end: begin + length };
  }
}

/** Tag and length of a field. */
function headOf(tag: number, length: number): Uint8Array {
  const head = [tag];
  let rest = length;
  for (; rest >= MORE; rest = Math.floor(rest / MORE)) head.push((rest % MORE) | MORE);
  head.push(rest);
  return Uint8Array.from(head);
}
