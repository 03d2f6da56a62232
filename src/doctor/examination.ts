/** Runs checks one by one, each within its deadline, and keeps what they find. */
import { BridgeError } from '../errors.js';
import { formatDuration } from '../settings/units.js';
import { type Finding, fail, type Line, skipped } from './finding.js';

/** A check's result: what was found, and what later checks build upon. */
export interface Checked<T> {
  readonly finding: Finding;
  readonly value?: T;
}

export class Examination {
  readonly lines: Line[] = [];

  /**
   * @param deadlineMs of each check.
   * @param show told of each line as it is found.
   */
  constructor(
    readonly deadlineMs: number,
    private readonly show: (line: Line) => void = () => undefined,
  ) {}

  get failures(): number {
    return this.lines.filter(({ status }) => status === 'fail').length;
  }

  /**
   * Runs a check and notes what it finds. What takes longer than the deadline has failed, and so has what throws a
   * `BridgeError`; the signal tells a check that nobody waits for it any more.
   * @returns the check's value, undefined when it has none.
   */
  async check<T>(
    where: string,
    check: string,
    run: (signal: AbortSignal) => Promise<Checked<T> | Finding>,
    deadlineMs = this.deadlineMs,
  ): Promise<T | undefined> {
    const over = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<Finding>((resolve) => {
      timer = setTimeout(() => {
        const remedy = 'look at the network and at the other side; --check-timeout gives it longer';
        resolve(fail(`no answer within ${formatDuration(deadlineMs)}`, remedy));
        over.abort();
      }, deadlineMs);
    });
    const result = await Promise.race([run(over.signal).catch(findingOf), deadline]);
    clearTimeout(timer);
    const checked: Checked<T> = 'finding' in result ? result : { finding: result };
    this.note(where, check, checked.finding);
    return checked.value;
  }

  note(where: string, check: string, finding: Finding): void {
    this.adopt([{ where, check, ...finding }]);
  }

  /** Notes that checks were left out. */
  skip(where: string, checks: readonly string[], because: string): void {
    for (const check of checks) this.note(where, check, skipped(because));
  }

  adopt(lines: readonly Line[]): void {
    for (const line of lines) {
      this.lines.push(line);
      this.show(line);
    }
  }
}

function findingOf(error: unknown): Finding {
  if (!(error instanceof BridgeError)) throw error;
  return fail(error.message, error.hint ?? 'see docs/errors.md');
}
