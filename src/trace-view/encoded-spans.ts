/**
 * The forms in which exported spans arrive here, as bytes that can be kept and read back. No other file of the trace
 * view knows these forms.
 */
import { EncodedSpan, type OutgoingSpan } from '../encoded-span.js';
import { JSON_ENCODING } from '../export/json-encoding.js';
import { readProtobufSpan, readSpan } from './otlp.js';
import type { Attributes, Span } from './span.js';

export type { EncodedSpan } from '../encoded-span.js';

const BEGINS_JSON = 0x7b;
/** A number's bytes have seven bits each; the last one is below this. */
const MORE = 0x80;

/** As it was sent where it was sent as bytes: most spans are never looked at. */
export function encoded(span: OutgoingSpan): EncodedSpan {
  return span instanceof EncodedSpan ? span : JSON_ENCODING.encode(span);
}

/** @param bytes of one {@link EncodedSpan}. */
export function decoded(bytes: Buffer, resource: EncodedSpan['resource']): Span | undefined {
  const attributes = resource.attributes as Attributes;
  if (bytes[0] === BEGINS_JSON) return readSpan(JSON.parse(bytes.toString('utf8')), attributes);
  // The span is a field of its list: a tag and its length come first.
  let begin = 1;
  while (bytes[begin]! >= MORE) begin++;
  return readProtobufSpan(bytes.subarray(begin + 1), attributes);
}

/** A span that was not sent. */
export function readExported(span: OutgoingSpan): Span | undefined {
  const { bytes, begin, end, resource } = encoded(span);
  return decoded(bytes.subarray(begin, end), resource);
}
