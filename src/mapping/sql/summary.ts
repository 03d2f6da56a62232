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
import {
  ENDS_TABLES,
  EXPLAIN_VERBS,
  HOLDS_QUERY,
  introducesTarget,
  isModifier,
  QUERY_VERBS,
  READS_FROM,
  RESERVED,
  type Rest,
  readOpening,
} from './grammar.js';
import { SqlTokens, type Token } from './tokens.js';

/** By the conventions, in UTF-16 code units. */
const MAX_SUMMARY = 255;
/**
 * The summary of a statement, or of several: at most 255 characters; '' when there is nothing to name it by.
 * @param statement SQL text of any dialect, complete or cut off.
 */
export function summarizeSql(statement: string): string {
  return new Summarizer(statement).run();
}

/** What is known of a statement, or of what is between two parentheses. */
class Frame {
  phase: 'fresh' | 'explain' | 'cte' | 'begun' = 'fresh';
  /** The word that the operation began with; '' while there is none. */
  verb = '';
  /** A comma or a JOIN is followed by another target. */
  inTables: boolean;
  rest: Rest = 'queries';
  /** The name of a WITH that its own query does not know yet. */
  cte: string | undefined = undefined;
  recursive = false;

  /** @param expectsTarget whether the next name is a target. */
  constructor(public expectsTarget: boolean) {
    this.inTables = expectsTarget;
  }

  endTables(): void {
    this.inTables = this.expectsTarget = false;
  }
}

class Summarizer {
  private readonly tokens: SqlTokens;
  private outer: Frame[] = [];
  private frame = new Frame(false);
  private summary = '';
  private isFull = false;
  /** Nothing more of this statement, or of the text, is of interest. */
  private skips: 'nothing' | 'statement' | 'all' = 'nothing';
  /** `IS [NOT] DISTINCT`: the FROM that follows is part of a comparison. */
  private comparesDistinct = false;
  private ctes = new Set<string>();

  constructor(statement: string) {
    this.tokens = new SqlTokens(statement);
  }

  run(): string {
    while (!this.isFull && this.skips !== 'all') {
      const token = this.tokens.advance();
      if (token.kind === 'end') break;
      if (token.kind === ';') this.beginStatement();
      else if (this.skips === 'nothing') this.take(token);
    }
    return this.summary;
  }

  private beginStatement(): void {
    this.outer = [];
    this.frame = new Frame(false);
    this.skips = 'nothing';
    this.ctes.clear();
  }

  private take(token: Token): void {
    if (token.kind === 'word') this.takeWord(token);
    else if (token.kind === 'name' || token.kind === 'string') this.takeQuoted(token);
    else if (token.kind === '(') this.open();
    else if (token.kind === ')') this.frame = this.outer.pop() ?? this.frame;
    else if (token.kind !== ',') this.takeOther(token);
    else if (this.frame.inTables) this.frame.expectsTarget = true;
  }

  private open(): void {
    const outer = this.frame;
    // `(SELECT …) UNION …`: what follows the parentheses begins no statement.
    if (outer.phase === 'fresh') outer.phase = 'begun';
    // `WITH x AS (…) (SELECT …)`: the second parenthesis is the query.
    if (outer.phase === 'cte' && this.tokens.before.kind === ')') {
      this.publishCte(true);
      outer.phase = 'begun';
    }
    const isTables = outer.expectsTarget && outer.phase === 'begun';
    outer.expectsTarget = false;
    this.outer.push(outer);
    this.frame = new Frame(isTables);
  }

  /** A number, a sign or a placeholder. `{call x}` and `{? = call x}` begin with some; else nothing does. */
  private takeOther({ kind }: Token): void {
    this.frame.expectsTarget = false;
    if (this.frame.phase !== 'fresh') return;
    if (this.outer.length > 0) this.frame.phase = 'begun';
    else if (kind !== 'operator' && kind !== 'placeholder') this.skips = 'statement';
  }

  private takeQuoted({ kind }: Token): void {
    const frame = this.frame;
    if (frame.phase === 'cte') this.takeCteName();
    else if (frame.phase === 'explain') this.takeExplained('');
    else if (frame.phase === 'fresh' && this.outer.length === 0) this.skips = 'statement';
    else {
      if (frame.phase === 'fresh') frame.phase = 'begun';
      if (!frame.expectsTarget) return;
      if (kind === 'name' || frame.inTables) this.takeTarget();
      else frame.expectsTarget = false;
    }
  }

  private takeWord(word: Token): void {
    // A keyword next to a dot is part of a qualified name.
    const isPartOfName = this.tokens.before.kind === '.' || this.tokens.next.kind === '.';
    const keyword = isPartOfName ? '' : word.keyword;
    const { phase, expectsTarget } = this.frame;
    if (phase === 'cte') this.takeCte(keyword);
    else if (phase === 'explain') this.takeExplained(keyword);
    else if (phase === 'fresh' && this.outer.length === 0) this.beginStatementWord(keyword);
    else if (phase === 'fresh') this.beginParenthesis(keyword);
    else if (expectsTarget) this.takeExpected(keyword);
    else this.takeClause(keyword);
  }

  /** The first word of a statement. */
  private beginStatementWord(keyword: string): void {
    if (this.beginsQuery(keyword)) return;
    const frame = this.frame;
    if (EXPLAIN_VERBS.has(keyword)) {
      this.emitToken();
      frame.phase = 'explain';
      frame.verb = keyword;
      return;
    }
    const isFirst = this.tokens.before.kind === 'end' || this.tokens.before.kind === ';';
    const { operation, verb, rest } = readOpening(this.tokens);
    if (isFirst || verb !== '') this.emit(operation);
    frame.phase = 'begun';
    frame.verb = verb;
    this.expect(rest);
  }

