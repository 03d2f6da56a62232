/**
 * Siblings → rows, for the page and the terminal. What repeats, what is brief and what only passes a call on share rows,
 * so that the calls between services stand out. Errors always have rows of their own. Pure.
 */
import { durationOf, type Span } from './span.js';
import { type TraceNode, totalMicros } from './trace.js';

export interface Row {
  /**
   * A span; a chain of spans that each do little but call the next, the outermost first; or a group of siblings, by
   * start.
   */
  readonly nodes: readonly TraceNode[];
  readonly isGroup: boolean;
  /** What hangs under the row. Under a group nothing does: its spans may have rows of their own. */
  readonly below: readonly TraceNode[];
  /** The statements right under the row that are only counted. */
  readonly counted: number;
  /** Of a group of statements: some of their siblings have rows of their own. */
  readonly isRest: boolean;
}

/** What shares rows. */
export interface Folding {
  /** Microseconds. Inner calls that are shorter share a row, and so do statements that take less in all. */
  readonly briefMicros: number;
  /** So many SQL summaries of one parent have a row of their own, if they are not brief. */
  readonly summaries: number;
  /** Statements that are brief in all are only counted. */
  readonly countsBriefStatements: boolean;
}

/** So many siblings of one name in a row still get a row each. */
const MOST_ALIKE = 3;
/** Spans of a chain. */
const MOST_CHAINED = 8;
/** A call that takes this part of its caller's time is what the caller does. */
const PASSED_ON = 0.75;

/**
 * @param service of what the siblings hang under; undefined for roots.
 * @param folding undefined: every span has a row of its own.
 */
export function rowsOf(
  siblings: readonly TraceNode[],
  service: string | undefined,
  folding: Folding | undefined,
): Row[] {
  if (folding === undefined) return siblings.map((node) => row([node], node.children));
  const { statements, brief, calls } = sorted(siblings, service, folding);
  const rows = [
    ...statementRows(statements, folding),
    ...shared(brief),
    ...runs(calls).flatMap((run) =>
      run.length > MOST_ALIKE ? [group(run)] : run.map((node) => rowOf(node, folding)),
    ),
  ];
  return rows.sort((a, b) => startOf(a) - startOf(b));
}

/** The row that begins with a span: follows its call through the spans that only pass it on. */
export function rowOf(node: TraceNode, folding: Folding | undefined): Row {
  if (folding === undefined) return row([node], node.children);
  const chain = [node];
  const passed: TraceNode[] = [];
  let last = node;
  while (chain.length < MOST_CHAINED) {
    const inner = passedOnTo(last, folding);
    if (inner === undefined) break;
    passed.push(...last.children.filter((child) => child !== inner));
    chain.push(inner);
    last = inner;
  }
  const statements = folding.countsBriefStatements ? last.children.filter(isPlainStatement) : [];
  const isBrief = totalMicros(statements) < folding.briefMicros;
  const counted = new Set(isBrief ? statements : []);
  const below = [...passed, ...last.children.filter((child) => !counted.has(child))];
  return {
    ...row(
      chain,
      below.sort((a, b) => a.span.startMicros - b.span.startMicros),
    ),
    counted: counted.size,
  };
}

/** Microseconds: of a group the sum, of a chain the outermost's. */
export function timeOf({ isGroup, nodes }: Row): number {
  return totalMicros(isGroup ? nodes : nodes.slice(0, 1));
}

/** Microseconds since the epoch. */
export function startOf({ nodes }: Row): number {
  return nodes[0]!.span.startMicros;
}

/** The names of a chain's spans, the class of a function only where it changes. */
export function chainNames(nodes: readonly TraceNode[]): string[] {
  let owner = '';
  return nodes.map(({ span: { name } }) => {
    const ownerOfThis = name.slice(0, name.lastIndexOf('.') + 1);
    const part = ownerOfThis !== '' && ownerOfThis === owner ? name.slice(ownerOfThis.length) : name;
    owner = ownerOfThis;
    return part;
  });
}

