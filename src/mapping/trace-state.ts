/** What is known of a trace while it is watched, and what becomes of that as points come and go. */
import type { TraceEvent, TracePoint } from '../trace-point.js';

/** Why a point makes no span. */
export type DropReason = 'dropped' | 'short-sql' | 'trace-cap';

export interface Trace<Token> {
  /** When its last notification came, by the caller's clock, ms. */
  active: number;
  /** Spans kept. */
  spans: number;
  /** Trace points with a child that stays. */
  readonly parents: Set<string>;
  /** Trace points that have begun; watched only where points may be dropped. */
  readonly begun: Set<string>;
  /** Points that are dropped unless a child turns up. */
  undecided: { readonly point: TracePoint<Token>; readonly reason: DropReason }[];
  /** Kept back for the root span: which began first, which ended last, and which began first of those that hang on it. */
  first: TracePoint<Token> | undefined;
  last: TracePoint<Token> | undefined;
  firstRoot: TracePoint<Token> | undefined;
  /**
   * When the first of its spans began and the last ended, microseconds, and whether any hangs on the root; known even
   * while those are forgotten.
   */
  begin: number;
  end: number;
  wantsRoot: boolean;
  /** Its root span is made. */
  hasRoot: boolean;
}

/** What must be known of a trace that was taken to be over before all its points had ended. */
export type Remains = Pick<Trace<unknown>, 'begun' | 'parents'>;

/** The undecided points with a child that stays, be it one of themselves. */
export function stayingPoints<Token>({ undecided, parents }: Trace<Token>): ReadonlySet<TracePoint<Token>> {
  const byId = new Map(undecided.map(({ point }) => [String(mainOf(point).traceId), point]));
  const staying = new Set<TracePoint<Token>>();
  for (const parent of parents) {
    for (let point = byId.get(parent); point !== undefined && !staying.has(point); ) {
      staying.add(point);
      point = byId.get(String(mainOf(point).parentId));
    }
  }
  return staying;
}

export function newTrace<Token>(hasRoot: boolean, remains: Remains | undefined): Trace<Token> {
  return {
    active: 0,
    spans: 0,
    parents: remains?.parents ?? new Set(),
    begun: remains?.begun ?? new Set(),
    undecided: [],
    first: undefined,
    last: undefined,
    firstRoot: undefined,
    begin: Number.POSITIVE_INFINITY,
    end: Number.NEGATIVE_INFINITY,
    wantsRoot: false,
    hasRoot,
  };
}

/** A waiting point will come again: it is as if it had not come yet. */
export function letGo<Token>(trace: Trace<Token>, gone: TracePoint<Token>): void {
  trace.undecided = trace.undecided.filter(({ point }) => point !== gone);
  if (rootSpanInputs(trace).has(gone)) trace.spans--;
  if (trace.first === gone) trace.first = undefined;
  if (trace.last === gone) trace.last = undefined;
  if (trace.firstRoot === gone) trace.firstRoot = undefined;
}

/** The point is one of those that the root span lasts for. */
export function gather<Token>(trace: Trace<Token>, point: TracePoint<Token>): void {
  const { timestamp, parentId, baseId } = mainOf(point);
  const end = endOf(point);
  trace.begin = Math.min(trace.begin, timestamp);
  trace.end = Math.max(trace.end, end);
  if (beginsBefore(timestamp, trace.first)) trace.first = point;
  if (trace.last === undefined || end > endOf(trace.last)) trace.last = point;
  // Its own parent is the trace: the same rule as for a span that has no parent where there is no root span.
  if (parentId !== baseId) return;
  trace.wantsRoot = true;
  if (beginsBefore(timestamp, trace.firstRoot)) trace.firstRoot = point;
}

/** The points from which alone the same root span is made. */
export function rootSpanInputs<Token>({ first, last, firstRoot }: Trace<Token>): Set<TracePoint<Token>> {
  const points = new Set([first, last, firstRoot]);
  points.delete(undefined);
  return points as Set<TracePoint<Token>>;
}

function beginsBefore<Token>(timestamp: number, other: TracePoint<Token> | undefined): boolean {
  return other === undefined || timestamp < mainOf(other).timestamp;
}

/** What a point is known by: its start, or its stop when that is all there is. */
export function mainOf<Token>({ start, stop }: TracePoint<Token>): TraceEvent {
  return (start ?? stop) as TraceEvent;
}

/** In microseconds; an incomplete point has no length. */
export function endOf<Token>(point: TracePoint<Token>): number {
  const begin = mainOf(point).timestamp;
  return point.start === undefined ? begin : Math.max(begin, point.stop?.timestamp ?? begin);
}
