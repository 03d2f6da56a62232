/**
 * OpenTelemetry's `db.query.summary` (semantic conventions, database spans, "Generating a summary of the query"):
 * the operations of a statement and their targets, in the order they come in, as the application wrote them. That
 * text decides what is open elsewhere:
 * - case and quotes stay as they were sent (`select "song list"`), blanks inside a name or an operation do not;
 * - a target that comes twice is named twice; a sub-select is an operation of its own (`SELECT SELECT orders`);
 * - WITH is part of an operation and not one, and what it names is no target;
 * - a function that stands where a table may is a target, without its arguments;
 * - nothing is cut inside an operation or a target.
 * Literals never come into it, with the one exception that the conventions make: a name in '…' in a list of tables.
 */
import { Rest, readOpening } from './commands.js';
import {
  ENDS_TABLES,
  EXPLAIN_VERBS,
  HOLDS_QUERY,
  introducesTarget,
  isModifier,
  QUERY_VERBS,
  READS_FROM,
  RESERVED,
} from './grammar.js';
import { Keyword } from './keywords.js';
import { bareName, readQualifiedName } from './names.js';
import { Phase, SummaryFrame } from './summary-frame.js';
import { SqlTokens, Token } from './tokens.js';

/** By the conventions, in UTF-16 code units. */
const MAX_SUMMARY = 255;
/**
 * The summary of a statement, or of several: at most 255 characters; '' when there is nothing to name it by.
 * @param statement SQL text of any dialect, complete or cut off.
 */
export function summarizeSql(statement: string): string {
  return new Summarizer(statement).run();
}

class Summarizer {
  private readonly tokens: SqlTokens;
  private readonly frames = [new SummaryFrame()];
  private depth = 0;
  private frame: SummaryFrame = this.frames[0]!;
  private summary = '';
  private full = false;
  private skipping = false;
  private skippingAll = false;
  /** The kind and the keyword of the token before the current one. */
  private beforeKind: number = Token.END;
  private beforeKeyword = 0;
  /** `IS [NOT] DISTINCT`: the FROM that follows is part of a comparison. */
  private comparesDistinct = false;
  private ctes: Set<string> | undefined;

  constructor(statement: string) {
    this.tokens = new SqlTokens(statement);
  }

  run(): string {
    const tokens = this.tokens;
    while (!this.full && !this.skippingAll) {
      const kind = tokens.advance();
      if (kind === Token.END) break;
      if (kind === Token.SEMICOLON) this.beginStatement();
      else if (!this.skipping) this.take(kind);
      this.beforeKind = tokens.kind;
      this.beforeKeyword = tokens.keyword;
    }
    return this.summary;
  }

  private beginStatement(): void {
    this.depth = -1;
    this.push(false);
    this.skipping = false;
    this.ctes = undefined;
  }

  private push(expectsTarget: boolean): void {
    this.depth++;
    this.frame = this.frames[this.depth] ??= new SummaryFrame();
    this.frame.begin(expectsTarget);
  }

  private take(kind: number): void {
    if (kind === Token.WORD) this.takeWord();
    else if (kind === Token.QUOTED_NAME || kind === Token.STRING) this.takeQuoted(kind);
    else if (kind === Token.OPEN) this.open();
    else if (kind === Token.CLOSE) this.close();
    else if (kind !== Token.COMMA) this.takeOther(kind);
    else if (this.frame.inTables) this.frame.expectsTarget = true;
  }

  private open(): void {
    const outer = this.frame;
    // `(SELECT …) UNION …`: what follows the parentheses begins no statement.
    if (outer.phase === Phase.FRESH) outer.phase = Phase.SETTLED;
    const isTables = outer.expectsTarget && outer.phase === Phase.SETTLED;
    outer.expectsTarget = false;
    this.push(isTables);
  }

  private close(): void {
    if (this.depth > 0) this.frame = this.frames[--this.depth]!;
  }

