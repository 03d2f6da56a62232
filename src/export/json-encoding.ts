/** OTLP/JSON: where a span stands in a request, and how spans become one. */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { EncodedSpan, SpanEncoding } from '../encoded-span.js';
import { groupByResource, SingleSpans, type SpanInRequest } from './single-span.js';

const HEAD = Buffer.from('{"resourceSpans":[');
// Quotes in values are escaped, so that neither can stand in one.
const SCOPE = Buffer.from('"scopeSpans":[');
const SPANS = Buffer.from('"spans":[');
/** Ends a resource's spans. */
const TAIL = Buffer.from(']}]}');
const END = Buffer.from(']}');
const COMMA = Buffer.from(',');

const single = new SingleSpans((spans) => JsonTraceSerializer.serializeRequest(spans), find);

export const JSON_ENCODING: SpanEncoding = {
  contentType: 'application/json',
  encode: (span) => single.encode(span),
  join,
};

function find(request: Buffer): SpanInRequest {
  const scope = request.indexOf(SCOPE) + SCOPE.length;
  const begin = request.indexOf(SPANS, scope) + SPANS.length;
  const end = request.length - TAIL.length - END.length;
  return {
    begin,
    end,
    resource: request.subarray(HEAD.length, scope),
    scope: request.subarray(scope, begin),
  };
}

function join(spans: readonly EncodedSpan[]): Uint8Array {
  const parts: Uint8Array[] = [HEAD];
  for (const [{ resource, scope }, group] of groupByResource(spans)) {
    if (parts.length > 1) parts.push(COMMA);
    parts.push(resource, scope);
    for (const [at, { bytes, begin, end }] of group.entries()) {
      if (at > 0) parts.push(COMMA);
      parts.push(bytes.subarray(begin, end));
    }
    parts.push(TAIL);
  }
  parts.push(END);
  return Buffer.concat(parts);
}
