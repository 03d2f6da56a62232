/** UUIDs as Python's `str(uuid4())` writes them, which nearly all ids of osprofiler are. */

/** Of the text, in characters. */
export const UUID_LENGTH = 36;
/** Where in the text the low 64 bits begin, which are a span's id. */
export const LOW_BITS = 19;

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isCanonicalUuid(id: string | bigint): id is string {
  return typeof id === 'string' && CANONICAL.test(id);
}

/** Its 32 hex digits. */
export function digitsOf(uuid: string): string {
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + lowDigitsOf(uuid);
}

/** The last 16 of them: the low 64 bits. */
export function lowDigitsOf(uuid: string): string {
  return uuid.slice(LOW_BITS, 23) + uuid.slice(24);
}
