/**
 * A statement without placeholders holds its values in its text. The conventions (OpenTelemetry, database spans,
 * "Sanitization of db.query.text") ask for a `?` in place of each literal; a statement with placeholders may stay.
 */
import { SqlTokens, type Token, wordSet } from './tokens.js';

/** Words behind which MySQL's "…" is a string and no name. */
const BEFORE_STRING = wordSet('BY LIKE PASSWORD REGEXP RLIKE');
/** Words behind a list of values. */
const ENDS_VALUES = wordSet('ON AS RETURNING SELECT');

/** The statement with its literals replaced; as it came when it has placeholders. */
export function withoutLiterals(statement: string): string {
  const tokens = new SqlTokens(statement);
  let out = '';
  let from = 0;
  let inValues = false;
  for (let token = tokens.advance(); token.kind !== 'end'; token = tokens.advance()) {
    if (token.kind === 'placeholder') return statement;
    if (token.keyword === 'VALUES' || token.keyword === 'VALUE') inValues = true;
    else if (token.kind === ';' || ENDS_VALUES.has(token.keyword)) inValues = false;
    if (!isLiteral(token, tokens, inValues)) continue;
    out += `${statement.slice(from, token.start)}?`;
    from = token.end;
  }
  return out + statement.slice(from);
}

function isLiteral(token: Token, { text, before, next }: SqlTokens, inValues: boolean): boolean {
  const { kind } = token;
  if (kind === 'string' || kind === 'number' || kind === 'cut') return true;
  if (kind !== 'name' || text[token.start] !== '"' || next.kind === '.') return false;
  if (inValues && (before.kind === '(' || before.kind === ',')) return true;
  return before.kind === 'operator' || BEFORE_STRING.has(before.keyword);
}
