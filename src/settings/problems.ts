/** What is wrong with the settings, collected and told at once. */
import { BridgeError, type ErrorCode } from '../errors.js';
import { redactUrls } from './redact.js';

/** One wrong setting. */
export interface Problem {
  /** Its name as it was written: a flag, a variable, or `file:line:column key`. */
  readonly where: string;
  /** Its value, secrets already hidden; absent when there is none to show. */
  readonly value?: string | undefined;
  /** What would be right. */
  readonly expected: string;
}

const LONGEST_VALUE = 120;

/** One error for all problems. */
export function problemsError(problems: readonly Problem[], code: ErrorCode, command?: string): BridgeError {
  // A variable that several settings read is wrong once.
  const lines = [...new Set(problems.map(describeProblem))];
  const message =
    lines.length === 1 ? lines[0]! : `${lines.length} things are wrong:\n  ${lines.join('\n  ')}`;
  const help = `osprofiler-otel-bridge ${command === undefined ? '' : `${command} `}--help`;
  return new BridgeError(
    code,
    message,
    `${help} lists every setting; --print-config shows what is in force and why.`,
  );
}

/** One line. Whatever else it shows, URLs in it lose their user info. */
export function describeProblem({ where, value, expected }: Problem): string {
  const shown = value === undefined ? '' : ` '${shorten(value)}'`;
  return redactUrls(`${where}${shown}: ${expected}`);
}

function shorten(value: string): string {
  const printable = value.replace(/[\u0000-\u001f\u007f]/g, ' ');
  return printable.length > LONGEST_VALUE ? `${printable.slice(0, LONGEST_VALUE)}…` : printable;
}

/** `; did you mean --mode?`, or nothing when no candidate is near. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** The candidate with the fewest changed letters, at most a third of them; the first of equals. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance in which swapped neighbours count as one, or some number of at least `enough` when it is not below that. */
function editDistance(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let beforeThat: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = isSwapped ? beforeThat[column - 2]! + 1 : enough;
      current.push(Math.min(replace, swap, previous[column]! + 1, current[column - 1]! + 1));
    }
    [beforeThat, previous] = [previous, current];
  }
  return previous[b.length]!;
}
