/**
 * What Python's `uuid.UUID(text)` reads, which is more than RFC 9562 writes: it drops every `urn:`, `uuid:` and dash,
 * strips braces, and gives what is left, when it is 32 characters long, to `int(…, 16)`, which in turn takes white
 * space at the ends, a sign, `0x`, single underscores between digits, and the decimal digits of any script.
 * Source: cpython `Lib/uuid.py`, `Objects/longobject.c`, `Objects/unicodeobject.c`.
 */

/** @returns 32 lower-case hex digits, or undefined where Python raises ValueError. */
export function parsePythonUuid(text: string): string | undefined {
  const bare = withoutBraces(text.replaceAll('urn:', '').replaceAll('uuid:', '')).replaceAll('-', '');
  if (/^[0-9a-fA-F]{32}$/.test(bare)) return bare.toLowerCase();
  // A character is one or two UTF-16 units: more than 64 are more than 32 characters.
  if (bare.length > 64) return undefined;
  const characters = Array.from(bare);
  return characters.length === 32 ? parsePythonHex(characters) : undefined;
}

/** In one pass: a regular expression for the end would take quadratic time over braces that are not at it. */
function withoutBraces(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBrace(text[from])) from++;
  while (to > from && isBrace(text[to - 1])) to--;
  return text.slice(from, to);
}

function isBrace(char: string | undefined): boolean {
  return char === '{' || char === '}';
}

function parsePythonHex(characters: readonly string[]): string | undefined {
  const ascii = characters.map(toAscii).join('');
  const match = /^[ \t\n\v\f\r]*\+?(0[xX]_?)?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)[ \t\n\v\f\r]*$/.exec(ascii);
  return match?.[2]?.replaceAll('_', '').toLowerCase().padStart(32, '0');
}

/**
 * Python turns white space of any script to a blank and decimal digits of any script to 0-9 before it parses. ASCII
 * stays as it is, so that U+001C to U+001F, white space elsewhere in Python, are none here.
 */
function toAscii(char: string): string {
  if (char < '\u0080') return char;
  if (/[\u0085\s]/u.test(char) && char !== '\ufeff') return ' ';
  const value = decimalValue(char);
  return value === undefined ? '?' : String(value);
}

/** Unicode lays decimal digits out in runs of ten from zero to nine: the place in the run is the value. */
function decimalValue(char: string): number | undefined {
  if (!/^\p{Nd}$/u.test(char)) return undefined;
  const code = char.codePointAt(0)!;
  let first = code;
  while (first > 0 && /^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}
