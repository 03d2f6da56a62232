/**
 * Which column each placeholder of a statement belongs to, so that parameters can be masked by their column's name:
 * SQLAlchemy names them `param_1` or numbers them, and `password_hash` only stands in the text. Columns are found in
 * - INSERT … (columns) VALUES (…), (…), also with SQLAlchemy 2's `SELECT … FROM (VALUES …)`, and INSERT … SELECT …;
 * - assignments and comparisons: `=`, `<`, `!=`, LIKE, IN (…), BETWEEN … AND …, either way round, of rows too.
 * A function's arguments and the results of CASE belong to the column that they are for. A placeholder without a
 * column (LIMIT ?, SELECT ?) has none.
 */
import { ParameterFrame, type Row } from './parameter-frame.js';
import { type ParameterColumns, Placeholders } from './placeholders.js';
import { isName, SqlTokens, type Token, wordSet } from './tokens.js';

export type { ParameterColumns } from './placeholders.js';

/** Keywords that are no column's name and no function's; the others may be (`key`, `type`, `value`). */
const NO_NAME = wordSet(
  `SELECT INSERT INTO VALUES FROM WHERE ON HAVING GROUP ORDER BY LIMIT OFFSET FETCH SET USING JOIN
  STRAIGHT_JOIN RETURNING UPDATE DELETE WINDOW WITH UNION EXCEPT INTERSECT AS COLLATE CASE WHEN THEN ELSE
  END AND OR XOR NOT IS IN LIKE ILIKE RLIKE REGEXP BETWEEN SIMILAR GLOB ESCAPE DISTINCT ALL ANY SOME
  EXISTS NULL TRUE FALSE DEFAULT INTERVAL BINARY DESC TO FOR IF DO DUPLICATE CONFLICT FULL OUTER INNER
  LEFT RIGHT CROSS NATURAL LATERAL ONLY`,
);
/** Words that compare what stands before them with what follows. */
const COMPARES = wordSet('IS IN LIKE ILIKE RLIKE REGEXP BETWEEN SIMILAR GLOB');
/** Words that end what is before them, and with it what the values in it were for. */
const BEGINS_CLAUSE = wordSet(
  `FROM WHERE ON HAVING GROUP ORDER LIMIT OFFSET FETCH SET USING JOIN STRAIGHT_JOIN RETURNING UPDATE DELETE
  WINDOW WITH`,
);
/** Words that end an expression; so does AND, but for that of BETWEEN. */
const ENDS_EXPRESSION = wordSet('OR XOR THEN ELSE');
/** What the operators begin with that compare: = <> < >= != <=> ~ */
const COMPARISON_SIGNS = '=<>!~';

/** The columns of a statement's placeholders: `%s`, `?`, `:1`, `$1` by position, `%(name)s` and `:name` by name. */
export function sqlParameterColumns(statement: string): ParameterColumns {
  return new ParameterReader(statement).run();
}

class ParameterReader {
  private readonly tokens: SqlTokens;
  private readonly placeholders: Placeholders;
  private frames: ParameterFrame[] = [];
  private frame = new ParameterFrame('plain', undefined);
  /** INSERT has come, and neither its values nor its query yet: a list of names is that of its columns. */
  private awaitsColumns = false;
  private insertDepth = 0;
  private insertColumns: Row | undefined;

  constructor(statement: string) {
    this.tokens = new SqlTokens(statement);
    this.placeholders = new Placeholders(statement.length);
  }

  run(): ParameterColumns {
    for (let token = this.tokens.advance(); token.kind !== 'end'; token = this.tokens.advance())
      this.take(token);
    return this.placeholders.columns();
  }

  private take(token: Token): void {
    const { kind } = token;
    if (kind === 'word') this.takeWord(token);
    else if (kind === 'name') this.takeName(token);
    else if (kind === 'placeholder') this.takePlaceholder(token);
    else if (kind === '(') this.open();
    else if (kind === ')') this.close();
    else if (kind === ',') this.frame.endItem();
    else if (kind === ';') this.beginStatement();
    else if (kind === 'operator' && COMPARISON_SIGNS.includes(this.tokens.text[token.start]!))
      this.frame.compare();
  }

  private beginStatement(): void {
    this.frames = [];
    this.frame = new ParameterFrame('plain', undefined);
    this.awaitsColumns = false;
    this.insertColumns = undefined;
  }

  private push(frame: ParameterFrame): void {
    this.frames.push(this.frame);
    this.frame = frame;
  }

  private open(): void {
    const outer = this.frame;
    const isValues = this.tokens.before.keyword === 'VALUE' && outer.rowInside !== undefined;
    const isCall = isName(this.tokens.before) && !NO_NAME.has(this.tokens.before.keyword) && !isValues;
    const inner = new ParameterFrame(isCall ? 'call' : 'plain', undefined);
    const { left } = outer;
    const row = left !== undefined && left.length > 1 ? left : outer.rowInside;
    if (isCall || row === undefined) inner.column = outer.valueColumn;
    else inner.row = inner.rowInside = row;
    // Within one row of VALUES there are no more rows, but there are in IN ((…), (…)).
    if (inner.row === outer.rowInside) inner.rowInside = undefined;
    inner.compared = outer.compared;
    this.push(inner);
  }

