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
/** By character. */
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
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

const scratch = new Int32Array(UUID_WORDS);

export function isCanonicalUuid(id: string | bigint): id is string {
  return putWords(id, scratch, 0);
}
