/** The value that belongs to a secret key: where it stands in a text, and what to put in its place. */
import {
  type BareKind,
  bareEnd,
  type Cut,
  isQuote,
  isSpace,
  lineEnd,
  MASK,
  type Quote,
  quoteAt,
  quotedEnd,
  written,
} from './extent.js';

/** A key in a text: `name` is what stands from `from` to `to`, or the end of it when it is very long. */
export interface Key {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** What stands between a key and its value. */
interface Separator {
  /** Behind the separator. */
  readonly end: number;
  readonly isColon: boolean;
  /** The quote that closes the key. */
  readonly quote: Quote | undefined;
  /** What ends a value without quotes. */
  readonly kind: BareKind;
}

/** HTTP's authentication schemes whose credential is one word. */
const ONE_WORD_SCHEME = /^(?:bearer|basic|token|negotiate|ntlm)$/i;
const LONGEST_SCHEME = 16;
/** Headers whose values hold spaces, commas and quotes. */
const LINE_HEADER = /(?:authorization|cookie)$/i;

/** The value of this key; undefined when no separator follows, so that the word is none's key. */
export function fieldOf(text: string, key: Key): Cut | undefined {
  const separator = separatorOf(text, key);
  if (separator === undefined) return undefined;
  const { quote } = separator;
  const start = skipSpaces(text, separator.end, quote !== undefined);
  const opening = openingQuote(text, start);
  if (opening !== undefined)
    return { ...opening, end: quotedEnd(text, opening.start, opening.quote), replacement: MASK };
  const end = bareValueEnd(text, key, separator, start);
  // A container or a number becomes a text: in the key's own quotes, so that JSON stays JSON.
  return { start, end, replacement: quote === undefined ? MASK : written(quote) + MASK + written(quote) };
}

function separatorOf(text: string, key: Key): Separator | undefined {
  const { name, from, to } = key;
  const isOption = name.startsWith('--');
  const quote = quoteAt(text, to);
  let at = quote === undefined ? to : to + quote.backslashes + 1;
  // `headers['X-Auth-Token'] = …`, `user[password]=…`
  if (text[at] === ']') at++;
  const mark = skipSpaces(text, at, quote !== undefined);
  const kind = quote === undefined ? bareKind(text, key) : 'value';
  switch (text[mark]) {
    case ':':
      // A path such as `/v3/auth/tokens: …` or a URL's scheme is no key.
      if (quote === undefined && (text[from - 1] === '/' || text.startsWith('//', mark + 1)))
        return undefined;
      return { end: mark + 1, isColon: true, quote, kind: 'value' };
    case '=':
      return { end: behindEquals(text, mark), isColon: false, quote, kind };
    case ',':
      if (quote === undefined || !(isOption || isFirstOfPair(text, from, quote))) return undefined;
      return { end: mark + 1, isColon: false, quote, kind: 'value' };
    default:
      // `--os-password x`
      if (!isOption || quote !== undefined || mark === at || text.startsWith('--', mark)) return undefined;
      return { end: mark, isColon: false, quote, kind };
  }
}

/** Whether the key stands behind `?` or `&`, as in a URL's query. */
export const isQueryField = (text: string, key: Key): boolean =>
  text[key.from - 1] === '?' || text[key.from - 1] === '&';

const bareKind = (text: string, key: Key): BareKind =>
  isQueryField(text, key) ? 'query' : key.name.startsWith('--') ? 'argument' : 'value';

function bareValueEnd(text: string, key: Key, { isColon, quote, kind }: Separator, start: number): number {
  const word = bareEnd(text, start, kind, quote);
  // Masked already: what stands behind was left then too.
  if (text.slice(start, Math.min(word, start + MASK.length + 1)) === MASK) return word;
  const isLine = isColon && quote === undefined && LINE_HEADER.test(key.name);
  const line = isLine ? lineEnd(text, start, quoteBefore(text, key.from)) : start;
  if (word - start <= LONGEST_SCHEME && ONE_WORD_SCHEME.test(text.slice(start, word)) && text[word] === ' ') {
    const credential = skipSpaces(text, word, false);
    const end = bareEnd(text, credential, kind, quote);
    if (end > credential) return line > credential ? Math.min(end, line) : end;
  }
  return line > start ? line : word;
}

/** The quote that opens at `at`, perhaps behind Python's `b`, `u` or `r`; `start` is that of its content. */
function openingQuote(
  text: string,
  at: number,
): { readonly start: number; readonly quote: Quote } | undefined {
  let mark = at;
  while (mark - at < 2 && /[bBuUrR]/.test(text[mark] ?? '')) mark++;
  const quote = quoteAt(text, mark);
  return quote === undefined ? undefined : { start: mark + quote.backslashes + 1, quote };
}

/** The quote that ends before `from`. */
function quoteBefore(text: string, from: number): Quote | undefined {
  const mark = text.charCodeAt(from - 1);
  if (!isQuote(mark)) return undefined;
  let first = from - 1;
  while (first > 0 && text[first - 1] === '\\') first--;
  return { mark, backslashes: from - 1 - first };
}

/** Whether a quoted key begins a pair: `('password', 'x')`, or `["password", "x"]` in a list of such. */
function isFirstOfPair(text: string, from: number, quote: Quote): boolean {
  const bracket = from - quote.backslashes - 2;
  if (text[bracket] === '(') return true;
  if (text[bracket] !== '[') return false;
  const before = text[bracket - 1] === ' ' ? text[bracket - 2] : text[bracket - 1];
  return before === '[' || before === ',';
}

/** Behind `=`, `==` or `=>`. */
function behindEquals(text: string, at: number): number {
  const next = text[at + 1];
  return next === '=' || next === '>' ? at + 2 : at + 1;
}

/** Behind the spaces and tabs at `at`, and the line breaks if so wished. */
function skipSpaces(text: string, at: number, lines: boolean): number {
  let end = at;
  while (lines ? isSpace(text.charCodeAt(end)) : text[end] === ' ' || text[end] === '\t') end++;
  return end;
}
