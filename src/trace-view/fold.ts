/**
 * Siblings → rows. One row a span unless they may be folded; then what repeats, what is brief and what only passes a
 * call on share rows, so that the calls between services stand out. Errors are never folded away. Pure.
 */
import { durationOf, type Span } from './span.js';
import type { TraceNode } from './trace.js';

export interface Row {
  /**
   * - `span`: one span.
   * - `chain`: spans that each do little but call the next; the outermost first.
   * - `repeated`: siblings of one name, with what is below them.
   * - `mixed`: siblings of several names, nothing below them.
   */
  readonly form: 'span' | 'chain' | 'repeated' | 'mixed';
  readonly nodes: readonly TraceNode[];
  /** What hangs under the row. */
  readonly below: readonly TraceNode[];
  /** Of a `mixed` row of statements: some of their siblings have rows of their own. */
  readonly isRest?: boolean;
  /** Statements right under the row that take too little time for rows of their own. */
  readonly tucked?: number;
}

export interface FoldOptions {
  /** Microseconds. Inner calls that are shorter are put together, and so are statements that take less in all. */
  readonly briefMicros: number;
}

/** So many siblings of one name in a row still get a row each. */
const MOST_ALIKE = 3;
/** So many SQL summaries of one parent get a row of their own, if they take long. */
const MOST_SUMMARIES = 3;
/** A call that takes this part of its caller's time is what the caller does. */
const PASSED_ON = 0.75;

/** Every span in a row of its own. */
export function unfolded(siblings: readonly TraceNode[]): Row[] {
  return siblings.map(spanRow);
}

/** Every span in a row of its own, but for several statements of one parent, which share one. */
export function sqlFolded(siblings: readonly TraceNode[]): Row[] {
  const statements = siblings.filter(isPlainStatement);
  if (statements.length < 2) return unfolded(siblings);
  const others = siblings.filter((node) => !isPlainStatement(node)).map(spanRow);
  const shared: Row = {
    form: byName(statements).length === 1 ? 'repeated' : 'mixed',
    nodes: statements,
    below: [],
  };
  return [...others, shared].sort((a, b) => startOf(a) - startOf(b));
}

/** @param service of what the siblings hang under; undefined for roots. */
export function folded(
  siblings: readonly TraceNode[],
  service: string | undefined,
  options: FoldOptions,
): Row[] {
  const { statements, brief, calls } = sort(siblings, service, options);
  const rows = [...foldStatements(statements, options), ...foldBrief(brief), ...foldCalls(calls, options)];
  return rows.sort((a, b) => startOf(a) - startOf(b));
}

/** Microseconds: of siblings together, of a chain the outermost's. */
export function timeOf({ form, nodes }: Row): number {
  const counted = form === 'chain' ? nodes.slice(0, 1) : nodes;
  return counted.reduce((sum, { span }) => sum + durationOf(span), 0);
}

/** Microseconds since the epoch. */
export function startOf({ nodes }: Row): number {
  return nodes[0]!.span.startMicros;
}

/** Microseconds since the epoch. */
export function endOf({ nodes }: Row): number {
  return nodes.reduce((end, { span }) => Math.max(end, span.endMicros), 0);
}

