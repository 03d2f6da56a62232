/** OTLP/JSON: where a span stands in a request, and how spans become one. */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { concat, type EncodedSpan, groupByResource, type SpanEncoding } from '../encoded-span.js';
import { SingleSpans, type SpanInRequest } from './single-span.js';

const HEAD = Buffer.from('{"resourceSpans":[');
// Quotes in values are escaped, so that neither can stand in one.
const SCOPE = Buffer.from('"scopeSpans":[');
const SPANS = Buffer.from('"spans":[');
const END = Buffer.from(']}');
const COMMA = Buffer.from(',');

const single = new SingleSpans((spans) => JsonTraceSerializer.serializeRequest(spans), find);

export const JSON_ENCODING: SpanEncoding = {
  contentType: 'application/json',
  encode: (span) => single.encode(span),
  join,
};

function find(request: Buffer, span: ReadableSpan): SpanInRequest {
  const scope = request.indexOf(SCOPE) + SCOPE.length;
  const begin = request.indexOf(SPANS, scope) + SPANS.length;
  const scopeTail = Buffer.from(`]${schemaOf(span.instrumentationScope)}}`);
  const resourceTail = Buffer.from(`]${schemaOf(span.resource)}}`);
  return {
    begin,
    end: request.length - scopeTail.length - resourceTail.length - END.length,
    resourceHead: request.subarray(HEAD.length, scope),
    scopeHead: request.subarray(scope, begin),
    scopeTail,
    resourceTail,
  };
}

/** The member behind a list, when there is one. */
function schemaOf({ schemaUrl }: { readonly schemaUrl?: string | undefined }): string {
  return schemaUrl === undefined ? '' : `,"schemaUrl":${JSON.stringify(schemaUrl)}`;
}

function join(spans: readonly EncodedSpan[]): Uint8Array {
  const parts: (Uint8Array | EncodedSpan)[] = [HEAD];
  for (const [{ frame }, group] of groupByResource(spans)) {
    if (parts.length > 1) parts.push(COMMA);
    parts.push(frame.resourceHead, frame.scopeHead);
    parts.push(group[0]!);
    for (let at = 1; at < group.length; at++) parts.push(COMMA, group[at]!);
    parts.push(frame.scopeTail, frame.resourceTail);
  }
  parts.push(END);
  return concat(parts);
}
