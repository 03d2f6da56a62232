/**
 * A trace → the rows of its waterfall. At first as many rows are open as a browser handles easily, those near the roots
 * first; the others are fetched when somebody opens them. Pure.
 */
import { type Folding, type Row, rowOf, rowsOf } from '../rows.js';
import type { Trace, TraceNode } from '../trace.js';

export interface WaterfallRow extends Row {
  /** Names what is below the row, in links. */
  readonly key: string;
  /** 1 for roots. */
  readonly level: number;
  readonly state: 'leaf' | 'open' | 'closed';
}

/** In the place of siblings that were too many. */
export interface MoreRow {
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
  /** A row for each span. @default false */
  readonly everySpan?: boolean;
}

/** Siblings shown at once. */
const GROUP_ROWS = 200;
const DEFAULT_ROWS = 400;
/** Inner calls that take less than this part of the trace share a row. */
const BRIEF_PART = 1 / 500;
const ROOTS = 'roots';

/** @returns undefined when there is no such row. */
export function waterfallRows(
  trace: Trace,
  unfolding: Unfolding = {},
): (WaterfallRow | MoreRow)[] | undefined {
  const { under = ROOTS, level = 1, from = 0, rows = DEFAULT_ROWS, everySpan = false } = unfolding;
  const briefMicros = (trace.lastMicros - trace.startMicros) * BRIEF_PART;
  const folding = everySpan ? undefined : { briefMicros, summaries: 0, countsBriefStatements: false };
  const siblings = rowsUnder(trace, under, folding);
  if (siblings === undefined) return undefined;
  const first = new Siblings(under, siblings, level, from);
  openSome(first, rows, folding);
  return flatten(first);
}

/** A span in a row of its own. */
export function singleRow(node: TraceNode): WaterfallRow {
  const state = node.children.length > 0 ? 'closed' : 'leaf';
  return { ...rowOf(node, undefined), key: node.span.spanId, level: 1, state };
}

/** Rows of one parent, and those below the ones that are open. */
class Siblings {
  readonly shown: readonly Row[];
  readonly open = new Map<Row, Siblings>();

  constructor(
    readonly key: string,
    readonly all: readonly Row[],
    readonly level: number,
    readonly from = 0,
  ) {
    this.shown = all.slice(from, from + GROUP_ROWS);
  }

  /** `parent.span` for a group, otherwise the id of the row's first span. */
  keyOf({ isGroup, nodes }: Row): string {
    const { spanId } = nodes[0]!.span;
    return isGroup ? `${this.key}.${spanId}` : spanId;
  }
}

/** Breadth first, so that all of the upper levels are shown when rows run out. */
function openSome(first: Siblings, rows: number, folding: Folding | undefined): void {
  let left = rows - first.shown.length;
  const waiting = [first];
  // The array grows while it is walked.
  for (const siblings of waiting) {
    for (const row of siblings.shown) {
      if (row.below.length === 0) continue;
      const below = new Siblings(siblings.keyOf(row), rowsBelow(row, folding), siblings.level + 1);
      if (below.shown.length > left) continue;
      left -= below.shown.length;
      siblings.open.set(row, below);
      waiting.push(below);
    }
  }
}

/** Without recursion, since traces may be as deep as they are long. */
function flatten(first: Siblings): (WaterfallRow | MoreRow)[] {
  const rows: (WaterfallRow | MoreRow)[] = [];
  const waiting = [{ siblings: first, index: 0 }];
  for (let at = waiting.at(-1); at !== undefined; at = waiting.at(-1)) {
    const { siblings } = at;
    const row = siblings.shown[at.index++];
    if (row === undefined) {
      waiting.pop();
      const { key, level, from, shown, all } = siblings;
      const next = from + shown.length;
      if (next < all.length) rows.push({ key, level, from: next, count: all.length - next });
      continue;
    }
    const below = siblings.open.get(row);
    const isLeaf = !row.isGroup && row.below.length === 0;
    const state = below !== undefined ? 'open' : isLeaf ? 'leaf' : 'closed';
    rows.push({ ...row, key: siblings.keyOf(row), level: siblings.level, state });
    if (below !== undefined) waiting.push({ siblings: below, index: 0 });
  }
  return rows;
}

function rowsBelow({ isGroup, nodes, below }: Row, folding: Folding | undefined): Row[] {
  if (isGroup) return nodes.map((node) => rowOf(node, folding));
  return rowsOf(below, nodes.at(-1)!.span.service, folding);
}

function rowsUnder(trace: Trace, key: string, folding: Folding | undefined): Row[] | undefined {
  if (key === ROOTS) return rowsOf(trace.roots, undefined, folding);
  const dot = key.lastIndexOf('.');
  const node = trace.byId.get(key.slice(dot + 1));
  if (node === undefined) return undefined;
  if (dot === -1) return rowsBelow(rowOf(node, folding), folding);
  const siblings = rowsUnder(trace, key.slice(0, dot), folding);
  const group = siblings?.find(({ isGroup, nodes }) => isGroup && nodes[0] === node);
  return group && rowsBelow(group, folding);
}
