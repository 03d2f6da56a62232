/**
 * The two headers by which osprofiler carries a trace from one service to the next, signed and read.
 *
 * `X-Trace-Info` is the URL-safe base64 of JSON `{"base_id", "parent_id"}`, `X-Trace-HMAC` the hexadecimal HMAC-SHA1 of
 * that base64 text. Source: openstack/osprofiler `web.py`, `_utils.py` (`signed_pack`, `signed_unpack`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, own, type PyValue, parsePythonJson } from '../codec/python-json.js';
import type { Id } from '../codec/trace-event.js';

/** The header with the trace's and the caller's ids. */
export const TRACE_INFO_HEADER = 'X-Trace-Info';
/** The header with the signature of {@link TRACE_INFO_HEADER}. */
export const TRACE_HMAC_HEADER = 'X-Trace-HMAC';

/** Where a request comes from, in osprofiler's terms. */
export interface TraceInfo {
  /** The trace. */
  readonly baseId: Id;
  /** The caller's trace point; `baseId` when there is none. */
  readonly parentId: Id;
}

/** The values of the two headers. */
export interface SignedTraceInfo {
  /** Of {@link TRACE_INFO_HEADER}. */
  readonly info: string;
  /** Of {@link TRACE_HMAC_HEADER}. */
  readonly hmac: string;
}

/** osprofiler's own is 140 characters long. */
const MAX_INFO_LENGTH = 4_096;
const HMAC_HEX = /^[0-9a-f]{40}$/;
/** osprofiler refuses a trace info with any other key. */
const KNOWN_KEYS = ['base_id', 'parent_id'];

/** Packs and signs. @param key one of the services' `hmac_keys`. */
export function signTraceInfo(
  { baseId, parentId }: { readonly baseId: string; readonly parentId: string },
  key: string,
): SignedTraceInfo {
  const json = JSON.stringify({ base_id: baseId, parent_id: parentId });
  // Python's `urlsafe_b64decode` insists on the padding, which Node's `base64url` leaves out.
  const info = Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { info, hmac: hmacOf(info, key).toString('hex') };
}

/**
 * Reads what one of the keys signed.
 * @returns undefined when none did, or when what was signed is no trace info.
 */
export function readTraceInfo(
  { info, hmac }: SignedTraceInfo,
  keys: readonly string[],
): TraceInfo | undefined {
  if (info.length > MAX_INFO_LENGTH || !isSigned(info, hmac.trim(), keys)) return undefined;
  const parsed = parsePythonJson(Buffer.from(info, 'base64url').toString('utf8'));
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  if (!Object.keys(parsed.value).every((key) => KNOWN_KEYS.includes(key))) return undefined;
  const baseId = readId(own(parsed.value, 'base_id'));
  const parent = own(parsed.value, 'parent_id') ?? null;
  const parentId = parent === null ? baseId : readId(parent);
  return baseId === undefined || parentId === undefined ? undefined : { baseId, parentId };
}

/** Every key is tried, whichever fits, so that the time taken does not tell which one did. */
function isSigned(info: string, hmac: string, keys: readonly string[]): boolean {
  if (!HMAC_HEX.test(hmac)) return false;
  const given = Buffer.from(hmac, 'hex');
  let isSigned = false;
  for (const key of keys) if (timingSafeEqual(given, hmacOf(info, key))) isSigned = true;
  return isSigned;
}

function hmacOf(info: string, key: string): Buffer {
  return createHmac('sha1', key).update(info).digest();
}

function readId(value: PyValue | undefined): Id | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
