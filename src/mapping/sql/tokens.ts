/**
 * SQL text in tokens, for all dialects at once: osprofiler does not say which engine a statement was for. It never
 * fails and takes time linear in the length of the text.
 *
 * Where dialects disagree, literals stay inside literals:
 * - a backslash escapes in '…' and "…" (MySQL), except in `ESCAPE '\'` (PostgreSQL, SQLite);
 * - `--` begins a comment without a blank after it, and so does `#`, unless it is `#>` or stands behind an operand in
 *   the same line: then it is one of PostgreSQL's operators (`#`, `##`, `#-`);
 * - comments do not nest; `/*! … *\/` is a comment.
 */

export type TokenKind =
  | 'end'
  /** A bare name, a keyword or a variable (`@x`). */
  | 'word'
  /** "x", `x` or [x]. */
  | 'name'
  /** 'x', $$x$$ or $tag$x$tag$. */
  | 'string'
  | 'number'
  /** %s, %(name)s, ?, ?1, :name, :1 or $1. */
  | 'placeholder'
  | '('
  | ')'
  | ','
  | ';'
  | '.'
  /** One operator, or any other character. */
  | 'operator'
  /** A quoted name or a string without an end. */
  | 'cut';

/** A token is `text[start, end)`; blanks and comments are none. */
export interface Token {
  readonly kind: TokenKind;
  /** A word of letters alone, in capitals, that may be a keyword; '' for every other token. */
  readonly keyword: string;
  readonly start: number;
  readonly end: number;
}

/** Characters beyond ASCII that are no blanks: any of them may stand in an identifier. */
const WIDE = '\\x80-\\x9f\\xa1-\\u1fff\\u200c-\\u2027\\u202a-\\u2fff\\u3001-\\ufefe\\uff00-\\uffff';
const LETTER = `[A-Za-z_${WIDE}]`;
const IN_WORD = `[\\w$${WIDE}]`;
const SIGN = '[<>=!~|&^+*-]';
const EXPONENT = '(?:(?<=[eE])[-+]\\d*)?';

/** One group for each kind. Signs that stand together are one operator: `->` is no comparison. */
const TOKEN = new RegExp(
  [
    // MySQL has names that begin with a digit.
    `(?<word>${LETTER}${IN_WORD}*|@@?${IN_WORD}+|[1-9]\\d*(?![eE\\d])${IN_WORD}+)`,
    `(?<number>\\d+(?:\\.\\d*)?${IN_WORD}*${EXPONENT})`,
    // `::` is a cast, `:=` an assignment, `[1:2]` a slice; `?|`, `?&` and `??` are PostgreSQL's operators.
    `(?<placeholder>%(?:\\([^()%'\\n]+\\)${LETTER}|s)(?!${IN_WORD})|\\$\\d+|(?<!${IN_WORD}):${IN_WORD}+|\\?(?![?|&])\\d*)`,
    // SQL Server's [name]; a bracket right after a value, or round anything but a name, is an array's.
    `(?<name>(?<![\\w$${WIDE})\\]])\\[${LETTER}(?:[\\w$ ${WIDE}])*\\])`,
    `(?<operator>${SIGN}(?:(?!--)${SIGN}){0,62}|%%|##|::|:=|\\?[?|&])`,
  ].join('|'),
  'y',
);
const DECIMAL = new RegExp(`\\.\\d+${IN_WORD}*${EXPONENT}`, 'y');
/** The longest tag of a dollar quote is that of PostgreSQL; the bound also keeps the search for it short. */
const DOLLAR_TAG = new RegExp(`\\$(?:\\w|[${WIDE}]){0,63}\\$`, 'y');
const DOLLAR_WORD = new RegExp(`\\$(?:\\w|[${WIDE}])*`, 'y');
const BLANK = /(?:[\0-\x20\xa0\u2000-\u200b\u2028\u2029\u3000\ufeff]+|--[^\n]*\n?)/y;
/** MySQL's. */
const HASH_COMMENT = /#(?!>)[^\n]*\n?/y;
const OPERANDS: ReadonlySet<TokenKind> = new Set(['word', 'name', 'string', 'number', 'placeholder', ')']);
const LONGEST_KEYWORD = 'STRAIGHT_JOIN'.length;
const LETTERS = /^[A-Za-z_]+$/;
const NONE: Token = { kind: 'end', keyword: '', start: 0, end: 0 };

/** Reads one token after another, and shows the ones before and after it. */
export class SqlTokens {
  before: Token = NONE;
  current: Token = NONE;
  next: Token = NONE;

  constructor(readonly text: string) {
    this.next = this.scan();
  }

  /** Goes on to the next token and returns it; stays at the end. */
  advance(): Token {
    this.before = this.current;
    this.current = this.next;
    if (this.current.kind !== 'end') this.next = this.scan();
    return this.current;
  }

  textOf({ start, end }: Token): string {
    return this.text.slice(start, end);
  }

