/** UUIDs as Python's `str(uuid4())` writes them, which nearly all ids of osprofiler are. */

/** Of the text, in characters. */
export const UUID_LENGTH = 36;
/** Where in the text the low 64 bits begin, which are a span's id. */
export const LOW_BITS = 19;

/** Its 32 hex digits. */
export function digitsOf(uuid: string): string {
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + lowDigitsOf(uuid);
}

/** The last 16 of them: the low 64 bits. */
export function lowDigitsOf(uuid: string): string {
  return uuid.slice(LOW_BITS, 23) + uuid.slice(24);
}

/** Words of 32 bits in a UUID. */
export const UUID_WORDS = 4;
const DIGITS_A_WORD = 8;
const DASH = 0x2d;
/** Where in the text the dashes are: a bit for each. */
const DASHES = (1 << 8) | (1 << 13) | (1 << 18) | (1 << 23);
const NO_DIGIT = 0xff;
const NO_DIGIT_BIT = 0x80;
/** By character, or byte. */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/**
 * Puts the bits of a UUID into `words`, from `begin` on.
 * @returns false for what is none, which leaves anything there.
 */
export function putWords(id: unknown, words: Int32Array, begin: number): id is string {
  if (typeof id !== 'string' || id.length !== UUID_LENGTH) return false;
  let word = 0;
  let digits = 0;
  for (let at = 0; at < UUID_LENGTH; at++) {
    const code = id.charCodeAt(at);
    // A shift by 32 and more begins anew, where there are no dashes either.
    if ((DASHES & (1 << at)) !== 0) {
      if (code !== DASH) return false;
      continue;
    }
    const digit = code < DIGITS.length ? DIGITS[code]! : NO_DIGIT;
    if (digit === NO_DIGIT) return false;
    word = (word << 4) | digit;
    digits++;
    if (digits % DIGITS_A_WORD === 0) words[begin + digits / DIGITS_A_WORD - 1] = word;
  }
  return true;
}

/**
 * Puts the bits of a UUID that stands in the bytes of an ASCII text into `words`.
 * @returns false for what is none, which leaves `words` as they were.
 */
export function putWordsAt(bytes: Uint8Array, at: number, words: Int32Array): boolean {
  if (at + UUID_LENGTH > bytes.length) return false;
  const areDashes =
    bytes[at + 8] === DASH && bytes[at + 13] === DASH && bytes[at + 18] === DASH && bytes[at + 23] === DASH;
  const a = fourDigits(bytes, at);
  const b = fourDigits(bytes, at + 4);
  const c = fourDigits(bytes, at + 9);
  const d = fourDigits(bytes, at + 14);
  const e = fourDigits(bytes, at + 19);
  const f = fourDigits(bytes, at + 24);
  const g = fourDigits(bytes, at + 28);
  const h = fourDigits(bytes, at + 32);
  if (!areDashes || (a | b | c | d | e | f | g | h) < 0) return false;
  words[0] = (a << 16) | b;
  words[1] = (c << 16) | d;
  words[2] = (e << 16) | f;
  words[3] = (g << 16) | h;
  return true;
}

/** The value of four hex digits; negative when one of them is none, which alone has the bit that becomes the sign. */
function fourDigits(bytes: Uint8Array, at: number): number {
  const a = DIGITS[bytes[at]!]!;
  const b = DIGITS[bytes[at + 1]!]!;
  const c = DIGITS[bytes[at + 2]!]!;
  const d = DIGITS[bytes[at + 3]!]!;
  return (((a | b | c | d) & NO_DIGIT_BIT) << 24) | (a << 12) | (b << 8) | (c << 4) | d;
}

const scratch = new Int32Array(UUID_WORDS);

export function isCanonicalUuid(id: string | bigint): id is string {
  return putWords(id, scratch, 0);
}
