/** Names as SQL writes them: qualified, quoted. */
import { type SqlTokens, Token } from './tokens.js';

export function isName(kind: number): boolean {
  return kind === Token.WORD || kind === Token.QUOTED_NAME;
}

/** The current token and the names that dots join to it, without blanks; '' for a name that the text ends in. */
export function readQualifiedName(tokens: SqlTokens): string {
  let name = tokens.currentText();
  while (tokens.nextKind === Token.DOT) {
    tokens.advance();
    name += '.';
    if (!isName(tokens.nextKind)) continue;
    tokens.advance();
    name += tokens.currentText();
  }
  return name.endsWith('.') ? '' : name;
}

/** What `text[start, end)`, a word or a quoted name, names: without its quotes. */
export function bareName(text: string, start: number, end: number): string {
  const quote = text[start]!;
  if (quote === '[') return text.slice(start + 1, end - 1);
  if (quote !== '"' && quote !== '`' && quote !== "'") return text.slice(start, end);
  return text.slice(start + 1, end - 1).replaceAll(quote + quote, quote);
}