  /** The first word between parentheses: what is no query there is an expression or a list of names. */
  private beginParenthesis(keyword: string): void {
    const next = this.tokens.next.kind;
    const beginsQuery = keyword === 'SELECT' || next === 'word' || next === 'name';
    if (beginsQuery && this.beginsQuery(keyword)) return;
    this.frame.phase = 'begun';
    if (keyword === 'VALUES') this.frame.endTables();
    else if (this.frame.expectsTarget) this.takeExpected(keyword);
  }

  /** Takes SELECT, INSERT, WITH and the like; false for any other word, and for the functions INSERT() and REPLACE(). */
  private beginsQuery(keyword: string): boolean {
    const isFunction = this.tokens.next.kind === '(' && keyword !== 'SELECT' && keyword !== 'WITH';
    if (isFunction) return false;
    if (keyword === 'WITH') {
      this.frame.phase = 'cte';
      return true;
    }
    if (!QUERY_VERBS.has(keyword)) return false;
    const frame = this.frame;
    this.emitToken();
    frame.phase = 'begun';
    frame.verb = keyword;
    frame.inTables = keyword === 'UPDATE';
    frame.expectsTarget = keyword !== 'SELECT' && keyword !== 'DELETE';
    return true;
  }

  private takeExplained(keyword: string): void {
    if (this.beginsQuery(keyword) || this.frame.verb === 'EXPLAIN') return;
    this.frame.phase = 'begun';
    this.frame.rest = 'target';
    this.takeTarget();
  }

  private takeCte(keyword: string): void {
    if (keyword === 'RECURSIVE' && this.tokens.before.keyword === 'WITH') this.frame.recursive = true;
    else if (!this.takeCteName()) {
      this.publishCte(QUERY_VERBS.has(keyword));
      if (!this.beginsQuery(keyword) && keyword === 'VALUES') this.frame.phase = 'begun';
    }
  }

  /** Takes the name that a WITH gives to its query; false when the current token is not where such names are. */
  private takeCteName(): boolean {
    const { before, current, next } = this.tokens;
    const isNamed = before.kind === ',' || before.keyword === 'WITH' || before.keyword === 'RECURSIVE';
    if (!isNamed) return false;
    this.publishCte(true);
    if (next.kind !== '(' && next.keyword !== 'AS') return true;
    this.frame.cte = this.tokens.nameOf(current).toLowerCase();
    this.publishCte(this.frame.recursive);
    return true;
  }

  /** Without RECURSIVE a name is not known before its own query's end: there it would be a table's. */
  private publishCte(isKnown: boolean): void {
    if (!isKnown || this.frame.cte === undefined) return;
    this.ctes.add(this.frame.cte);
    this.frame.cte = undefined;
  }

  private expect(rest: Rest): void {
    this.frame.rest = rest;
    if (rest === 'skip') this.skips = 'statement';
    else if (rest !== 'queries') this.frame.expectsTarget = true;
    this.frame.inTables = rest === 'targets';
  }

  /** A word where a target is expected. */
  private takeExpected(keyword: string): void {
    if (isModifier(keyword, this.tokens)) {
      // INSERT OR IGNORE, UPDATE OR ROLLBACK.
      if (keyword === 'OR') this.tokens.advance();
    } else if (RESERVED.has(keyword)) {
      this.frame.expectsTarget = false;
      this.takeClause(keyword);
    } else this.takeTarget();
  }

  /** A word of a statement that has begun. */
  private takeClause(keyword: string): void {
    if (keyword === '') return;
    const frame = this.frame;
    const { before } = this.tokens;
    if (keyword === 'FOR' && (before.keyword === 'INDEX' || before.keyword === 'KEY')) {
      // `FORCE INDEX FOR JOIN (…)`, `USE KEY FOR ORDER BY (…)` are hints of one table.
      while (this.tokens.next.kind === 'word') this.tokens.advance();
      return;
    }
    if (ENDS_TABLES.has(keyword)) this.frame.endTables();
    switch (keyword) {
      case 'SELECT':
        this.frame.endTables();
        frame.verb = keyword;
        this.emitToken();
        return;
      case 'FROM':
        if (this.comparesDistinct && this.tokens.before.keyword === 'DISTINCT') return;
        if (READS_FROM.has(frame.verb)) frame.inTables = frame.expectsTarget = true;
        return;
      case 'DISTINCT':
        this.comparesDistinct = this.tokens.before.keyword === 'IS' || this.tokens.before.keyword === 'NOT';
        return;
      case 'WITH':
        if (HOLDS_QUERY.has(frame.verb)) frame.phase = 'cte';
        return;
      default:
        if (introducesTarget(keyword, frame.verb, frame.inTables, this.tokens.next))
          frame.expectsTarget = true;
    }
  }

  private takeTarget(): void {
    const frame = this.frame;
    frame.expectsTarget = false;
    const { tokens } = this;
    const isCte = tokens.next.kind !== '.' && this.ctes.has(tokens.nameOf(tokens.current).toLowerCase());
    if (!isCte) this.emit(tokens.readQualifiedName());
    if (frame.rest === 'target') this.skips = 'statement';
    if (frame.rest === 'target and body') this.skips = 'all';
  }

  private emitToken(): void {
    this.emit(this.tokens.textOf(this.tokens.current));
  }

  private emit(part: string): void {
    if (part === '') return;
    const summary = this.summary === '' ? part : `${this.summary} ${part}`;
    if (summary.length > MAX_SUMMARY) this.isFull = true;
    else this.summary = summary;
  }
}
