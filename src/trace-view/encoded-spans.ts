/**
 * The forms in which exported spans arrive here, as bytes that can be kept and read back. No other file of the trace
 * view knows these forms.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { encodeAsJson, writeAsJson } from '../export/json-encoding.js';
import { WrittenSpan } from '../export/written-span.js';
import { readSpan } from './otlp.js';
import type { Attributes, Span } from './span.js';

/** Bytes of one span's OTLP message, among others. */
export interface EncodedSpan {
  readonly traceId: string;
  readonly resource: ReadableSpan['resource'];
  readonly bytes: Buffer;
  readonly begin: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** As it was sent, as far as possible: most spans are never looked at, and making anything of them costs CPU. */
export function encoded(span: ReadableSpan): EncodedSpan {
  const written = writeAsJson(span);
  return written instanceof WrittenSpan ? written : encodedByPackage(span);
}

/** @param bytes of one {@link EncodedSpan}. */
export function decoded(bytes: Buffer, resource: ReadableSpan['resource']): Span | undefined {
  return readSpan(JSON.parse(bytes.toString('utf8')), resource.attributes as Attributes);
}

/** A span that was not sent. */
export function readExported(span: ReadableSpan): Span | undefined {
  const { bytes, begin, end, resource } = encoded(span);
  return decoded(bytes.subarray(begin, end), resource);
}

/** Spans with links and the like, which the bridge itself does not make. */
function encodedByPackage(span: ReadableSpan): EncodedSpan {
  const request = JSON.parse(Buffer.from(encodeAsJson([span])!).toString('utf8'));
  const bytes = Buffer.from(JSON.stringify(request.resourceSpans[0].scopeSpans[0].spans[0]));
  const { traceId } = span.spanContext();
  return { traceId, resource: span.resource, bytes, begin: 0, end: bytes.length };
}