  private close(): void {
    const inner = this.frame;
    const outer = this.frames.pop();
    if (outer === undefined) return;
    this.frame = outer;
    outer.operand ??= inner.value;
    outer.waiting ??= inner.waiting;
    if (this.awaitsColumns && this.frames.length === this.insertDepth) this.insertColumns = inner.columns;
  }

  private takePlaceholder(token: Token): void {
    const { frame } = this;
    // `free - ?` is no comparison, and yet of one column.
    const beside = this.tokens.before.kind === 'operator' ? frame.operand?.[0] : undefined;
    const column = frame.valueColumn ?? beside;
    const assign = this.placeholders.add(this.tokens.textOf(token), column);
    if (column !== undefined) return;
    frame.waiting ??= [];
    frame.waiting.push(assign);
  }

  /** A column, unless it is a function, a table before a dot, or an alias. */
  private takeName(token: Token): void {
    const { kind } = this.tokens.next;
    if (kind === '(' || kind === '.' || this.namesOther()) return;
    const column = this.tokens.nameOf(token);
    const { frame } = this;
    frame.operand ??= [column];
    for (const assign of frame.compared ?? []) assign(column);
    frame.compared = undefined;
  }

  /** Whether a name here is that of an alias, a type or a collation. */
  private namesOther(): boolean {
    const { before } = this.tokens;
    const isCast = before.kind === 'operator' && this.tokens.textOf(before).startsWith('::');
    return isCast || before.keyword === 'AS' || before.keyword === 'COLLATE';
  }

  private takeWord(word: Token): void {
    const { before, next } = this.tokens;
    const { keyword } = word;
    if (before.kind === '.' || next.kind === '.') this.takeName(word);
    else if (keyword === 'INSERT' || keyword === 'REPLACE') this.beginInsert(next);
    else if (keyword === 'SELECT') this.beginSelect();
    else if (keyword === 'VALUES') this.beginValues();
    else if (keyword === 'VALUE' && this.awaitsColumns && next.kind === '(') this.beginValues();
    else if (BEGINS_CLAUSE.has(keyword)) this.beginClause(keyword);
    else if (keyword === 'CASE') this.push(new ParameterFrame('case', this.frame.valueColumn));
    else if (this.frame.kind === 'case' && keyword === 'WHEN') this.beginWhen();
    else if (this.frame.kind === 'case' && keyword === 'END') this.close();
    else this.takeOperatorWord(word);
  }

  private takeOperatorWord(word: Token): void {
    const { frame } = this;
    const { keyword } = word;
    if (COMPARES.has(keyword)) {
      frame.compare();
      frame.inBetween = keyword === 'BETWEEN';
    } else if (keyword === 'AND' && frame.inBetween) {
      frame.inBetween = false;
      frame.operand = undefined;
    } else if (keyword === 'AND' || ENDS_EXPRESSION.has(keyword)) frame.endExpression();
    else if (!NO_NAME.has(keyword)) this.takeName(word);
  }

  /** INSERT and REPLACE are functions too, except in MERGE's THEN INSERT (…). */
  private beginInsert(next: Token): void {
    if (next.kind === '(' && this.tokens.before.keyword !== 'THEN') return;
    this.awaitsColumns = true;
    this.insertDepth = this.frames.length;
    this.insertColumns = undefined;
  }

  private beginSelect(): void {
    const { frame } = this;
    const isInserted = this.awaitsColumns || this.frames.length === this.insertDepth;
    frame.endExpression();
    frame.item = 0;
    frame.items = undefined;
    if (isInserted && this.insertColumns !== undefined) frame.row = this.insertColumns;
    this.awaitsColumns = false;
  }

  private beginValues(): void {
    // `… UPDATE a = VALUES(b)`: the function.
    if (this.frame.left !== undefined) return;
    this.frame.endExpression();
    this.frame.rowInside = this.insertColumns;
    this.awaitsColumns = false;
  }

  private beginClause(keyword: string): void {
    const { frame } = this;
    // SUBSTRING(x FROM 1), CONVERT(x USING y), x IS DISTINCT FROM y.
    if (frame.kind === 'call') return;
    if (keyword === 'FROM' && this.tokens.before.keyword === 'DISTINCT' && frame.left !== undefined) return;
    frame.endExpression();
    frame.row = frame.rowInside = frame.column = undefined;
  }

  private beginWhen(): void {
    const { frame } = this;
    if (frame.item === 0) frame.subject = frame.operand;
    frame.item = 1;
    frame.endExpression();
    frame.left = frame.subject;
  }
}
