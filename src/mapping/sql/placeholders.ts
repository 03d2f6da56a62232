/** The placeholders of one statement, in whichever of DB-API's styles it is written, with the columns found for them. */

/** Column names without their tables and quotes, as the statement spells them. */
export interface ParameterColumns {
  /** By a positional parameter's index from 0; undefined where a placeholder belongs to no column. */
  readonly positional: readonly (string | undefined)[];
  /** By a named parameter's name; of several columns the first. Parameters without a column are not in it. */
  readonly named: ReadonlyMap<string, string>;
}

export class Placeholders {
  private readonly named = new Map<string, string>();
  /** %s */
  private readonly format: (string | undefined)[] = [];
  /** ? */
  private readonly question: (string | undefined)[] = [];
  /** :1, $1, ?1 */
  private readonly numbered: (string | undefined)[] = [];

  /** @param length of the statement. */
  constructor(private readonly length: number) {}

  /**
   * Adds a placeholder.
   * @param column the column that it belongs to, when that is known already
   * @returns gives it a column later; does nothing to one that has a column.
   */
  add(written: string, column: string | undefined): (column: string) => void {
    if (written.startsWith('%(')) return this.addNamed(written.slice(2, -2), column);
    if (written.startsWith('%')) return this.addAt(this.format, this.format.length, column);
    if (written === '?') return this.addAt(this.question, this.question.length, column);
    if (/^:\D/.test(written)) return this.addNamed(written.slice(1), column);
    return this.addAt(this.numbered, Number(written.slice(1)) - 1, column);
  }

  /** One style is in use; of two, the one that is less likely an operator or an array's slice. */
  columns(): ParameterColumns {
    const [positional = []] = [this.format, this.question, this.numbered].filter((style) => style.length > 0);
    return { positional, named: this.named };
  }

  private addNamed(name: string, column: string | undefined): (column: string) => void {
    const assign = (found: string) => {
      if (!this.named.has(name)) this.named.set(name, found);
    };
    if (column !== undefined) assign(column);
    return assign;
  }

  private addAt(
    list: (string | undefined)[],
    index: number,
    column: string | undefined,
  ): (column: string) => void {
    // A number beyond what the text has room for is no parameter's, and would make a list of any length.
    if (!(index >= 0 && index < this.length)) return () => {};
    while (list.length <= index) list.push(undefined);
    const assign = (found: string) => {
      list[index] ??= found;
    };
    if (column !== undefined) assign(column);
    return assign;
  }
}