  /** What a word, a quoted name or a string names: without its quotes. */
  nameOf(token: Token): string {
    const written = this.textOf(token);
    const quote = written[0]!;
    if (quote === '[') return written.slice(1, -1);
    if (quote !== '"' && quote !== '`' && quote !== "'") return written;
    return written.slice(1, -1).replaceAll(quote + quote, quote);
  }

  /** The current token and the names that dots join to it, without blanks; '' for a name that is cut off. */
  readQualifiedName(): string {
    let name = this.textOf(this.current);
    while (this.next.kind === '.') {
      this.advance();
      name += '.';
      if (isName(this.next)) name += this.textOf(this.advance());
    }
    return name.endsWith('.') ? '' : name;
  }

  private scan(): Token {
    const { text } = this;
    const start = this.skipBlanks(this.next.end);
    const mark = text[start];
    switch (mark) {
      case undefined:
        return { kind: 'end', keyword: '', start, end: start };
      case '(':
      case ')':
      case ',':
      case ';':
        return { kind: mark, keyword: '', start, end: start + 1 };
      case '.':
        return this.scanPoint(start);
      case "'":
      case '"':
      case '`':
        return this.scanQuoted(mark, start);
      default:
        return (mark === '$' ? this.scanDollar(start) : undefined) ?? this.scanByPattern(start);
    }
  }

  /** Where the first character stands that is neither a blank nor in a comment. */
  private skipBlanks(from: number): number {
    let at = from;
    for (;;) {
      BLANK.lastIndex = at;
      if (BLANK.test(this.text)) at = BLANK.lastIndex;
      else if (this.text[at] === '#' && !this.isOperand(from, at)) {
        HASH_COMMENT.lastIndex = at;
        if (!HASH_COMMENT.test(this.text)) return at;
        at = HASH_COMMENT.lastIndex;
      } else if (this.text.startsWith('/*', at)) at = this.behind('*/', at + 2);
      else return at;
    }
  }

  /** Whether the token that ended at `from` is an operand in the line of `at`, to which an operator may belong. */
  private isOperand(from: number, at: number): boolean {
    return OPERANDS.has(this.next.kind) && !this.text.slice(from, at).includes('\n');
  }

  private behind(mark: string, from: number): number {
    const found = this.text.indexOf(mark, from);
    return found < 0 ? this.text.length : found + mark.length;
  }

  private scanByPattern(start: number): Token {
    TOKEN.lastIndex = start;
    const found = TOKEN.exec(this.text);
    if (found === null) return { kind: 'operator', keyword: '', start, end: start + 1 };
    const groups = found.groups as Partial<Record<TokenKind, string>>;
    const kind = KINDS.find((each) => groups[each] !== undefined)!;
    const isKeyword = kind === 'word' && found[0].length <= LONGEST_KEYWORD;
    return {
      kind,
      keyword: isKeyword ? keywordOf(found[0]) : '',
      start,
      end: TOKEN.lastIndex,
    };
  }

  private scanPoint(start: number): Token {
    DECIMAL.lastIndex = start;
    if (isName(this.next) || !DECIMAL.test(this.text))
      return { kind: '.', keyword: '', start, end: start + 1 };
    return { kind: 'number', keyword: '', start, end: DECIMAL.lastIndex };
  }

  private scanQuoted(quote: string, start: number): Token {
    const { text } = this;
    const kind = quote === "'" ? 'string' : 'name';
    const isLoneBackslash =
      kind === 'string' &&
      this.next.keyword === 'ESCAPE' &&
      text.startsWith("\\'", start + 1) &&
      text[start + 3] !== "'";
    if (isLoneBackslash) return { kind, keyword: '', start, end: start + 3 };
    for (let at = start + 1; at < text.length; at++) {
      if (text[at] === '\\' && quote !== '`') at++;
      else if (text[at] === quote) {
        if (text[at + 1] !== quote) return { kind, keyword: '', start, end: at + 1 };
        at++;
      }
    }
    return { kind: 'cut', keyword: '', start, end: text.length };
  }

  /** A string in dollar quotes, or a word; undefined for `$1`. */
  private scanDollar(start: number): Token | undefined {
    const { text } = this;
    if (/\d/.test(text[start + 1] ?? '')) return undefined;
    DOLLAR_TAG.lastIndex = start;
    if (!DOLLAR_TAG.test(text)) {
      DOLLAR_WORD.lastIndex = start;
      DOLLAR_WORD.test(text);
      return { kind: 'word', keyword: '', start, end: DOLLAR_WORD.lastIndex };
    }
    const content = DOLLAR_TAG.lastIndex;
    const close = text.indexOf(text.slice(start, content), content);
    if (close < 0) return { kind: 'cut', keyword: '', start, end: text.length };
    return { kind: 'string', keyword: '', start, end: close + content - start };
  }
}

const KINDS = ['word', 'number', 'placeholder', 'name', 'operator'] as const;

function keywordOf(word: string): string {
  return LETTERS.test(word) ? word.toUpperCase() : '';
}

export function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'name';
}

/** The words of a list, for look-ups of keywords. */
export function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/).filter((word) => word !== ''));
}
