/**
 * A trace → the rows of its waterfall. The SQL of a span is one row; so many rows are open from the beginning as a
 * browser takes easily, those near the roots first, and the others are asked for when somebody opens them. Pure.
 */
import { type Row, sqlFolded, unfolded } from '../fold.js';
import type { Trace, TraceNode } from '../trace.js';

export interface WaterfallRow {
  readonly kind: 'span' | 'sql';
  /** Names what is below the row, in links. */
  readonly key: string;
  /** 1 for roots. */
  readonly level: number;
  /** One, or the statements that share the row, by start. */
  readonly nodes: readonly TraceNode[];
  readonly state: 'leaf' | 'open' | 'closed';
}

/** In the place of siblings that were too many. */
export interface MoreRow {
  readonly kind: 'more';
  /** Of what they are below. */
  readonly key: string;
  readonly level: number;
  /** The first of them, from 0. */
  readonly from: number;
  readonly count: number;
}

export interface Unfolding {
  /** A row's key; what is below that row is shown. @default the roots */
  readonly under?: string;
  /** Of the first row. @default 1 */
  readonly level?: number;
  /** Siblings to skip. @default 0 */
  readonly from?: number;
  /** Rows at most, but for one group of siblings, which is always shown. @default 400 */
  readonly rows?: number;
  /** A row for each statement too. @default false */
  readonly unfoldSql?: boolean;
}

export const ROOTS = 'roots';
/** Siblings shown at once. */
export const GROUP_ROWS = 200;
export const DEFAULT_ROWS = 400;
const SQL = 'sql.';

/** @returns undefined when there is no such row. */
export function waterfallRows(
  tree: Trace,
  unfolding: Unfolding = {},
): (WaterfallRow | MoreRow)[] | undefined {
  const { under = ROOTS, level = 1, from = 0, rows = DEFAULT_ROWS, unfoldSql = false } = unfolding;
  const siblings = siblingsUnder(tree, under, unfoldSql);
  if (siblings === undefined) return undefined;
  const first = new Group(under, siblings, level, from);
  openSome(first, rows, unfoldSql);
  return flatten(first);
}

/** Rows of one parent, and the groups that hang under those that are open. */
class Group {
  readonly shown: readonly Row[];
  readonly open = new Map<Row, Group>();

  constructor(
    readonly key: string,
    readonly all: readonly Row[],
    readonly level: number,
    readonly from = 0,
  ) {
    this.shown = all.slice(from, from + GROUP_ROWS);
  }
}

/** Breadth first, so that a budget that is short shows all of the upper levels. */
function openSome(first: Group, rows: number, unfoldSql: boolean): void {
  let budget = rows - first.shown.length;
  const groups = [first];
  // The array grows while it is walked.
  for (const group of groups) {
    for (const row of group.shown) {
      if (row.below.length === 0) continue;
      const below = new Group(keyOf(row, group.key), fold(row.below, unfoldSql), group.level + 1);
      if (below.shown.length > budget) continue;
      budget -= below.shown.length;
      group.open.set(row, below);
      groups.push(below);
    }
  }
}

function flatten(first: Group): (WaterfallRow | MoreRow)[] {
  const rows: (WaterfallRow | MoreRow)[] = [];
  const waiting: (readonly [Group, Row | undefined])[] = stacked(first);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [group, row] = next;
    if (row === undefined) {
      rows.push(moreOf(group));
      continue;
    }
    const below = group.open.get(row);
    rows.push(toWaterfallRow(row, group, below !== undefined));
    if (below !== undefined) waiting.push(...stacked(below));
  }
  return rows;
}

/** The last one first; undefined stands for the rest that is not shown. */
function stacked(group: Group): (readonly [Group, Row | undefined])[] {
  const entries = group.shown.map((row): readonly [Group, Row | undefined] => [group, row]);
  if (group.from + group.shown.length < group.all.length) entries.push([group, undefined]);
  return entries.reverse();
}

function toWaterfallRow(row: Row, { key, level }: Group, isOpen: boolean): WaterfallRow {
  const isShared = row.form !== 'span';
  const hasBelow = isShared || row.below.length > 0;
  return {
    kind: isShared ? 'sql' : 'span',
    key: keyOf(row, key),
    level,
    nodes: row.nodes,
    state: isOpen ? 'open' : hasBelow ? 'closed' : 'leaf',
  };
}

function moreOf({ key, level, all, from, shown }: Group): MoreRow {
  const next = from + shown.length;
  return { kind: 'more', key, level, from: next, count: all.length - next };
}

function keyOf(row: Row, parent: string): string {
  return row.form === 'span' ? row.nodes[0]!.span.spanId : SQL + parent;
}

function siblingsUnder(tree: Trace, key: string, unfoldSql: boolean): readonly Row[] | undefined {
  if (key.startsWith(SQL)) {
    const rows = siblingsUnder(tree, key.slice(SQL.length), false);
    const statements = rows?.find(({ form }) => form !== 'span')?.nodes;
    return statements && unfolded(statements);
  }
  if (key === ROOTS) return fold(tree.roots, unfoldSql);
  const node = tree.nodes.find(({ span }) => span.spanId === key);
  return node && fold(node.children, unfoldSql);
}

function fold(siblings: readonly TraceNode[], unfoldSql: boolean): Row[] {
  return unfoldSql ? unfolded(siblings) : sqlFolded(siblings);
}
