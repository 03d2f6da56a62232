/**
 * Which column each placeholder of a statement belongs to, so that parameters can be masked by their column's name:
 * SQLAlchemy names them `param_1` or numbers them, and `password_hash` only stands in the text. Columns are found in
 * - INSERT … (columns) VALUES (…), (…), also with SQLAlchemy 2's `SELECT … FROM (VALUES …)`, and INSERT … SELECT …;
 * - assignments and comparisons: `=`, `<`, `!=`, LIKE, IN (…), BETWEEN … AND …, either way round, of rows too.
 * A function's arguments and the results of CASE belong to the column that they are for. A placeholder without a
 * column (LIMIT ?, SELECT ?) has none.
 */
import { Keyword, keywordSet } from './keywords.js';
import { bareName, isName } from './names.js';
import { ParameterFrame, type Row } from './parameter-frame.js';
import { type ParameterColumns, Placeholders } from './placeholders.js';
import { SqlTokens, Token } from './tokens.js';

export type { ParameterColumns } from './placeholders.js';

/** Keywords that are no column's name and no function's; the others may be (`key`, `type`, `value`). */
const NO_NAME = keywordSet(
  ...([
    'SELECT',
    'INSERT',
    'INTO',
    'VALUES',
    'FROM',
    'WHERE',
    'ON',
    'HAVING',
    'GROUP',
    'ORDER',
    'BY',
  ] as const),
  ...(['LIMIT', 'OFFSET', 'FETCH', 'SET', 'USING', 'JOIN', 'STRAIGHT_JOIN', 'RETURNING', 'UPDATE'] as const),
  ...([
    'DELETE',
    'WINDOW',
    'WITH',
    'UNION',
    'EXCEPT',
    'INTERSECT',
    'AS',
    'COLLATE',
    'CASE',
    'WHEN',
    'THEN',
  ] as const),
  ...(['ELSE', 'END', 'AND', 'OR', 'XOR', 'NOT', 'IS', 'IN', 'LIKE', 'ILIKE', 'RLIKE', 'REGEXP'] as const),
  ...(['BETWEEN', 'SIMILAR', 'GLOB', 'ESCAPE', 'DISTINCT', 'ALL', 'ANY', 'SOME', 'EXISTS', 'NULL'] as const),
  ...([
    'TRUE',
    'FALSE',
    'DEFAULT',
    'INTERVAL',
    'BINARY',
    'DESC',
    'TO',
    'FOR',
    'IF',
    'DO',
    'DUPLICATE',
  ] as const),
  ...([
    'CONFLICT',
    'FULL',
    'OUTER',
    'INNER',
    'LEFT',
    'RIGHT',
    'CROSS',
    'NATURAL',
    'LATERAL',
    'ONLY',
  ] as const),
);
/** Words that compare what stands before them with what follows. */
const COMPARES = keywordSet('IS', 'IN', 'LIKE', 'ILIKE', 'RLIKE', 'REGEXP', 'BETWEEN', 'SIMILAR', 'GLOB');
/** Words that end what is before them, and with it what the values in it were for. */
const BEGINS_CLAUSE = keywordSet(
  ...([
    'FROM',
    'WHERE',
    'ON',
    'HAVING',
    'GROUP',
    'ORDER',
    'LIMIT',
    'OFFSET',
    'FETCH',
    'SET',
    'USING',
  ] as const),
  ...(['JOIN', 'STRAIGHT_JOIN', 'RETURNING', 'UPDATE', 'DELETE', 'WINDOW', 'WITH'] as const),
);
/** Words that end an expression; so does AND, but for that of BETWEEN. */
const ENDS_EXPRESSION = keywordSet('OR', 'XOR', 'THEN', 'ELSE');
/** Words behind which a name is an alias, a type or a collation. */
const BEFORE_OTHER_NAME = keywordSet('AS', 'COLLATE');
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
  private beforeKind: number = Token.END;
  private beforeKeyword = 0;
  private beforeStart = 0;
  /** INSERT has come, and neither its values nor its query yet: a list of names is that of its columns. */
  private awaitsColumns = false;
  private insertDepth = 0;
  private insertColumns: Row | undefined;

  constructor(statement: string) {
    this.tokens = new SqlTokens(statement);
    this.placeholders = new Placeholders(statement);
  }

  run(): ParameterColumns {
    const tokens = this.tokens;
    while (tokens.advance() !== Token.END) {
      this.take(tokens.kind);
      this.beforeKind = tokens.kind;
      this.beforeKeyword = tokens.keyword;
      this.beforeStart = tokens.start;
    }
    return this.placeholders.columns();
  }

  private take(kind: number): void {
    if (kind === Token.WORD) this.takeWord();
    else if (kind === Token.QUOTED_NAME) this.takeName();
    else if (kind === Token.PLACEHOLDER) this.takePlaceholder();
    else if (kind === Token.OPEN) this.open();
    else if (kind === Token.CLOSE) this.close();
    else if (kind === Token.COMMA) this.frame.endItem();
    else if (kind === Token.SEMICOLON) this.beginStatement();
    else if (kind === Token.OPERATOR) this.takeOperator();
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
    const isValues = this.beforeKeyword === Keyword.VALUE && outer.rowInside !== undefined;
    const isCall = isName(this.beforeKind) && NO_NAME[this.beforeKeyword] !== 1 && !isValues;
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

  private takeOperator(): void {
    const { text, start } = this.tokens;
    if (COMPARISON_SIGNS.includes(text[start]!)) this.frame.compare();
  }

  private takePlaceholder(): void {
    const { frame, tokens } = this;
    // `free - ?` is no comparison, and yet of one column.
    const beside = this.beforeKind === Token.OPERATOR ? frame.operand?.[0] : undefined;
    const column = frame.valueColumn ?? beside;
    const assign = this.placeholders.add(tokens.start, tokens.end, column);
    if (column !== undefined) return;
    frame.waiting ??= [];
    frame.waiting.push(assign);
  }

  /** A column, unless it is a function, a table before a dot, or an alias. */
  private takeName(): void {
    const { text, start, end, nextKind } = this.tokens;
    if (nextKind === Token.OPEN || nextKind === Token.DOT || this.namesOther()) return;
    const column = bareName(text, start, end);
    const { frame } = this;
    frame.operand ??= [column];
    for (const assign of frame.compared ?? []) assign(column);
    frame.compared = undefined;
  }

  private namesOther(): boolean {
    const isCast = this.beforeKind === Token.OPERATOR && this.tokens.text.startsWith('::', this.beforeStart);
    return isCast || BEFORE_OTHER_NAME[this.beforeKeyword] === 1;
  }

  private takeWord(): void {
    const { keyword, nextKind } = this.tokens;
    const isPartOfName = this.beforeKind === Token.DOT || nextKind === Token.DOT;
    if (keyword === 0 || isPartOfName) this.takeName();
    else if (keyword === Keyword.INSERT || keyword === Keyword.REPLACE) this.beginInsert(nextKind);
    else if (keyword === Keyword.SELECT) this.beginSelect();
    else if (keyword === Keyword.VALUES) this.beginValues();
    else if (keyword === Keyword.VALUE && this.awaitsColumns && nextKind === Token.OPEN) this.beginValues();
    else if (BEGINS_CLAUSE[keyword] === 1) this.beginClause(keyword);
    else if (keyword === Keyword.CASE) this.push(new ParameterFrame('case', this.frame.valueColumn));
    else if (this.frame.kind === 'case' && keyword === Keyword.WHEN) this.beginWhen();
    else if (this.frame.kind === 'case' && keyword === Keyword.END) this.close();
    else this.takeOperatorWord(keyword);
  }

  private takeOperatorWord(keyword: number): void {
    const { frame } = this;
    if (COMPARES[keyword] === 1) {
      frame.compare();
      frame.inBetween = keyword === Keyword.BETWEEN;
    } else if (keyword === Keyword.AND && frame.inBetween) {
      frame.inBetween = false;
      frame.operand = undefined;
    } else if (keyword === Keyword.AND || ENDS_EXPRESSION[keyword] === 1) frame.endExpression();
    else if (NO_NAME[keyword] !== 1) this.takeName();
  }

  /** INSERT and REPLACE are functions too, except in MERGE's THEN INSERT (…). */
  private beginInsert(nextKind: number): void {
    if (nextKind === Token.OPEN && this.beforeKeyword !== Keyword.THEN) return;
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

  private beginClause(keyword: number): void {
    const { frame } = this;
    // SUBSTRING(x FROM 1), CONVERT(x USING y), x IS DISTINCT FROM y.
    if (frame.kind === 'call') return;
    if (keyword === Keyword.FROM && this.beforeKeyword === Keyword.DISTINCT && frame.left !== undefined)
      return;
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
