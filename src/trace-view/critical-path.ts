/**
 * What a request waited for. Going back in time from its end, it is always the span that ended last: nothing else could
 * have made the request shorter. Asynchronous casts outlast their caller, which did not wait for them: they are left out.
 * Pure.
 */
import type { Trace, TraceNode } from './trace.js';

/** A time in which the request waited for a span itself, and for none of its children. */
export interface PathPiece {
  readonly node: TraceNode;
  /** Microseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export interface PathStep {
  readonly node: TraceNode;
  /** Microseconds that the request waited for the span itself. */
  readonly micros: number;
}

/** A span on the way back: whether its children were waited for is still to be seen. */
interface Visit {
  /** Undefined for the client, which calls the roots. */
  readonly node: TraceNode | undefined;
  readonly startMicros: number;
  /** By end, the last one at the end of the list. */
  readonly children: TraceNode[];
  /** What lies behind this moment is explained. */
  until: number;
}

/** By time. */
export function criticalPath({ roots, startMicros }: Trace): PathPiece[] {
  const pieces: PathPiece[] = [];
  const add = (node: TraceNode | undefined, from: number, to: number) => {
    if (node !== undefined && to > from) pieces.push({ node, from, to });
  };
  const calls = callsOf(roots);
  const end = calls.reduce((last, { span }) => Math.max(last, span.endMicros), 0);
  const visits: Visit[] = [visit(undefined, calls, startMicros, end)];
  for (let at = visits.at(-1); at !== undefined; at = visits.at(-1)) {
    const child = at.children.pop();
    if (child === undefined) {
      add(at.node, at.startMicros, at.until);
      visits.pop();
      continue;
    }
    const { span, children } = child;
    const from = Math.max(span.startMicros, at.startMicros);
    if (span.endMicros > at.until || span.endMicros <= from) continue;
    add(at.node, span.endMicros, at.until);
    at.until = from;
    visits.push(visit(child, children, from, span.endMicros));
  }
  return pieces.reverse();
}

/** The spans of a path, each once, by the time at which they were first waited for. */
export function pathSteps(pieces: readonly PathPiece[]): PathStep[] {
  const micros = new Map<TraceNode, number>();
  for (const { node, from, to } of pieces) micros.set(node, (micros.get(node) ?? 0) + to - from);
  return Array.from(micros, ([node, own]) => ({ node, micros: own }));
}

/** What the client called: the roots, or what the span that gathers them has as children. */
function callsOf(roots: readonly TraceNode[]): TraceNode[] {
  const called = roots.filter(({ isOrphan }) => !isOrphan);
  const calls = called.length > 0 ? called : roots;
  // The gathering span is no trace point, and lasts until the last asynchronous work has ended.
  return calls.flatMap((root) => (isGathering(root) ? root.children : [root]));
}

function isGathering({ span: { attributes } }: TraceNode): boolean {
  return 'osprofiler.base_id' in attributes && !('osprofiler.trace_id' in attributes);
}

function visit(
  node: TraceNode | undefined,
  children: readonly TraceNode[],
  startMicros: number,
  until: number,
): Visit {
  const byEnd = [...children].sort((a, b) => a.span.endMicros - b.span.endMicros);
  return { node, startMicros, children: byEnd, until };
}
