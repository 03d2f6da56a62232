/** The characters of SQL: what each can begin or go on with. */

/** Characters by their codes. */
export const Char = {
  LF: 0x0a,
  DOUBLE: 0x22,
  HASH: 0x23,
  DOLLAR: 0x24,
  PERCENT: 0x25,
  AMPERSAND: 0x26,
  QUOTE: 0x27,
  OPEN: 0x28,
  CLOSE: 0x29,
  STAR: 0x2a,
  PLUS: 0x2b,
  COMMA: 0x2c,
  MINUS: 0x2d,
  POINT: 0x2e,
  SLASH: 0x2f,
  ZERO: 0x30,
  COLON: 0x3a,
  SEMICOLON: 0x3b,
  EQUALS: 0x3d,
  GREATER: 0x3e,
  QUESTION: 0x3f,
  AT: 0x40,
  BRACKET: 0x5b,
  BACKSLASH: 0x5c,
  BRACKET_END: 0x5d,
  BACKTICK: 0x60,
  SMALL_E: 0x65,
  SMALL_S: 0x73,
  PIPE: 0x7c,
  NINE: 0x39,
} as const;

export const CharClass = { BLANK: 1, LETTER: 2, DIGIT: 3, OPERATOR: 4 } as const;
const { BLANK, LETTER, DIGIT, OPERATOR } = CharClass;
/** By character code, below 128: what a character can begin or go on with. */
const CLASSES = new Uint8Array(128);
for (let code = 0; code <= 32; code++) CLASSES[code] = BLANK;
for (let code = 65; code <= 90; code++) CLASSES[code] = CLASSES[code + 32] = LETTER;
for (let code = 48; code <= 57; code++) CLASSES[code] = DIGIT;
for (const sign of '<>=!~|&^+-*') CLASSES[sign.charCodeAt(0)] = OPERATOR;
CLASSES[0x5f] = LETTER;
/** Likewise: whether a word goes on with a character. */
const GOES_ON_WORD = CLASSES.map((kind, code) =>
  kind === LETTER || kind === DIGIT || code === 0x24 ? 1 : 0,
);

/** Makes a letter small. */
export const FOLD = 0x20;
/** Blanks beyond ASCII that no identifier holds; every other such character may stand in one. */
function isWideBlank(code: number): boolean {
  return (
    code === 0xa0 ||
    code === 0xfeff ||
    code === 0x3000 ||
    (code >= 0x2000 && code <= 0x200b) ||
    code === 0x2028 ||
    code === 0x2029
  );
}

/** What stands past the end: a character that is neither a blank nor a digit nor of a word. */
const PAST_END = 0x7f;

/** The character code at `at`. Never NaN, which would make every code that is compared with it a float. */
export function codeAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? text.charCodeAt(at) : PAST_END;
}

/** 0 is every other character. */
export function classOf(code: number): number {
  if (code < 128) return CLASSES[code]!;
  return isWideBlank(code) ? BLANK : LETTER;
}

/** Whether a character can go on with a word. */
export function isWordCharacter(code: number): boolean {
  return code < 128 ? GOES_ON_WORD[code] === 1 : !isWideBlank(code);
}
