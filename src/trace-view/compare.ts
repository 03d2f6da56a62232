/** Two sets of traces by operation: what is new, what is gone, what became slower. Pure. */
import { criticalPath } from './critical-path.js';
import { type Operation, operationsOf, quantile } from './operations.js';
import type { Trace } from './trace.js';

/** Of one operation in one set: medians over its traces. */
export interface Amount {
  readonly count: number;
  /** Microseconds in which none of the spans' children ran, summed over the spans of a trace. */
  readonly self: number;
  readonly errors: number;
}

export interface Difference {
  readonly service: string;
  readonly name: string;
  readonly before: Amount;
  readonly after: Amount;
  /** Microseconds of own time more than before. */
  readonly selfChange: number;
  readonly kind: 'new' | 'gone' | 'slower' | 'faster' | 'changed';
}

export interface Comparison {
  readonly before: Side;
  readonly after: Side;
  /** The largest change of own time first. */
  readonly differences: readonly Difference[];
}

export interface Side {
  readonly traces: number;
  /** Median of what the client waited for, microseconds. */
  readonly waitedMicros: number;
  /** Median number of spans. */
  readonly spans: number;
}

/** What is less than this part of all own time before is no difference. */
const NEGLIGIBLE = 1 / 1000;
const NOTHING: Amount = { count: 0, self: 0, errors: 0 };

export function compareTraces(before: readonly Trace[], after: readonly Trace[]): Comparison {
  const [former, latter] = [amountsOf(before), amountsOf(after)];
  const least = [...former.values()].reduce((sum, { amount }) => sum + amount.self, 0) * NEGLIGIBLE;
  const differences = [...new Set([...former.keys(), ...latter.keys()])].flatMap((key) => {
    const { service, name } = (former.get(key) ?? latter.get(key))!;
    const difference = differenceOf(
      former.get(key)?.amount ?? NOTHING,
      latter.get(key)?.amount ?? NOTHING,
      least,
    );
    return difference === undefined ? [] : [{ service, name, ...difference }];
  });
  differences.sort((a, b) => Math.abs(b.selfChange) - Math.abs(a.selfChange) || (a.name < b.name ? -1 : 1));
  return { before: sideOf(before), after: sideOf(after), differences };
}

/** How many per cent longer the own time is than before; infinite for what is new. */
export function percentSlower({ before, selfChange }: Pick<Difference, 'before' | 'selfChange'>): number {
  return before.self === 0 ? Number.POSITIVE_INFINITY : (selfChange / before.self) * 100;
}

function differenceOf(
  before: Amount,
  after: Amount,
  least: number,
): Pick<Difference, 'before' | 'after' | 'selfChange' | 'kind'> | undefined {
  const selfChange = after.self - before.self;
  if (before.count === 0) return { before, after, selfChange, kind: 'new' };
  if (after.count === 0) return { before, after, selfChange, kind: 'gone' };
  if (Math.abs(selfChange) > least)
    return { before, after, selfChange, kind: selfChange > 0 ? 'slower' : 'faster' };
  const isSame = before.count === after.count && before.errors === after.errors;
  return isSame ? undefined : { before, after, selfChange, kind: 'changed' };
}

interface Measured {
  readonly service: string;
  readonly name: string;
  readonly amount: Amount;
}

function amountsOf(traces: readonly Trace[]): Map<string, Measured> {
  const perTrace = new Map<string, Operation[]>();
  for (const { nodes } of traces) {
    for (const operation of operationsOf(nodes)) {
      const key = `${operation.service}\0${operation.name}`;
      perTrace.set(key, [...(perTrace.get(key) ?? []), operation]);
    }
  }
  const median = (operations: readonly Operation[], of: 'count' | 'self' | 'errors') =>
    // A trace without the operation has none of it.
    medianOf([...operations.map((one) => one[of]), ...Array(traces.length - operations.length).fill(0)]);
  return new Map(
    Array.from(perTrace, ([key, operations]) => {
      const { service, name } = operations[0]!;
      const amount = {
        count: median(operations, 'count'),
        self: median(operations, 'self'),
        errors: median(operations, 'errors'),
      };
      return [key, { service, name, amount }];
    }),
  );
}

function sideOf(traces: readonly Trace[]): Side {
  const waited = traces.map((trace) => criticalPath(trace).reduce((sum, { from, to }) => sum + to - from, 0));
  return {
    traces: traces.length,
    waitedMicros: medianOf(waited),
    spans: medianOf(traces.map(({ nodes }) => nodes.length)),
  };
}

/** 0 of nothing. */
function medianOf(numbers: readonly number[]): number {
  return numbers.length === 0
    ? 0
    : quantile(
        [...numbers].sort((a, b) => a - b),
        0.5,
      );
}
