/**
 * SQL text in tokens, for any dialect at once: the statements come with no word about their engine. It never fails,
 * passes over each character a bounded number of times and makes strings only when asked for them.
 *
 * Where dialects disagree, the reading is taken that keeps literals inside literals:
 * - a backslash escapes in '…' and "…" (MySQL), except in `ESCAPE '\'` (PostgreSQL, SQLite);
 * - `--` and `#` begin comments without a blank after them; `#>` stays PostgreSQL's operator;
 * - comments do not nest; `/*! … *\/` is a comment.
 */
import { Char, CharClass, classOf, codeAt, FOLD, isWordCharacter } from './characters.js';
import { findKeyword, Keyword } from './keywords.js';
import { skipDigits, skipExponent, skipParameterName, skipWord } from './skips.js';

/** The kinds of tokens. Blanks and comments are none. */
export const Token = {
  END: 0,
  /** A bare name, a keyword or a variable (`@x`). */
  WORD: 1,
  /** "x", `x` or [x]. */
  QUOTED_NAME: 2,
  /** 'x', $$x$$ or $tag$x$tag$. */
  STRING: 3,
  NUMBER: 4,
  /** %s, %(name)s, ?, ?1, :name, :1 or $1. */
  PLACEHOLDER: 5,
  OPEN: 6,
  CLOSE: 7,
  COMMA: 8,
  SEMICOLON: 9,
  DOT: 10,
  /** One operator, or any other character. */
  OPERATOR: 11,
  /** A quoted name or a string that the text ends in. */
  CUT: 12,
} as const;

/** The longest tag of a dollar quote, as PostgreSQL has it; it also bounds the search for its end. */
const MAX_TAG = 64;

/** Reads one token after another, and shows the one that follows. */
export class SqlTokens {
  /** The current token: a `Token`, its `Keyword` (0 when it is none), and where it is: `text[start, end)`. */
  kind: number = Token.END;
  keyword = 0;
  start = 0;
  end = 0;
  /** The following token, likewise. */
  nextKind: number = Token.END;
  nextKeyword = 0;
  nextStart = 0;
  nextEnd = 0;

  constructor(readonly text: string) {
    this.scan();
  }

  /** Goes on to the next token and returns its kind; stays at the end. */
  advance(): number {
    this.kind = this.nextKind;
    this.keyword = this.nextKeyword;
    this.start = this.nextStart;
    this.end = this.nextEnd;
    if (this.kind !== Token.END) this.scan();
    return this.kind;
  }

  currentText(): string {
    return this.text.slice(this.start, this.end);
  }

  private scan(): void {
    const before = this.nextKind;
    const word = this.nextKeyword;
    const start = this.skipBlanks(this.nextEnd);
    this.nextStart = start;
    this.nextKeyword = 0;
    this.nextEnd =
      start < this.text.length ? this.scanToken(start, before, word) : this.take(Token.END, start);
  }

  private scanToken(start: number, before: number, word: number): number {
    const code = codeAt(this.text, start);
    switch (classOf(code)) {
      case CharClass.LETTER:
        return this.scanWord(start);
      case CharClass.DIGIT:
        return this.scanNumber(start);
      case CharClass.OPERATOR:
        return this.scanOperator(start);
      default:
        return this.scanMark(code, start, before, word);
    }
  }

  /** Where the first character stands that is neither a blank nor in a comment. */
  private skipBlanks(from: number): number {
    const text = this.text;
    for (let at = from; ; ) {
      const code = codeAt(text, at);
      if (classOf(code) === CharClass.BLANK) at++;
      else if (code !== Char.MINUS && code !== Char.HASH && code !== Char.SLASH) return at;
      else {
        const end = this.skipComment(code, at);
        if (end === at) return at;
        at = end;
      }
    }
  }

