/** The value that belongs to a secret key: where it stands in a text, and what to put in its place. */
import {
  type BareKind,
  bareEnd,
  blockEnd,
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
import { isSecretContainerKey } from './keys.js';

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
/** `{'name': 'password', 'value': …}`: the key is itself a value, and the next member holds what it names. */
const NAMED_VALUE = /\s*[bu]?\\*["']?(?:value|val|content|default)\\*["']?\s*[:=]/iy;
/** `'node.session.auth.password', '-v', …` and `node.session.auth.password -v …`, as iscsiadm is called. */
const QUOTED_FLAG = /\s*\\*["']--?[a-z]+\\*["']\s*,/iy;
const FLAG = /--?[a-z]{1,32}[ \t]/iy;
/** A value that begins on the next line, as YAML has it: `password: |`. */
const BLOCK = /[ \t]*(?:[|>][-+\d]{0,2})?[ \t]*\r?\n/y;
const ENCODED_EQUALS = /%3D/iy;
const HTML_QUOTE = /&(?:quot|#34|#39|apos);/y;

/** The value of this key; undefined when no separator follows, so that the word is none's key. */
export function fieldOf(text: string, key: Key): Cut | undefined {
  const html = htmlValueOf(text, key);
  if (html !== undefined) return html;
  const separator = separatorOf(text, key);
  if (separator === undefined) return undefined;
  const { quote } = separator;
  const block = separator.isColon && quote === undefined ? blockOf(text, key.from, separator.end) : undefined;
  if (block !== undefined) return block;
  const start = skipSpaces(text, separator.end, quote !== undefined);
  const opening = openingQuote(text, start);
  if (opening !== undefined)
    return { start: opening, end: openedEnd(text, start, opening), replacement: MASK };
  if (/[[({]/.test(text[start] ?? '') && !isSecretContainerKey(key.name)) return undefined;
  const end = bareValueEnd(text, key, separator, start);
  // A container or a number becomes a text: in the key's own quotes, so that JSON stays JSON.
  return { start, end, replacement: quote === undefined ? MASK : written(quote) + MASK + written(quote) };
}

function separatorOf(text: string, key: Key): Separator | undefined {
  const { name, from, to } = key;
  const isOption = name.startsWith('--');
  const quote = quoteAt(text, to);
  let at = quote === undefined ? to : behindQuote(text, to, quote);
  // `headers['X-Auth-Token'] = …`, `user[password]=…`
  if (text[at] === ']') at++;
  const mark = skipSpaces(text, at, quote !== undefined);
  const kind = quote === undefined ? bareKind(text, key) : 'value';
  switch (text[mark]) {
    case ':':
      // A path such as `/v3/auth/tokens: …` or a URL's scheme is no key.
      if (quote === undefined && (text[from - 1] === '/' || text.startsWith('//', mark + 1)))
        return undefined;
      return { end: text[mark + 1] === '=' ? mark + 2 : mark + 1, isColon: true, quote, kind: 'value' };
    case '=':
      return { end: behindEquals(text, mark), isColon: false, quote, kind };
    case '%':
      return matches(ENCODED_EQUALS, text, mark)
        ? { end: mark + 3, isColon: false, quote, kind: 'encoded' }
        : undefined;
    case ',':
      return quote === undefined ? undefined : pairOf(text, key, quote, mark + 1);
    default:
      return quote === undefined && mark > at ? spacedValueOf(text, isOption, mark, kind) : undefined;
  }
}

/** What follows a quoted word and a comma: its value in a pair, behind a flag, or under the key `value`. */
function pairOf(text: string, { name, from }: Key, quote: Quote, behindComma: number): Separator | undefined {
  const isPair = name.startsWith('--') || isFirstOfPair(text, from, quote);
  let end = matchEnd(QUOTED_FLAG, text, behindComma);
  if (end === undefined)
    end = isNamed(text, from, quote) ? matchEnd(NAMED_VALUE, text, behindComma) : undefined;
  if (end === undefined && !isPair) return undefined;
  return { end: end ?? behindComma, isColon: false, quote, kind: 'value' };
}

/** `--os-password x`, `secret "x"` and `password -v x`. */
function spacedValueOf(text: string, isOption: boolean, mark: number, kind: BareKind): Separator | undefined {
  if (isOption)
    return text.startsWith('--', mark) ? undefined : { end: mark, isColon: false, quote: undefined, kind };
  const flag = matchEnd(FLAG, text, mark);
  if (flag !== undefined) return { end: flag, isColon: false, quote: undefined, kind: 'argument' };
  return isQuote(text.charCodeAt(mark)) || text[mark] === '\\'
    ? { end: mark, isColon: false, quote: undefined, kind }
    : undefined;
}

/** Whether a quoted word is the value of another key, as in `'name': 'password'`. */
function isNamed(text: string, from: number, quote: Quote): boolean {
  let before = from - quote.backslashes - 2;
  if (/[bu]/.test(text[before] ?? '')) before--;
  while (text[before] === ' ') before--;
  return text[before] === ':' || text[before] === '=';
}

/** The value of a key in HTML's quotes, as JSON has them inside XML: `&quot;password&quot;: &quot;x&quot;`. */
function htmlValueOf(text: string, { to }: Key): Cut | undefined {
  const behindKey = matchEnd(HTML_QUOTE, text, to);
  if (behindKey === undefined) return undefined;
  const mark = text.slice(to, behindKey);
  const colon = skipSpaces(text, behindKey, false);
  if (text[colon] !== ':') return undefined;
  const start = skipSpaces(text, colon + 1, false);
  if (!text.startsWith(mark, start))
    return { start, end: bareEnd(text, start, 'value', undefined), replacement: MASK };
  const end = text.indexOf(mark, start + mark.length);
  return { start: start + mark.length, end: end === -1 ? text.length : end, replacement: MASK };
}

/** The more indented lines below a key, when its value begins on the next line. */
function blockOf(text: string, from: number, start: number): Cut | undefined {
  const lines = matchEnd(BLOCK, text, start);
  if (lines === undefined) return undefined;
  const end = blockEnd(text, from, lines);
  if (end === undefined) return undefined;
  const content = skipSpaces(text, lines, true);
  return { start: content, end, replacement: MASK };
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

/** Behind the quote that opens at `at`, perhaps after Python's `b`, `u` or `r`. */
function openingQuote(text: string, at: number): number | undefined {
  const mark = behindPrefix(text, at);
  const quote = quoteAt(text, mark);
  return quote === undefined ? undefined : behindQuote(text, mark, quote);
}

/** Where the content ends that begins at `start` behind the quote at `at`. */
function openedEnd(text: string, at: number, start: number): number {
  const mark = behindPrefix(text, at);
  const quote = quoteAt(text, mark)!;
  const opening = text.slice(mark, start);
  if (opening.length === written(quote).length) return quotedEnd(text, start, quote);
  const end = text.indexOf(opening, start);
  return end === -1 ? text.length : end;
}

function behindPrefix(text: string, at: number): number {
  let mark = at;
  while (mark - at < 2 && /[bBuUrR]/.test(text[mark] ?? '')) mark++;
  return mark;
}

/** Behind a quote at `at`, or behind all three of `"""`. */
function behindQuote(text: string, at: number, quote: Quote): number {
  const one = written(quote);
  return text.startsWith(one + one + one, at) ? at + 3 * one.length : at + one.length;
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
  let bracket = from - quote.backslashes - 2;
  if (/[bu]/.test(text[bracket] ?? '')) bracket--;
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

/** Where a sticky pattern that is looked for at `at` ends; undefined when it is not there. */
export function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

const matches = (pattern: RegExp, text: string, at: number): boolean =>
  matchEnd(pattern, text, at) !== undefined;
