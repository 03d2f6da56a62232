/**
 * The two headers that carry a trace from one OpenStack service to the next: made and read.
 *
 * `X-Trace-Info` is the URL-safe base64 of the JSON `{"base_id", "parent_id"}`. `X-Trace-HMAC` is the HMAC-SHA1 of that
 * base64 text, in hexadecimal. Source: openstack/osprofiler, `web.py` and `_utils.py` (`signed_pack`, `signed_unpack`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, own, type PyValue, parsePythonJson } from '../python-json/parse.js';
import type { Id } from '../trace-point.js';

/** The header with the ids. */
export const TRACE_INFO_HEADER = 'X-Trace-Info';
/** The header with the signature of {@link TRACE_INFO_HEADER}. */
export const TRACE_HMAC_HEADER = 'X-Trace-HMAC';

/** The place of a request in a trace. */
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

/** Characters. osprofiler's own have 140. */
const MAX_INFO_LENGTH = 4_096;
const HMAC_HEX = /^[0-9a-f]{40}$/;
/** osprofiler refuses any other key. */
const KNOWN_KEYS = ['base_id', 'parent_id'];

/** @param key one of the services' `hmac_keys`. */
export function signTraceInfo(
  { baseId, parentId }: { readonly baseId: string; readonly parentId: string },
  key: string,
): SignedTraceInfo {
  const json = JSON.stringify({ base_id: baseId, parent_id: parentId });
  // Not Node's `base64url`: it leaves out the padding, which Python's `urlsafe_b64decode` needs.
  const info = Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { info, hmac: hmacOf(info, key).toString('hex') };
}

/** @returns undefined when none of the keys signed the headers, or when they are malformed. */
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

/** All keys are always tried: the time must not tell which of them signed. */
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
