/**
 * Where a value ends: quoted text, a container, or text without quotes, at any depth of escaping. Every function here
 * goes over the text once, from `start` to the index it returns. When the end is in doubt, or cut off, the later
 * one is taken: rather too much is masked than too little.
 */

/** What stands in place of a secret. */
export const MASK = '***';

/** A part of a text, and what to put in its place. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
export const DOUBLE_QUOTE = 0x22;
export const SINGLE_QUOTE = 0x27;
const OPEN_ROUND = 0x28;
const CLOSE_ROUND = 0x29;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const GREATER = 0x3e;
const OPEN_SQUARE = 0x5b;
export const BACKSLASH = 0x5c;
const CLOSE_SQUARE = 0x5d;
const OPEN_CURLY = 0x7b;
const CLOSE_CURLY = 0x7d;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const HASH = 0x23;

/** A quotation mark as it was written, with the backslashes that nested escaping put before it. */
export interface Quote {
  /** Character code of `'` or `"`. */
  readonly mark: number;
  readonly backslashes: number;
}

/**
 * What ends a value without quotes.
 * - `value`: white space and whatever separates or closes in Python's and JSON's notation.
 * - `argument`: white space, as on a command line.
 * - `query`: what cannot stand in a URL, and `&`.
 * - `encoded`: the same, and `&` and `#` as percent escapes: the query of a URL inside a URL.
 */
export type BareKind = 'value' | 'argument' | 'query' | 'encoded';

export const isQuote = (code: number): boolean => code === SINGLE_QUOTE || code === DOUBLE_QUOTE;

/** Space, tab, line feed and carriage return. */
export const isSpace = (code: number): boolean =>
  code === SPACE || code === TAB || code === LINE_FEED || code === RETURN;

/** Letters, digits, underscore and everything beyond ASCII. */
function isWord(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code > 0x7f
  );
}

/** Whether `code` may be part of a bare key: `os-password`, `auth.token`. */
export const isKeyCharacter = (code: number): boolean =>
  (isWord(code) && code <= 0x7f) || code === 0x2d || code === 0x2e;

/** The quotation mark at `at`, or the one after the backslashes that begin there. */
export function quoteAt(text: string, at: number): Quote | undefined {
  let end = at;
  while (text.charCodeAt(end) === BACKSLASH) end++;
  const mark = text.charCodeAt(end);
  return isQuote(mark) ? { mark, backslashes: end - at } : undefined;
}

/** The quotation mark as it was written. */
export const written = (quote: Quote): string =>
  '\\'.repeat(quote.backslashes) + String.fromCharCode(quote.mark);

/**
 * Where the content of a quoted text ends: at its closing mark's first backslash, or at the end of the text.
 *
 * The closing mark has as many backslashes as the opening one, for both went through the same escaping. More mean
 * content (a quote in it, or a backslash at its end, which cannot be told apart from here and is taken for the
 * former); fewer mean that the text around it ends. A letter right behind the mark means that somebody put quotes
 * round a text without escaping it, and that it goes on.
 * @param start behind the opening mark.
 */
export function quotedEnd(text: string, start: number, quote: Quote): number {
  const mark = quote.mark === SINGLE_QUOTE ? "'" : '"';
  for (let at = text.indexOf(mark, start); at !== -1; at = text.indexOf(mark, at + 1)) {
    let first = at;
    while (first > start && text.charCodeAt(first - 1) === BACKSLASH) first--;
    if (at - first <= quote.backslashes && !isWord(text.charCodeAt(at + 1))) return first;
  }
  return text.length;
}

const opens = (code: number): boolean => code === OPEN_ROUND || code === OPEN_SQUARE || code === OPEN_CURLY;
const closes = (code: number): boolean =>
  code === CLOSE_ROUND || code === CLOSE_SQUARE || code === CLOSE_CURLY;

/**
 * Behind the bracket that closes the container which opens at `start`: `(`, `[`, `{` or, for Python's objects, `<`.
 * Brackets in quoted text do not count.
 * @param around the quote of the key, if any: a mark with fewer backslashes ends the text that holds both.
 */
export function containerEnd(text: string, start: number, around: Quote | undefined): number {
  const object = text.charCodeAt(start) === LESS;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (opens(code) || (object && code === LESS)) depth++;
    else if (closes(code) || (object && code === GREATER)) {
      if (--depth === 0) return at + 1;
    } else if (code === BACKSLASH || isQuote(code)) {
      const quote = quoteAt(text, at);
      if (quote === undefined) {
        at = behindBackslashes(text, at) - 1;
        continue;
      }
      if (around !== undefined && quote.mark === around.mark && quote.backslashes < around.backslashes)
        return at;
      const content = at + quote.backslashes + 1;
      at = behindBackslashes(text, quotedEnd(text, content, quote));
    }
  }
  return text.length;
}