  private skipComment(code: number, start: number): number {
    const next = codeAt(this.text, start + 1);
    if (code === Char.MINUS && next === Char.MINUS) return this.after('\n', start + 2);
    if (code === Char.HASH && next !== Char.GREATER) return this.after('\n', start + 1);
    if (code === Char.SLASH && next === Char.STAR) return this.after('*/', start + 2);
    return start;
  }

  private after(mark: string, from: number): number {
    const found = this.text.indexOf(mark, from);
    return found < 0 ? this.text.length : found + mark.length;
  }

  /** Notes the kind of the token that ends at `end`, and returns that end, as all that scan do. */
  private take(kind: number, end: number): number {
    this.nextKind = kind;
    return end;
  }

  private scanWord(start: number): number {
    const end = skipWord(this.text, start + 1);
    this.nextKeyword = findKeyword(this.text, start, end);
    return this.take(Token.WORD, end);
  }

  /** A number, or one of MySQL's names that begin with a digit. */
  private scanNumber(start: number): number {
    const text = this.text;
    const digits = skipDigits(this.text, start);
    const at = codeAt(text, digits) === Char.POINT ? skipDigits(this.text, digits + 1) : digits;
    const end = skipWord(this.text, at);
    const isExponent = (codeAt(text, at) | FOLD) === Char.SMALL_E;
    const isName = at === digits && end > at && !isExponent && codeAt(text, start) !== Char.ZERO;
    if (isName) return this.take(Token.WORD, end);
    return this.take(Token.NUMBER, skipExponent(this.text, end));
  }

  /** Signs that stand together are one operator, so that `->` is not taken for a comparison. */
  private scanOperator(start: number): number {
    const text = this.text;
    let at = start + 1;
    while (classOf(codeAt(text, at)) === CharClass.OPERATOR) {
      if (codeAt(text, at) === Char.MINUS && codeAt(text, at + 1) === Char.MINUS) break;
      at++;
    }
    return this.take(Token.OPERATOR, at);
  }

  private scanMark(code: number, start: number, before: number, word: number): number {
    switch (code) {
      case Char.OPEN:
        return this.take(Token.OPEN, start + 1);
      case Char.CLOSE:
        return this.take(Token.CLOSE, start + 1);
      case Char.COMMA:
        return this.take(Token.COMMA, start + 1);
      case Char.SEMICOLON:
        return this.take(Token.SEMICOLON, start + 1);
      case Char.POINT:
        return this.scanPoint(start, before);
      case Char.QUOTE:
        return this.scanQuoted(Token.STRING, Char.QUOTE, true, start, word);
      case Char.DOUBLE:
        return this.scanQuoted(Token.QUOTED_NAME, Char.DOUBLE, true, start, word);
      case Char.BACKTICK:
        return this.scanQuoted(Token.QUOTED_NAME, Char.BACKTICK, false, start, word);
      case Char.BRACKET:
        return this.scanBracket(start);
      case Char.DOLLAR:
        return this.scanDollar(start);
      case Char.PERCENT:
        return this.scanPercent(start);
      case Char.COLON:
        return this.scanColon(start);
      case Char.QUESTION:
        return this.scanQuestion(start);
      case Char.AT:
        return this.scanAt(start);
      default:
        return this.take(Token.OPERATOR, start + 1);
    }
  }

  private scanPoint(start: number, before: number): number {
    const isInName = before === Token.WORD || before === Token.QUOTED_NAME;
    const end = isInName ? start + 1 : skipDigits(this.text, start + 1);
    if (end === start + 1) return this.take(Token.DOT, end);
    return this.take(Token.NUMBER, skipExponent(this.text, skipWord(this.text, end)));
  }

  private scanQuoted(kind: number, quote: number, escapes: boolean, start: number, word: number): number {
    const text = this.text;
    const isLoneBackslash =
      quote === Char.QUOTE &&
      word === Keyword.ESCAPE &&
      text.startsWith("\\'", start + 1) &&
      codeAt(text, start + 3) !== Char.QUOTE;
    if (isLoneBackslash) return this.take(Token.STRING, start + 3);
    for (let at = start + 1; at < text.length; at++) {
      const code = codeAt(text, at);
      if (code === Char.BACKSLASH && escapes) at++;
      else if (code === quote) {
        if (codeAt(text, at + 1) !== quote) return this.take(kind, at + 1);
        at++;
      }
    }
    return this.take(Token.CUT, text.length);
  }

