/**
 * OTLP's protobuf: where a span stands in a request, and how spans become one.
 * Source: opentelemetry-proto `trace_service.proto` and `trace.proto`; "Encoding" of protobuf.dev.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { EncodedSpan, SpanEncoding } from '../encoded-span.js';
import { groupByResource, SingleSpans, type SpanInRequest } from './single-span.js';

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

/** Resource and scope come first in their messages, and the only span ends where the request ends. */
function find(request: Buffer): SpanInRequest {
  const resourceSpans = lengthAt(request, 1);
  const resource = lengthAt(request, resourceSpans.end + 1);
  const scopeSpans = lengthAt(request, resource.end + resource.value + 1);
  const scope = lengthAt(request, scopeSpans.end + 1);
  const begin = scope.end + scope.value;
  return {
    begin,
    end: request.length,
    resource: request.subarray(resourceSpans.end, resource.end + resource.value),
    scope: request.subarray(scopeSpans.end, begin),
  };
}

function join(spans: readonly EncodedSpan[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [{ resource, scope }, group] of groupByResource(spans)) {
    let length = scope.length;
    for (const { begin, end } of group) length += end - begin;
    const scopeHead = headOf(SCOPE_SPANS, length);
    const head = headOf(RESOURCE_SPANS, resource.length + scopeHead.length + length);
    parts.push(head, resource, scopeHead, scope);
    for (const { bytes, begin, end } of group) parts.push(bytes.subarray(begin, end));
  }
  return Buffer.concat(parts);
}

/** The number that stands there, exact below 2⁵³, and where it ends. */
function lengthAt(bytes: Uint8Array, begin: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = begin;
  for (let unit = 1; ; unit *= MORE) {
    const byte = bytes[at++]!;
    value += (byte % MORE) * unit;
    if (byte < MORE) return { value, end: at };
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