/** A group's spans by name, what takes longest first; the same name in another service is another. */
export function byName(nodes: readonly TraceNode[]): TraceNode[][] {
  const groups = new Map<string, TraceNode[]>();
  for (const node of nodes) {
    const known = groups.get(nameKey(node));
    if (known === undefined) groups.set(nameKey(node), [node]);
    else known.push(node);
  }
  return [...groups.values()].sort((a, b) => totalMicros(b) - totalMicros(a));
}

function row(nodes: readonly TraceNode[], below: readonly TraceNode[]): Row {
  return { nodes, isGroup: false, below, counted: 0, isRest: false };
}

function group(nodes: readonly TraceNode[], isRest = false): Row {
  if (nodes.length === 1) return row(nodes, nodes[0]!.children);
  const ordered = [...nodes].sort((a, b) => a.span.startMicros - b.span.startMicros);
  return { nodes: ordered, isGroup: true, below: [], counted: 0, isRest };
}

/** One row for all, if there are any. */
function shared(nodes: readonly TraceNode[], isRest = false): Row[] {
  return nodes.length === 0 ? [] : [group(nodes, isRest)];
}

/** Summaries that take long get a row each; the others share one. */
function statementRows(statements: readonly TraceNode[], { briefMicros, summaries }: Folding): Row[] {
  const groups = byName(statements);
  const heavy = groups.filter((nodes) => totalMicros(nodes) >= briefMicros).slice(0, summaries);
  const rest = groups.filter((nodes) => !heavy.includes(nodes));
  return [...heavy.map((nodes) => group(nodes)), ...shared(rest.flat(), rest.length > 1 && heavy.length > 0)];
}

function sorted(
  siblings: readonly TraceNode[],
  service: string | undefined,
  { briefMicros }: Folding,
): { statements: TraceNode[]; brief: TraceNode[]; calls: TraceNode[] } {
  const statements = siblings.filter(isPlainStatement);
  const others = siblings.filter((node) => !isPlainStatement(node));
  const isBrief = (node: TraceNode) =>
    node.children.length === 0 &&
    isQuiet(node) &&
    node.span.service === service &&
    node.span.kind !== 'server' &&
    durationOf(node.span) < briefMicros;
  return { statements, brief: others.filter(isBrief), calls: others.filter((node) => !isBrief(node)) };
}

function isPlainStatement(node: TraceNode): boolean {
  return node.span.statement !== undefined && node.children.length === 0 && isQuiet(node);
}

function isQuiet({ hasError, isOrphan, span }: TraceNode): boolean {
  return !hasError && !isOrphan && span.incomplete === undefined && !span.isOpen;
}

/** Neighbours of one name that may be folded together; everything else alone. */
function runs(calls: readonly TraceNode[]): TraceNode[][] {
  const all: TraceNode[][] = [];
  for (const node of calls) {
    const last = all.at(-1)?.at(-1);
    const isAlike = last !== undefined && nameKey(last) === nameKey(node) && isQuiet(last) && isQuiet(node);
    if (isAlike) all.at(-1)!.push(node);
    else all.push([node]);
  }
  return all;
}

/** The one call that a span makes of its own service, if it does little else. */
function passedOnTo({ span, children }: TraceNode, folding: Folding): TraceNode | undefined {
  const { statements, calls } = sorted(children, span.service, folding);
  const [next] = calls;
  if (statements.length > 0 || calls.length !== 1 || next === undefined) return undefined;
  const isInner = [span, next.span].every(
    ({ service, kind, incomplete, isOpen }) =>
      service === span.service && kind !== 'server' && incomplete === undefined && !isOpen,
  );
  const isWhatItDoes =
    durationOf(next.span) >= durationOf(span) * PASSED_ON && next.span.endMicros <= span.endMicros;
  return isInner && isWhatItDoes && failsAlike(span, next.span) ? next : undefined;
}

function failsAlike({ error: a }: Span, { error: b }: Span): boolean {
  return a?.type === b?.type && a?.message === b?.message;
}

function nameKey({ span }: TraceNode): string {
  return `${span.service}\0${span.name}`;
}