  /** A number, a sign or a placeholder. `{call x}` and `{? = call x}` begin with some; else nothing does. */
  private takeOther(kind: number): void {
    this.frame.expectsTarget = false;
    if (this.frame.phase !== Phase.FRESH) return;
    if (this.depth > 0) this.frame.phase = Phase.SETTLED;
    else if (kind !== Token.OPERATOR && kind !== Token.PLACEHOLDER) this.skipping = true;
  }

  private takeQuoted(kind: number): void {
    const frame = this.frame;
    if (frame.phase === Phase.CTE) this.takeCteName();
    else if (frame.phase === Phase.EXPLAIN) this.takeExplained(0);
    else if (frame.phase === Phase.FRESH && this.depth === 0) this.skipping = true;
    else {
      if (frame.phase === Phase.FRESH) frame.phase = Phase.SETTLED;
      if (!frame.expectsTarget) return;
      if (kind === Token.QUOTED_NAME || frame.inTables) this.takeTarget();
      else frame.expectsTarget = false;
    }
  }

  private takeWord(): void {
    // A keyword next to a dot is part of a qualified name.
    const isPartOfName = this.beforeKind === Token.DOT || this.tokens.nextKind === Token.DOT;
    const keyword = isPartOfName ? 0 : this.tokens.keyword;
    const { phase, expectsTarget } = this.frame;
    if (phase === Phase.CTE) this.takeCte(keyword);
    else if (phase === Phase.EXPLAIN) this.takeExplained(keyword);
    else if (phase === Phase.FRESH && this.depth === 0) this.beginStatementWord(keyword);
    else if (phase === Phase.FRESH) this.beginParenthesis(keyword);
    else if (expectsTarget) this.takeExpected(keyword);
    else this.takeClause(keyword);
  }

  /** The first word of a statement. */
  private beginStatementWord(keyword: number): void {
    if (this.beginsQuery(keyword)) return;
    const frame = this.frame;
    if (EXPLAIN_VERBS[keyword] === 1) {
      this.emitToken();
      frame.phase = Phase.EXPLAIN;
      frame.verb = keyword;
      return;
    }
    const isFirst = this.beforeKind === Token.END || this.beforeKind === Token.SEMICOLON;
    const { operation, verb, rest } = readOpening(this.tokens);
    if (isFirst || verb !== 0) this.emit(operation);
    frame.phase = Phase.SETTLED;
    frame.verb = verb;
    this.expectRest(rest);
  }

  /** The first word between parentheses: what is no query there is an expression or a list of names. */
  private beginParenthesis(keyword: number): void {
    const next = this.tokens.nextKind;
    const beginsQuery = keyword === Keyword.SELECT || next === Token.WORD || next === Token.QUOTED_NAME;
    if (beginsQuery && this.beginsQuery(keyword)) return;
    this.frame.phase = Phase.SETTLED;
    if (keyword === Keyword.VALUES) this.frame.endTables();
    else if (this.frame.expectsTarget) this.takeExpected(keyword);
  }

  /** Takes SELECT, INSERT, WITH and the like; false for any other word, and for the functions INSERT() and REPLACE(). */
  private beginsQuery(keyword: number): boolean {
    const isFunction =
      this.tokens.nextKind === Token.OPEN && keyword !== Keyword.SELECT && keyword !== Keyword.WITH;
    if (isFunction) return false;
    if (keyword === Keyword.WITH) {
      this.frame.phase = Phase.CTE;
      return true;
    }
    if (QUERY_VERBS[keyword] !== 1) return false;
    const frame = this.frame;
    this.emitToken();
    frame.phase = Phase.SETTLED;
    frame.verb = keyword;
    frame.inTables = keyword === Keyword.UPDATE;
    frame.expectsTarget = keyword !== Keyword.SELECT && keyword !== Keyword.DELETE;
    return true;
  }

  private takeExplained(keyword: number): void {
    if (this.beginsQuery(keyword) || this.frame.verb === Keyword.EXPLAIN) return;
    this.frame.phase = Phase.SETTLED;
    this.frame.rest = Rest.TARGET;
    this.takeTarget();
  }

