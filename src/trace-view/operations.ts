/** A trace by operation: what ran how often and for how long, and which queries are repeated. Pure. */
import { durationOf } from './span.js';
import type { TraceNode } from './trace.js';

/** Spans of one service and name. Times are microseconds. */
export interface Operation {
  readonly service: string;
  readonly name: string;
  readonly isStatement: boolean;
  readonly count: number;
  readonly errors: number;
  readonly total: number;
  /** In which none of the spans' children ran. */
  readonly self: number;
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
}

/** By self time, the longest first. */
export function operationsOf(nodes: readonly TraceNode[]): Operation[] {
  const groups = groupBy(nodes, ({ span }) => `${span.service}\0${span.name}`);
  const operations = groups.map((group): Operation => {
    const { service, name, statement } = group[0]!.span;
    const durations = group.map(({ span }) => durationOf(span)).sort((a, b) => a - b);
    return {
      service,
      name,
      isStatement: statement !== undefined,
      count: group.length,
      errors: group.filter(({ span }) => span.error !== undefined).length,
      total: sum(durations),
      self: sum(group.map(({ selfMicros }) => selfMicros)),
      median: quantile(durations, 0.5),
      p95: quantile(durations, 0.95),
      longest: durations.at(-1)!,
    };
  });
  return operations.sort((a, b) => b.self - a.self || b.count - a.count);
}

/** One SQL summary, several times below one span: the N+1 of OpenStack. */
export interface RepeatedQuery {
  readonly service: string;
  readonly name: string;
  /** The operation that repeats it. */
  readonly below: string;
  /** Spans of that operation that repeat it. */
  readonly parents: number;
  /** Statements below all of them. */
  readonly count: number;
  /** Below the one that has most. */
  readonly most: number;
  /** Microseconds that they took in all. */
  readonly micros: number;
  /** The span that has most. */
  readonly parentId: string;
}

/** So many of one summary below one span are a repetition. */
const REPEATED = 5;

/** By what they cost, the most expensive first. */
export function repeatedQueries(nodes: readonly TraceNode[]): RepeatedQuery[] {
  const repetitions = nodes.flatMap((parent) => {
    const statements = parent.children.filter(({ span }) => span.statement !== undefined);
    const groups = groupBy(statements, ({ span }) => span.name).filter(({ length }) => length >= REPEATED);
    return groups.map((group) => ({ parent, group, name: group[0]!.span.name }));
  });
  const alike = groupBy(
    repetitions,
    ({ parent: { span }, name }) => `${span.service}\0${span.name}\0${name}`,
  );
  const queries = alike.map((all): RepeatedQuery => {
    const [most] = [...all].sort((a, b) => b.group.length - a.group.length);
    const { parent, group, name } = most!;
    return {
      service: parent.span.service,
      name,
      below: parent.span.name,
      parents: all.length,
      count: sum(all.map((one) => one.group.length)),
      most: group.length,
      micros: sum(all.flatMap((one) => one.group.map(({ span }) => durationOf(span)))),
      parentId: parent.span.spanId,
    };
  });
  return queries.sort((a, b) => b.micros - a.micros);
}

/** @param sorted ascending, not empty */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * part) - 1))]!;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** In the order of the first of each. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
