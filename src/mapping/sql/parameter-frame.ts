/** Whose column a value is, at one depth of a statement. */

/** Columns side by side; undefined for an expression that is none. */
export type Row = readonly (string | undefined)[];

/** What is known between two parentheses, between CASE and END, or outside of all. */
export class ParameterFrame {
  /** What the items between the commas in here are for, one column each. */
  row: Row | undefined;
  /** Likewise for those between parentheses in here: `VALUES (…), (…)`. */
  rowInside: Row | undefined;
  item = 0;
  /** The columns before the comparison or assignment that is open. */
  left: Row | undefined;
  /** The columns of the expression so far. */
  operand: Row | undefined;
  /** The columns of the items before this one. */
  items: (string | undefined)[] | undefined;
  /** Placeholders of the expression so far that have no column, and those that are compared with what follows. */
  waiting: ((column: string) => void)[] | undefined;
  compared: ((column: string) => void)[] | undefined;
  inBetween = false;
  /** Of CASE x WHEN: the columns of x. */
  subject: Row | undefined;

  constructor(
    readonly kind: 'plain' | 'call' | 'case',
    /** The column that all in here is for. */
    public column: string | undefined,
  ) {}

  /** The column that a value at this place is for. */
  get valueColumn(): string | undefined {
    return this.left?.[0] ?? this.row?.[this.item] ?? this.column;
  }

  endExpression(): void {
    this.left = this.operand = undefined;
    this.waiting = this.compared = undefined;
    this.inBetween = false;
  }

  endItem(): void {
    if (this.operand !== undefined) {
      this.items ??= [];
      this.items[this.item] = this.operand[0];
    }
    this.item++;
    this.endExpression();
  }

  compare(): void {
    if (this.operand === undefined) this.compared = this.waiting;
    else this.left = this.operand;
    this.waiting = this.operand = undefined;
  }

  /** The columns in here, side by side, once it has ended. */
  get columns(): Row | undefined {
    return this.items === undefined ? this.operand : [...this.items, this.operand?.[0]];
  }

  /** The columns that it stands for in an expression: a function for that of its first argument. */
  get value(): Row | undefined {
    const { columns } = this;
    return this.kind === 'call' ? columns?.slice(0, 1) : columns;
  }
}