  private takeCte(keyword: number): void {
    if (keyword === Keyword.RECURSIVE && this.beforeKeyword === Keyword.WITH) this.frame.recursive = true;
    else if (!this.takeCteName()) {
      this.publishCte(QUERY_VERBS[keyword] === 1);
      if (!this.beginsQuery(keyword) && keyword === Keyword.VALUES) this.frame.phase = Phase.SETTLED;
    }
  }

  /** Takes the name that a WITH gives to its query; false when the current token is not where such names are. */
  private takeCteName(): boolean {
    const before = this.beforeKeyword;
    const isNamed =
      this.beforeKind === Token.COMMA || before === Keyword.WITH || before === Keyword.RECURSIVE;
    if (!isNamed) return false;
    this.publishCte(true);
    const { text, start, end, nextKind, nextKeyword } = this.tokens;
    if (nextKind !== Token.OPEN && nextKeyword !== Keyword.AS) return true;
    this.frame.cte = bareName(text, start, end).toLowerCase();
    this.publishCte(this.frame.recursive);
    return true;
  }

  /** Without RECURSIVE a name is not known before its own query's end: there it would be a table's. */
  private publishCte(isKnown: boolean): void {
    if (!isKnown || this.frame.cte === undefined) return;
    this.ctes ??= new Set();
    this.ctes.add(this.frame.cte);
    this.frame.cte = undefined;
  }

  private expectRest(rest: number): void {
    this.frame.rest = rest;
    if (rest === Rest.SKIP) this.skipping = true;
    else if (rest !== Rest.QUERIES) this.frame.expectsTarget = true;
    this.frame.inTables = rest === Rest.TARGETS;
  }

  /** A word where a target is expected. */
  private takeExpected(keyword: number): void {
    if (isModifier(keyword, this.tokens)) {
      // INSERT OR IGNORE, UPDATE OR ROLLBACK.
      if (keyword === Keyword.OR) this.tokens.advance();
    } else if (RESERVED[keyword] === 1) {
      this.frame.expectsTarget = false;
      this.takeClause(keyword);
    } else this.takeTarget();
  }

  /** A word of a statement that has begun. */
  private takeClause(keyword: number): void {
    if (keyword === 0) return;
    const frame = this.frame;
    if (ENDS_TABLES[keyword] === 1) this.frame.endTables();
    switch (keyword) {
      case Keyword.SELECT:
        this.frame.endTables();
        frame.verb = keyword;
        this.emitToken();
        return;
      case Keyword.FROM:
        if (this.comparesDistinct && this.beforeKeyword === Keyword.DISTINCT) return;
        if (READS_FROM[frame.verb] === 1) frame.inTables = frame.expectsTarget = true;
        return;
      case Keyword.DISTINCT:
        this.comparesDistinct = this.beforeKeyword === Keyword.IS || this.beforeKeyword === Keyword.NOT;
        return;
      case Keyword.WITH:
        if (HOLDS_QUERY[frame.verb] === 1) frame.phase = Phase.CTE;
        return;
      default:
        if (introducesTarget(keyword, frame.verb, frame.inTables, this.tokens.nextKind))
          frame.expectsTarget = true;
    }
  }

  private takeTarget(): void {
    const frame = this.frame;
    frame.expectsTarget = false;
    const isQualified = this.tokens.nextKind === Token.DOT;
    const { text, start, end } = this.tokens;
    const isCte = !isQualified && this.ctes?.has(bareName(text, start, end).toLowerCase()) === true;
    if (!isCte) this.emit(readQualifiedName(this.tokens));
    if (frame.rest === Rest.TARGET) this.skipping = true;
    if (frame.rest === Rest.TARGET_AND_BODY) this.skippingAll = true;
  }

  private emitToken(): void {
    this.emit(this.tokens.currentText());
  }

  private emit(part: string): void {
    if (part === '') return;
    const summary = this.summary === '' ? part : `${this.summary} ${part}`;
    if (summary.length > MAX_SUMMARY) this.full = true;
    else this.summary = summary;
  }
}