/** Nodes by their span's name, in order of their first; the same name in another service is another. */
export function byName(nodes: readonly TraceNode[]): TraceNode[][] {
  const groups = new Map<string, TraceNode[]>();
  for (const node of nodes) {
    const key = nameKey(node);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}

interface Sorted {
  readonly statements: TraceNode[];
  readonly brief: TraceNode[];
  readonly calls: TraceNode[];
}

function sort(siblings: readonly TraceNode[], service: string | undefined, options: FoldOptions): Sorted {
  const sorted: Sorted = { statements: [], brief: [], calls: [] };
  for (const node of siblings) {
    if (isPlainStatement(node)) sorted.statements.push(node);
    else if (isFoldable(node) && isBrief(node, service, options)) sorted.brief.push(node);
    else sorted.calls.push(node);
  }
  return sorted;
}

function isFoldable({ children, hasError, isOrphan, span }: TraceNode): boolean {
  return children.length === 0 && !hasError && !isOrphan && span.incomplete === undefined;
}

function isPlainStatement(node: TraceNode): boolean {
  return node.span.statement !== undefined && isFoldable(node);
}

function isBrief({ span }: TraceNode, service: string | undefined, { briefMicros }: FoldOptions): boolean {
  return span.service === service && span.kind !== 'server' && durationOf(span) < briefMicros;
}

/** Summaries that take long get a row each, longest first chosen; the others share one. */
function foldStatements(statements: readonly TraceNode[], { briefMicros }: FoldOptions): Row[] {
  const rows = byName(statements).map(groupRow);
  const heavy = rows
    .filter((row) => timeOf(row) >= briefMicros)
    .sort((a, b) => timeOf(b) - timeOf(a))
    .slice(0, MOST_SUMMARIES);
  const rest = rows.filter((row) => !heavy.includes(row)).flatMap(({ nodes }) => nodes);
  return [...heavy, ...mixedRow(rest, heavy.length > 0)];
}

function foldBrief(brief: readonly TraceNode[]): Row[] {
  return mixedRow(brief, false);
}

function mixedRow(nodes: readonly TraceNode[], isRest: boolean): Row[] {
  const groups = byName(nodes);
  if (groups.length < 2) return groups.map(groupRow);
  const ordered = [...nodes].sort((a, b) => a.span.startMicros - b.span.startMicros);
  return [{ form: 'mixed', nodes: ordered, below: [], isRest }];
}

function groupRow(nodes: readonly TraceNode[]): Row {
  return nodes.length === 1 ? spanRow(nodes[0]!) : { form: 'repeated', nodes, below: [] };
}

function foldCalls(calls: readonly TraceNode[], options: FoldOptions): Row[] {
  return runs(calls).flatMap((run) =>
    run.length > MOST_ALIKE ? [groupRow(run)] : run.map((node) => callRow(node, options)),
  );
}

/** Neighbours of one name that may be folded together; everything else alone. */
function runs(calls: readonly TraceNode[]): TraceNode[][] {
  const all: TraceNode[][] = [];
  for (const node of calls) {
    const run = all.at(-1);
    const last = run?.at(-1);
    const isAlike = last !== undefined && nameKey(last) === nameKey(node);
    if (isAlike && isQuiet(last) && isQuiet(node)) run!.push(node);
    else all.push([node]);
  }
  return all;
}

function isQuiet({ hasError, isOrphan, span }: TraceNode): boolean {
  return !hasError && !isOrphan && span.incomplete === undefined;
}

/** Follows a call through the spans that only pass it on. */
function callRow(node: TraceNode, options: FoldOptions): Row {
  const chain = [node];
  const passed: TraceNode[] = [];
  let last = node;
  for (let next = passedOnTo(last, options); next !== undefined; next = passedOnTo(last, options)) {
    const inner = next;
    passed.push(...last.children.filter((child) => child !== inner));
    chain.push(inner);
    last = inner;
  }
  const { below, tucked } = tuckStatements(last.children, options);
  return {
    form: chain.length === 1 ? 'span' : 'chain',
    nodes: chain,
    below: [...passed, ...below].sort((a, b) => a.span.startMicros - b.span.startMicros),
    tucked,
  };
}

function tuckStatements(
  children: readonly TraceNode[],
  { briefMicros }: FoldOptions,
): { below: readonly TraceNode[]; tucked: number } {
  const statements = children.filter(isPlainStatement);
  const micros = statements.reduce((sum, { span }) => sum + durationOf(span), 0);
  if (statements.length === 0 || micros >= briefMicros) return { below: children, tucked: 0 };
  const hidden = new Set(statements);
  return { below: children.filter((child) => !hidden.has(child)), tucked: statements.length };
}

/** The one call that a span makes of its own service, if it does little else. */
function passedOnTo({ span, children }: TraceNode, options: FoldOptions): TraceNode | undefined {
  const { statements, calls } = sort(children, span.service, options);
  const [next] = calls;
  if (statements.length > 0 || calls.length !== 1 || next === undefined) return undefined;
  const isInner = [span, next.span].every(
    ({ service, kind, incomplete }) =>
      service === span.service && kind !== 'server' && incomplete === undefined,
  );
  const isWhatItDoes =
    durationOf(next.span) >= durationOf(span) * PASSED_ON && next.span.endMicros <= span.endMicros;
  return isInner && isWhatItDoes && failsAlike(span, next.span) ? next : undefined;
}

function failsAlike(a: Span, b: Span): boolean {
  return a.error?.type === b.error?.type && a.error?.message === b.error?.message;
}

function spanRow(node: TraceNode): Row {
  return { form: 'span', nodes: [node], below: node.children };
}

function nameKey({ span }: TraceNode): string {
  return `${span.service}\0${span.name}`;
}
