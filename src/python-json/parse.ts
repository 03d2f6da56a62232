/**
 * JSON as Python writes it, which is not quite JSON: `json.dumps` emits bare `NaN`, `Infinity` and `-Infinity`,
 * integers of any size, and lone surrogates as `\ud800`. kombu ≥ 5.5 besides wraps what JSON lacks as
 * `{"__type__": …, "__value__": …}` (kombu/utils/json.py); those are read as the plain text that older ones sent.
 *
 * `JSON.parse` reads nearly every notification and is ten times as fast as anything written here, so it goes first;
 * it is left aside only where it would refuse (NaN) or round (long integers).
 */

import { type ParsedJson, parseExactly } from './parse-exactly.js';
import { isObject, own, type PyObject, type PyValue, setOwn } from './value.js';

export type { ParsedJson } from './parse-exactly.js';
export { isObject, own, type PyObject, type PyValue, setOwn } from './value.js';

/** Nesting beyond this is refused. Real notifications stay below 10; Python itself stops near 1,000. */
export const MAX_DEPTH = 100;

/** 16 digits in a row may be an integer that a double cannot hold. Digits inside strings match too: only slower. */
const LONG_NUMBER = /\d{16}/;

/** The key of a tag as kombu writes it, or an escape of an ASCII character, as which part of it may be written. */
const MAY_BE_TAGGED = /"__type__"|\\u00[0-7]/;

/**
 * Parses one JSON text as Python's `json.loads` would. Never throws.
 * @param maxDepth levels of lists and objects that are read before the text is refused as `too-deep`.
 */
export function parsePythonJson(text: string, maxDepth: number = MAX_DEPTH): ParsedJson {
  const parsed = LONG_NUMBER.test(text) ? parseExactly(text, maxDepth) : parseFast(text, maxDepth);
  if (!parsed.ok) return parsed;
  if (!isWithinDepth(parsed.value, maxDepth)) {
    return { ok: false, reason: 'too-deep', detail: `nested deeper than ${maxDepth}` };
  }
  return MAY_BE_TAGGED.test(text) ? { ok: true, value: untag(parsed.value) } : parsed;
}

function parseFast(text: string, maxDepth: number): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text) as PyValue };
  } catch {
    return parseExactly(text, maxDepth);
  }
}

function isWithinDepth(value: PyValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isWithinDepth(item, depth - 1));
  for (const key in value) {
    if (!isWithinDepth(value[key] as PyValue, depth - 1)) return false;
  }
  return true;
}

function untag(value: PyValue): PyValue {
  if (Array.isArray(value)) return value.map(untag);
  if (!isObject(value)) return value;
  const plain = taggedText(value);
  if (plain !== undefined) return plain;
  for (const key of Object.keys(value)) setOwn(value, key, untag(value[key] as PyValue));
  return value;
}

/** The text that a tagged value stands for; undefined when the object is an ordinary one. */
function taggedText(object: PyObject): string | undefined {
  if (Object.keys(object).length !== 2) return undefined;
  const type = own(object, '__type__');
  const value = own(object, '__value__');
  if (typeof type !== 'string' || value === undefined) return undefined;
  if (type === 'uuid' && isObject(value)) {
    const hex = own(value, 'hex');
    return typeof hex === 'string' && /^[0-9a-f]{32}$/i.test(hex) ? dashed(hex) : undefined;
  }
  return typeof value === 'string' ? value : undefined;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