  /** SQL Server's [name]; a bracket right after a value, or round anything but a name, is an array's. */
  private scanBracket(start: number): number {
    const text = this.text;
    const before = codeAt(text, start - 1);
    const isSubscript = isWordCharacter(before) || before === Char.CLOSE || before === Char.BRACKET_END;
    if (isSubscript || classOf(codeAt(text, start + 1)) !== CharClass.LETTER)
      return this.take(Token.OPERATOR, start + 1);
    let at = start + 1;
    for (let code = codeAt(text, at); isWordCharacter(code) || code === 0x20; code = codeAt(text, ++at));
    const isName = codeAt(text, at) === Char.BRACKET_END;
    return this.take(isName ? Token.QUOTED_NAME : Token.OPERATOR, isName ? at + 1 : start + 1);
  }

  private scanDollar(start: number): number {
    const text = this.text;
    const digits = skipDigits(this.text, start + 1);
    if (digits > start + 1) return this.take(Token.PLACEHOLDER, digits);
    let at = start + 1;
    for (
      let code = codeAt(text, at);
      isWordCharacter(code) && code !== Char.DOLLAR;
      code = codeAt(text, ++at)
    );
    if (codeAt(text, at) !== Char.DOLLAR || at - start > MAX_TAG) return this.take(Token.WORD, at);
    const close = text.indexOf(text.slice(start, at + 1), at + 1);
    if (close < 0) return this.take(Token.CUT, text.length);
    return this.take(Token.STRING, close + at + 1 - start);
  }

  private scanPercent(start: number): number {
    const text = this.text;
    const next = codeAt(text, start + 1);
    const close = next === Char.OPEN ? skipParameterName(this.text, start + 2) : start + 1;
    const isPlaceholder =
      next === Char.OPEN
        ? codeAt(text, close - 1) === Char.CLOSE && close > start + 3
        : next === Char.SMALL_S;
    const isLetter = classOf(codeAt(text, close)) === CharClass.LETTER;
    if (isPlaceholder && isLetter && !isWordCharacter(codeAt(text, close + 1))) {
      return this.take(Token.PLACEHOLDER, close + 1);
    }
    return this.take(Token.OPERATOR, next === Char.PERCENT ? start + 2 : start + 1);
  }

  /** `:name` and `:1`, but neither PostgreSQL's `::` cast and `[1:2]` nor `:=`. */
  private scanColon(start: number): number {
    const next = codeAt(this.text, start + 1);
    if (next === Char.COLON || next === Char.EQUALS) return this.take(Token.OPERATOR, start + 2);
    const isPlaceholder = !isWordCharacter(codeAt(this.text, start - 1)) && isWordCharacter(next);
    return this.take(
      isPlaceholder ? Token.PLACEHOLDER : Token.OPERATOR,
      isPlaceholder ? skipWord(this.text, start + 1) : start + 1,
    );
  }

  /** `?` and `?1`, but not PostgreSQL's `?|`, `?&` and `??`. */
  private scanQuestion(start: number): number {
    const next = codeAt(this.text, start + 1);
    if (next === Char.QUESTION || next === Char.PIPE || next === Char.AMPERSAND)
      return this.take(Token.OPERATOR, start + 2);
    return this.take(Token.PLACEHOLDER, skipDigits(this.text, start + 1));
  }

  /** `@x` and `@@x` are variables; a lone `@` is an operator (`@>`). */
  private scanAt(start: number): number {
    const from = codeAt(this.text, start + 1) === Char.AT ? start + 2 : start + 1;
    const end = skipWord(this.text, from);
    return this.take(end > from ? Token.WORD : Token.OPERATOR, end > from ? end : start + 1);
  }
}
