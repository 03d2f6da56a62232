/** Spans → a tree, whatever they say of each other: missing parents, circles, the same span twice. Pure. */
import { durationOf, type Span } from './span.js';

export interface TraceNode {
  readonly span: Span;
  /** By start. */
  readonly children: readonly TraceNode[];
  /** Its parent is not there, or is below itself: it stands among the roots. */
  readonly isOrphan: boolean;
  /** Where the span or anything below it ends last, microseconds since the epoch; asynchronous work outlives its caller. */
  readonly lastMicros: number;
  /** Microseconds of the span in which none of its children ran. */
  readonly selfMicros: number;
  /** Spans here and below. */
  readonly size: number;
  /** Here or below. */
  readonly hasError: boolean;
}

export interface Trace {
  readonly roots: readonly TraceNode[];
  /** Every span once, by start. */
  readonly nodes: readonly TraceNode[];
  readonly byId: ReadonlyMap<string, TraceNode>;
  /** Microseconds since the epoch; 0 without spans. */
  readonly startMicros: number;
  readonly lastMicros: number;
  /** From a root down, at each level the child that dominates. */
  readonly slowest: ReadonlySet<TraceNode>;
}

type NodeBuilder = { -readonly [Key in keyof Omit<TraceNode, 'children'>]: TraceNode[Key] } & {
  children: NodeBuilder[];
};

/** A child that takes less than this part of its parent does not dominate it: the slowest path ends above. */
const DOMINANT = 0.2;

/** Of spans with one id the first is kept, as backends do. */
export function buildTrace(spans: Iterable<Span>): Trace {
  const byId = new Map<string, NodeBuilder>();
  for (const span of spans) if (!byId.has(span.spanId)) byId.set(span.spanId, leaf(span));
  const nodes = [...byId.values()].sort(byStart);
  const roots: NodeBuilder[] = [];
  for (const node of nodes) {
    const parent = parentOf(node, byId);
    node.isOrphan = node.span.parentSpanId !== undefined && parent === undefined;
    (parent?.children ?? roots).push(node);
  }
  roots.push(...cutCircles(nodes, roots, byId));
  roots.sort(byStart);
  for (const node of topDown(roots).reverse()) sumUp(node);
  return {
    roots,
    nodes,
    byId,
    startMicros: nodes[0]?.span.startMicros ?? 0,
    lastMicros: roots.reduce((last, root) => Math.max(last, root.lastMicros), 0),
    slowest: slowestPath(roots),
  };
}

/** Microseconds from the node's start to the end of everything below it. */
export function extentOf({ span, lastMicros }: TraceNode): number {
  return lastMicros - span.startMicros;
}

/** Microseconds, summed. */
export function totalMicros(nodes: readonly TraceNode[]): number {
  return nodes.reduce((sum, { span }) => sum + durationOf(span), 0);
}

function leaf(span: Span): NodeBuilder {
  const hasError = span.error !== undefined;
  return {
    span,
    children: [],
    isOrphan: false,
    lastMicros: span.endMicros,
    selfMicros: 0,
    size: 1,
    hasError,
  };
}

function parentOf({ span }: TraceNode, byId: ReadonlyMap<string, NodeBuilder>): NodeBuilder | undefined {
  return span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
}

/** What no root leads to hangs on a circle; each is opened above its earliest span. @returns the new roots. */
function cutCircles(
  nodes: readonly NodeBuilder[],
  roots: readonly NodeBuilder[],
  byId: ReadonlyMap<string, NodeBuilder>,
): NodeBuilder[] {
  const reached = new Set(topDown(roots));
  const opened: NodeBuilder[] = [];
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const first = earliestOfCircle(node, byId);
    const parent = parentOf(first, byId)!;
    parent.children = parent.children.filter((child) => child !== first);
    first.isOrphan = true;
    opened.push(first);
    for (const below of topDown([first])) reached.add(below);
  }
  return opened;
}

function earliestOfCircle(node: NodeBuilder, byId: ReadonlyMap<string, NodeBuilder>): NodeBuilder {
  const seen = new Set<NodeBuilder>();
  let at = node;
  for (; !seen.has(at); at = parentOf(at, byId)!) seen.add(at);
  let earliest = at;
  for (let next = parentOf(at, byId)!; next !== at; next = parentOf(next, byId)!)
    if (byStart(next, earliest) < 0) earliest = next;
  return earliest;
}

/** Parents before children; without recursion, since traces may be as deep as they are long. */
function topDown(roots: readonly NodeBuilder[]): NodeBuilder[] {
  const ordered = [...roots];
  // The array grows while it is walked.
  for (const node of ordered) for (const child of node.children) ordered.push(child);
  return ordered;
}

function sumUp(node: NodeBuilder): void {
  const { startMicros, endMicros } = node.span;
  let busy = 0;
  let until = startMicros;
  for (const child of node.children) {
    node.lastMicros = Math.max(node.lastMicros, child.lastMicros);
    node.size += child.size;
    node.hasError ||= child.hasError;
    const from = Math.max(until, child.span.startMicros);
    const to = Math.min(endMicros, child.span.endMicros);
    busy += Math.max(0, to - from);
    until = Math.max(until, to);
  }
  node.selfMicros = durationOf(node.span) - busy;
}

function slowestPath(roots: readonly TraceNode[]): Set<TraceNode> {
  const path = new Set<TraceNode>();
  let least = 0;
  for (let at = longest(roots); at !== undefined; at = longest(at.children)) {
    if (extentOf(at) <= least) break;
    path.add(at);
    least = extentOf(at) * DOMINANT;
  }
  return path;
}

function longest(nodes: readonly TraceNode[]): TraceNode | undefined {
  let found: TraceNode | undefined;
  for (const node of nodes) if (found === undefined || extentOf(node) > extentOf(found)) found = node;
  return found;
}

/** Spans that start at once are ordered by id, so that the same trace always looks the same. */
function byStart(a: TraceNode, b: TraceNode): number {
  return a.span.startMicros - b.span.startMicros || (a.span.spanId < b.span.spanId ? -1 : 1);
}
