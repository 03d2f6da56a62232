/** The words that matter in queries, by what they mean to the list of tables that a summary is made from. */
import { Keyword, keywordSet } from './keywords.js';
import { type SqlTokens, Token } from './tokens.js';

/** Words that cannot be a table's bare name, so that a target that is expected has not come. */
export const RESERVED = keywordSet(
  ...([
    'SELECT',
    'FROM',
    'WHERE',
    'GROUP',
    'ORDER',
    'HAVING',
    'LIMIT',
    'UNION',
    'EXCEPT',
    'INTERSECT',
  ] as const),
  ...([
    'SET',
    'VALUES',
    'JOIN',
    'STRAIGHT_JOIN',
    'INNER',
    'LEFT',
    'RIGHT',
    'CROSS',
    'NATURAL',
    'ON',
  ] as const),
  ...(['USING', 'FOR', 'RETURNING', 'AS', 'WITH', 'INTO'] as const),
);
/** Words that may come between an operation and its target; before anything else they are the target. */
const MODIFIERS = keywordSet(
  ...([
    'INTO',
    'ONLY',
    'LATERAL',
    'TABLE',
    'IGNORE',
    'LOW_PRIORITY',
    'HIGH_PRIORITY',
    'DELAYED',
    'QUICK',
  ] as const),
  ...(['IF', 'NOT', 'EXISTS', 'CONCURRENTLY', 'OR'] as const),
);
/** Words that end a list of tables. */
export const ENDS_TABLES = keywordSet(
  ...([
    'WHERE',
    'GROUP',
    'ORDER',
    'HAVING',
    'LIMIT',
    'OFFSET',
    'FETCH',
    'WINDOW',
    'FOR',
    'LOCK',
    'UNION',
  ] as const),
  ...([
    'EXCEPT',
    'INTERSECT',
    'SET',
    'RETURNING',
    'VALUES',
    'UPDATE',
    'DO',
    'DUPLICATE',
    'CONFLICT',
  ] as const),
);
export const QUERY_VERBS = keywordSet('SELECT', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'MERGE');
/** Verbs whose FROM is followed by tables. */
export const READS_FROM = keywordSet('SELECT', 'DELETE', 'UPDATE', 'SHOW');
/** Verbs behind whose first words a WITH may introduce the query. */
export const HOLDS_QUERY = keywordSet('INSERT', 'REPLACE', 'CREATE', 'DECLARE', 'EXPLAIN');
/** Verbs that a whole query may follow. */
export const EXPLAIN_VERBS = keywordSet('EXPLAIN', 'DESCRIBE', 'DESC');

/** Whether a word where a target is expected comes before the target and is not it. */
export function isModifier(keyword: number, { nextKind, nextKeyword }: SqlTokens): boolean {
  if (MODIFIERS[keyword] !== 1) return false;
  if (nextKind === Token.WORD) return RESERVED[nextKeyword] !== 1 || MODIFIERS[nextKeyword] === 1;
  if (nextKind !== Token.OPEN) return nextKind === Token.QUOTED_NAME || nextKind === Token.STRING;
  return keyword === Keyword.LATERAL || keyword === Keyword.ONLY || keyword === Keyword.TABLE;
}

/** Whether a target follows a word (other than FROM) in the statement of a verb, within its tables or elsewhere. */
export function introducesTarget(
  keyword: number,
  verb: number,
  inTables: boolean,
  nextKind: number,
): boolean {
  switch (keyword) {
    case Keyword.JOIN:
    case Keyword.STRAIGHT_JOIN:
      return inTables;
    case Keyword.USING:
      // In the tables of a DELETE it may be a join's: USING (column).
      return verb === Keyword.MERGE || (verb === Keyword.DELETE && nextKind !== Token.OPEN);
    case Keyword.INTO:
      return verb === Keyword.LOAD;
    case Keyword.ON:
      return verb === Keyword.INDEX;
    case Keyword.IN:
      return verb === Keyword.SHOW;
    default:
      return false;
  }
}