function behindBackslashes(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === BACKSLASH) end++;
  return end;
}

/** Where a value without quotes ends. Containers in it, as in `SecretStr('…')`, belong to it whole. */
export function bareEnd(text: string, start: number, kind: BareKind, around: Quote | undefined): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) return at;
    if (kind === 'query' || kind === 'encoded') {
      if (code === AMPERSAND || endsUrl(text, at)) return at;
      if (kind === 'encoded' && code === PERCENT && /^%2[36]/.test(text.slice(at, at + 3))) return at;
    } else if (code === BACKSLASH || isQuote(code)) {
      if (endsAtQuote(text, at) || endsHeader(text, at)) return at;
      if (code === BACKSLASH) at = behindBackslashes(text, at) - 1;
    } else if (kind === 'value') {
      if (code === COMMA || code === SEMICOLON || code === GREATER || closes(code)) return at;
      if (opens(code) || (code === LESS && at === start)) at = containerEnd(text, at, around) - 1;
      else if (code === AMPERSAND && beginsField(text, at + 1)) return at;
    } else if (code === LESS && at > start) return at;
  }
  return text.length;
}

/** Whether a URL's query or authority cannot go on with what stands at `at`: its fragment begins, or other text. */
export function endsUrl(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === LESS || code === GREATER || code === HASH || code === BACKSLASH || isSpace(code)) return true;
  return isQuote(code) && endsAtQuote(text, at);
}

/** Whether a quotation mark at `at`, escaped or not, closes the text around: no letter follows it. */
function endsAtQuote(text: string, at: number): boolean {
  const quote = quoteAt(text, at);
  return quote !== undefined && !isWord(text.charCodeAt(at + quote.backslashes + 1));
}

/** Whether an escaped carriage return and line feed stand at `at`, as between the headers in the repr of a request. */
function endsHeader(text: string, at: number): boolean {
  const letter = behindBackslashes(text, at);
  if (letter === at || text[letter] !== 'r' || text[letter + 1] !== '\\') return false;
  return text[behindBackslashes(text, letter + 1)] === 'n';
}

/** Whether `name=` stands at `at`, the next field of a form. */
function beginsField(text: string, at: number): boolean {
  let end = at;
  while (end - at < 64 && isKeyCharacter(text.charCodeAt(end))) end++;
  return end > at && text.charCodeAt(end) === 0x3d;
}

/**
 * Where a header's value ends, when it may hold spaces, commas and quotes (`Digest username="…", …`): at the end of the
 * line, real or escaped, or at the quote that the header stands in.
 */
export function lineEnd(text: string, start: number, around: Quote | undefined): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || code === RETURN) return at;
    if (code !== BACKSLASH && !isQuote(code)) continue;
    const quote = quoteAt(text, at);
    if (quote === undefined) {
      const behind = behindBackslashes(text, at);
      const escaped = text[behind];
      if (escaped === 'n' || escaped === 'r') return at;
      at = behind - 1;
      continue;
    }
    if (around !== undefined && quote.mark === around.mark && quote.backslashes <= around.backslashes)
      return at;
    at += quote.backslashes;
  }
  return text.length;
}

/**
 * Where the lines end that are more indented than the one that `at` stands in, which are a YAML block; undefined when
 * the first one, at `lines`, is not.
 */
export function blockEnd(text: string, at: number, lines: number): number | undefined {
  const indent = indentAt(text, text.lastIndexOf('\n', at - 1) + 1);
  let end: number | undefined;
  for (let line = lines; line < text.length; ) {
    const lineFeed = text.indexOf('\n', line);
    const next = lineFeed === -1 ? text.length : lineFeed + 1;
    const isBlank =
      text.slice(line, Math.min(next, line + indent + 2)).trim() === '' && next - line <= indent + 2;
    if (!isBlank && indentAt(text, line) <= indent) break;
    if (!isBlank) end = lineFeed === -1 ? next : lineFeed;
    line = next;
  }
  return end;
}

/** How many spaces and dashes a line begins with: those of a list's item are part of its indentation. */
function indentAt(text: string, line: number): number {
  let at = line;
  while (text[at] === ' ' || text[at] === '-' || text[at] === '\t') at++;
  return at - line;
}
