/**
 * Identifiers, exactly as osprofiler's own OTLP driver maps them (`osprofiler/_utils.py`: `uuid_to_int128`,
 * `shorten_id`), so that fleets with both join in one trace. Where that driver draws a random id (text that is no
 * UUID), the id here is a hash of the text: the same on every replica and after every redelivery.
 */
import { createHash } from 'node:crypto';
import type { Id } from '../trace-point.js';
import { digitsOf, isCanonicalUuid, lowDigitsOf } from '../uuid.js';
import { parsePythonUuid } from './python-uuid.js';

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const SPAN_ID = /^[0-9a-f]{16}$/i;

/** The trace id of a base_id: 32 lower-case hex digits, never all zero. */
export function toTraceId(id: Id): string {
  if (isCanonicalUuid(id)) return nonZero(digitsOf(id), id);
  return nonZero(toHex128(id) ?? hash(id, 32), id);
}

/**
 * The span id of a trace_id or parent_id: its low 64 bits as 16 lower-case hex digits, never all zero. 16 hex digits
 * are a span id of W3C trace context, which a program with another tracer sends as the parent.
 */
export function toSpanId(id: Id): string {
  if (typeof id === 'string' && SPAN_ID.test(id)) return nonZero(id.toLowerCase(), id);
  if (isCanonicalUuid(id)) return nonZero(lowDigitsOf(id), id);
  return nonZero(toHex128(id)?.slice(16) ?? hash(id, 16), id);
}

/** OTLP has no room for all zeros: backends drop such spans. */
function nonZero(hex: string, id: Id): string {
  return hex === NO_TRACE || hex === NO_SPAN ? hash(id, hex.length) : hex;
}

function toHex128(id: Id): string | undefined {
  if (typeof id === 'bigint') return BigInt.asUintN(128, id).toString(16).padStart(32, '0');
  return parsePythonUuid(id);
}

function hash(id: Id, digits: number): string {
  return createHash('sha256').update(String(id)).digest('hex').slice(0, digits);
}
