/**
 * The SQL words that mean something to the summary and to the parameters' columns, numbered, and a look-up of them
 * that makes no string.
 */

/** The number of each word; 0 is every other word. */
export const Keyword = {
  SELECT: 1,
  INSERT: 2,
  REPLACE: 3,
  UPDATE: 4,
  DELETE: 5,
  MERGE: 6,
  WITH: 7,
  RECURSIVE: 8,
  VALUES: 9,
  FROM: 10,
  JOIN: 11,
  STRAIGHT_JOIN: 12,
  INTO: 13,
  USING: 14,
  WHERE: 15,
  GROUP: 16,
  ORDER: 17,
  HAVING: 18,
  LIMIT: 19,
  OFFSET: 20,
  FETCH: 21,
  WINDOW: 22,
  UNION: 23,
  EXCEPT: 24,
  INTERSECT: 25,
  SET: 26,
  RETURNING: 27,
  ON: 28,
  FOR: 29,
  AS: 30,
  AND: 31,
  OR: 32,
  NOT: 33,
  IS: 34,
  IN: 35,
  LIKE: 36,
  ILIKE: 37,
  RLIKE: 38,
  REGEXP: 39,
  BETWEEN: 40,
  ESCAPE: 41,
  DISTINCT: 42,
  DUPLICATE: 43,
  CONFLICT: 44,
  DO: 45,
  KEY: 46,
  CASE: 47,
  WHEN: 48,
  THEN: 49,
  ELSE: 50,
  END: 51,
  INNER: 52,
  LEFT: 53,
  RIGHT: 54,
  FULL: 55,
  OUTER: 56,
  CROSS: 57,
  NATURAL: 58,
  ONLY: 59,
  LATERAL: 60,
  IGNORE: 61,
  LOW_PRIORITY: 62,
  HIGH_PRIORITY: 63,
  DELAYED: 64,
  QUICK: 65,
  IF: 66,
  EXISTS: 67,
  CONCURRENTLY: 68,
  EXPLAIN: 69,
  DESCRIBE: 70,
  DESC: 71,
  CREATE: 72,
  ALTER: 73,
  DROP: 74,
  TRUNCATE: 75,
  RENAME: 76,
  LOCK: 77,
  UNLOCK: 78,
  CALL: 79,
  EXEC: 80,
  EXECUTE: 81,
  USE: 82,
  PRAGMA: 83,
  SHOW: 84,
  LOAD: 85,
  DATA: 86,
  COPY: 87,
  DECLARE: 88,
  ANALYZE: 89,
  OPTIMIZE: 90,
  CHECK: 91,
  REPAIR: 92,
  START: 93,
  TRANSACTION: 94,
  SAVEPOINT: 95,
  RELEASE: 96,
  ROLLBACK: 97,
  TO: 98,
  TABLE: 99,
  TABLES: 100,
  VIEW: 101,
  INDEX: 102,
  DATABASE: 103,
  SCHEMA: 104,
  SEQUENCE: 105,
  TYPE: 106,
  TRIGGER: 107,
  FUNCTION: 108,
  PROCEDURE: 109,
  EVENT: 110,
  USER: 111,
  ROLE: 112,
  COLLATE: 113,
  BINARY: 114,
  NULL: 115,
  TRUE: 116,
  FALSE: 117,
  DEFAULT: 118,
  INTERVAL: 119,
  ALL: 120,
  ANY: 121,
  SOME: 122,
  XOR: 123,
  BY: 124,
  VALUE: 125,
  SIMILAR: 126,
  GLOB: 127,
  MATCH: 128,
} as const;

type KeywordName = keyof typeof Keyword;

/** A set of keywords: one look-up in an array. */
export type KeywordSet = Uint8Array;

export function keywordSet(...names: readonly KeywordName[]): KeywordSet {
  const set = new Uint8Array(Object.keys(Keyword).length + 1);
  for (const name of names) set[Keyword[name]] = 1;
  return set;
}

/** Makes a letter small; the other characters of words keep apart from the letters. */
const FOLD = 0x20;
/** A power of two, some eight times the words, so that most look-ups of ordinary words end at an empty slot. */
const SLOTS = 1024;

const folded: string[] = [''];
const slots = new Uint8Array(SLOTS);
for (const [name, keyword] of Object.entries(Keyword)) {
  folded[keyword] = String.fromCharCode(...Array.from(name, (letter) => letter.charCodeAt(0) | FOLD));
  let slot = slotOf(name, 0, name.length);
  while (slots[slot] !== 0) slot = (slot + 1) % SLOTS;
  slots[slot] = keyword;
}
const shortest = Math.min(...Object.keys(Keyword).map((name) => name.length));
const longest = Math.max(...Object.keys(Keyword).map((name) => name.length));

/** From the first two letters, the last and the length: enough to part the keywords, whatever the word's length. */
function slotOf(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) | FOLD;
  const second = text.charCodeAt(start + 1) | FOLD;
  const last = text.charCodeAt(end - 1) | FOLD;
  return (first * 31 + second * 7 + last * 151 + (end - start) * 67) & (SLOTS - 1);
}

/** Which keyword `text[start, end)` is, whatever its case; 0 when none. */
export function findKeyword(text: string, start: number, end: number): number {
  if (end - start < shortest || end - start > longest) return 0;
  let slot = slotOf(text, start, end);
  for (let keyword = slots[slot]!; keyword !== 0; keyword = slots[slot]!) {
    if (isSpelt(folded[keyword]!, text, start, end)) return keyword;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return 0;
}

function isSpelt(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at++) {
    if (word.charCodeAt(at) !== (text.charCodeAt(start + at) | FOLD)) return false;
  }
  return true;
}
