/** How far a summary has come, at one depth of a statement. */
import { Rest } from './commands.js';

/** How far the statement, or what is between two parentheses, has come. */
export const Phase = { FRESH: 0, EXPLAIN: 1, CTE: 2, SETTLED: 3 } as const;

/** What is known between two parentheses, or of a whole statement outside of all. */
export class SummaryFrame {
  phase: number = Phase.FRESH;
  /** The keyword that the operation began with; 0 while there is none. */
  verb = 0;
  /** A comma or a JOIN is followed by another target. */
  inTables = false;
  /** The next name is a target. */
  expectsTarget = false;
  /** What becomes of the statement after its one target: a `Rest`. */
  rest: number = Rest.QUERIES;
  /** A CTE's name that its own query does not know yet. */
  cte: string | undefined = undefined;
  recursive = false;

  /** Makes a used frame a new one. `expectsTarget`: the parentheses stand where a table may. */
  begin(expectsTarget: boolean): void {
    this.phase = Phase.FRESH;
    this.verb = 0;
    this.inTables = this.expectsTarget = expectsTarget;
    this.rest = Rest.QUERIES;
    this.cte = undefined;
    this.recursive = false;
  }

  endTables(): void {
    this.inTables = this.expectsTarget = false;
  }
}
