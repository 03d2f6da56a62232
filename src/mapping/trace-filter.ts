/**
 * What becomes of a trace as a whole: which of its points make no span, and the root span that gathers its many roots.
 *
 * Two things cannot be told from a point alone. Whether it may be dropped: a point whose children stay must stay, and
 * a child may begin long after its parent ended (casts). And the root span: it lasts until nothing more comes, and is
 * there only for those that hang on it. Such points wait until the trace has been quiet for a while; their deliveries
 * wait with them, so that a bridge that dies loses neither. The point that began first, the one that ended last and one
 * that hangs on the root are among them, which is how a redelivery makes the very same root span again.
 *
 * Pure: the caller's clock, nothing of its own.
 */
import { familyOf } from './conventions.js';
import { hasRaised } from './error.js';
import {
  type DropReason,
  gather,
  letGo,
  mainOf,
  newTrace,
  type Remains,
  rootSpanInputs,
  stayingPoints,
  type Trace,
} from './trace-state.js';
import { countTokens, WaitingPoints } from './waiting-points.js';

export type { DropReason } from './trace-state.js';

import type { TraceEvent, TracePoint } from '../trace-point.js';

/** Which trace points make no span, and whether a trace gets a root of its own. */
export interface TraceFilterOptions {
  /** Names of trace points, or families (`db`, `function`, `http-server`, `http-client`, `other`), that make no span. */
  readonly drop: readonly string[];
  /** SQL that took less than so many milliseconds and did not fail makes no span. @default undefined */
  readonly dropSqlShorterThanMs?: number | undefined;
  /** Spans of one trace beyond which further leaves are dropped; 0 for no cap. @default 0 */
  readonly maxSpansPerTrace: number;
  /** Gathers the roots of a trace under a span of their own. @default false */
  readonly rootSpan: boolean;
  /** Milliseconds without a notification after which a trace is taken to be over. @default 30,000 */
  readonly traceQuietMs: number;
}

export const DEFAULT_TRACE_FILTER: TraceFilterOptions = {
  drop: [],
  maxSpansPerTrace: 0,
  rootSpan: false,
  traceQuietMs: 30_000,
};

export type Ruled<Token> =
  | { readonly kind: 'keep'; readonly point: TracePoint<Token> }
  | { readonly kind: 'drop'; readonly point: TracePoint<Token>; readonly reason: DropReason }
  /** The span that gathers the trace's roots, in microseconds. */
  | { readonly kind: 'root'; readonly of: TraceEvent; readonly begin: number; readonly end: number };

/** Traces watched at once; past it the one that was quiet longest is taken to be over. */
const MAX_TRACES = 10_000;
const MAX_ROOTED = 50_000;
/** Points remembered of one trace; the flood guard is for those that have more. */
const MAX_POINTS = 50_000;
const MICROS_PER_MS = 1_000;

export class TraceFilter<Token> {
  /** The trace that was quiet longest comes first. */
  private readonly traces = new Map<string, Trace<Token>>();
  /** Traces that have their root span, so that none gets a second one when it wakes up. */
  private readonly rooted = new Set<string>();
  private readonly remains = new Map<string, Remains>();
  /** Points that wait for their trace to be over, by their key. */
  private readonly held = new WaitingPoints<Token>();
  private readonly options: TraceFilterOptions;
  private readonly dropped: ReadonlySet<string>;

  /** @param maxHeld points that may wait at once, for all traces. */
  constructor(
    options: Partial<TraceFilterOptions>,
    private readonly maxHeld: number,
  ) {
    this.options = { ...DEFAULT_TRACE_FILTER, ...options };
    this.dropped = new Set(this.options.drop);
  }

  /** Whether there is any rule: without one nothing needs to be watched. */
  get isActive(): boolean {
    return this.drops || this.options.rootSpan;
  }

  /** Tokens of the points that wait for their trace to be over. */
  get heldTokens(): number {
    return this.held.tokens;
  }

  /** An event has come: its trace is alive, and so is its parent, if this point stays. */
  see(notification: TraceEvent, now: number): void {
    const trace = this.touch(String(notification.baseId), now);
    if (notification.phase === 'stop' || !this.drops) return;
    addBounded(trace.begun, String(notification.traceId), MAX_POINTS);
    if (!this.mayBeDropped(notification)) this.addParent(trace, notification);
  }

  /** See {@link WaitingPoints.takeAgain}. */
  takeAgain(event: TraceEvent, token: Token): { readonly released: Token } | undefined {
    return this.held.takeAgain(event, token);
  }

  /** A point has both its events, or will never have them. */
  *rule(point: TracePoint<Token>, now: number): Generator<Ruled<Token>> {
    const main = mainOf(point);
    const trace = this.touch(String(main.baseId), now);
    trace.begun.delete(String(main.traceId));
    const reason = this.reasonToDrop(point, trace);
    if (reason === undefined || trace.parents.has(String(main.traceId))) {
      yield* this.keep(point, trace);
    } else if (familyOf(main) === 'db') {
      // Nothing ever begins below a statement that has ended, and nine points in ten are statements.
      yield { kind: 'drop', point, reason };
    } else {
      trace.undecided.push({ point, reason });
      this.held.add(point);
    }
    yield* this.overflow();
  }

  /** What waited for traces that are over by now. */
  *quiet(now: number): Generator<Ruled<Token>> {
    for (const [key, trace] of this.traces) {
      if (now - trace.active < this.options.traceQuietMs) return;
      yield* this.conclude(key, trace);
    }
  }

  /** The input has ended: every trace is over. */
  *flush(): Generator<Ruled<Token>> {
    for (const [key, trace] of this.traces) yield* this.conclude(key, trace);
  }

  /**
   * Forgets the waiting points all of whose tokens are void: they will come again. One with a token that is still good
   * stays, and {@link takeAgain} mends it.
   * @returns how many tokens.
   */
  forget(isVoid: (token: Token) => boolean): number {
    const gone = this.held.forget(isVoid);
    for (const point of gone) {
      const trace = this.traces.get(String(mainOf(point).baseId));
      if (trace !== undefined) letGo(trace, point);
    }
    return countTokens(gone);
  }

  private get drops(): boolean {
    const { dropSqlShorterThanMs, maxSpansPerTrace } = this.options;
    return this.dropped.size > 0 || dropSqlShorterThanMs !== undefined || maxSpansPerTrace > 0;
  }

  private touch(baseId: string, now: number): Trace<Token> {
    const known = this.traces.get(baseId);
    if (known !== undefined) this.traces.delete(baseId);
    const trace = known ?? newTrace(this.rooted.has(baseId), this.remains.get(baseId));
    if (known === undefined) this.remains.delete(baseId);
    trace.active = now;
    this.traces.set(baseId, trace);
    return trace;
  }

  /** Known from the start alone; SQL may yet turn out to have taken long. */
  private mayBeDropped(start: TraceEvent): boolean {
    const family = familyOf(start);
    if (this.dropped.has(start.name) || this.dropped.has(family)) return true;
    return family === 'db' && this.options.dropSqlShorterThanMs !== undefined;
  }

  private reasonToDrop(point: TracePoint<Token>, trace: Trace<Token>): DropReason | undefined {
    const { dropSqlShorterThanMs, maxSpansPerTrace } = this.options;
    const main = mainOf(point);
    const family = familyOf(main);
    if (this.dropped.has(main.name) || this.dropped.has(family)) return 'dropped';
    const isQuickSql =
      family === 'db' && dropSqlShorterThanMs !== undefined && isQuick(point, dropSqlShorterThanMs);
    if (isQuickSql) return 'short-sql';
    return maxSpansPerTrace > 0 && trace.spans >= maxSpansPerTrace ? 'trace-cap' : undefined;
  }

  private *keep(point: TracePoint<Token>, trace: Trace<Token>): Generator<Ruled<Token>> {
    const main = mainOf(point);
    trace.spans++;
    if (this.drops) this.addParent(trace, main);
    if (!this.options.rootSpan || trace.hasRoot) {
      yield { kind: 'keep', point };
      return;
    }
    const before = rootSpanInputs(trace);
    gather(trace, point);
    const after = rootSpanInputs(trace);
    for (const kept of after) this.held.add(kept);
    for (const kept of [...before, point]) {
      if (after.has(kept)) continue;
      this.held.delete(kept);
      yield { kind: 'keep', point: kept };
    }
  }

  /** A trace that never falls silent would otherwise remember its parents for ever. */
  private addParent({ parents }: Trace<Token>, { parentId }: TraceEvent): void {
    addBounded(parents, String(parentId), MAX_POINTS);
  }

  /** Past the bound the traces that were quiet longest are taken to be over. */
  private *overflow(): Generator<Ruled<Token>> {
    for (const [key, trace] of this.traces) {
      if (this.held.size <= this.maxHeld && this.traces.size <= MAX_TRACES) return;
      yield* this.conclude(key, trace);
    }
  }

  private *conclude(key: string, trace: Trace<Token>): Generator<Ruled<Token>> {
    this.traces.delete(key);
    this.remember(key, trace);
    const staying = stayingPoints(trace);
    for (const { point, reason } of trace.undecided) {
      this.held.delete(point);
      if (staying.has(point)) yield* this.keep(point, trace);
      else yield { kind: 'drop', point, reason };
    }
    const kept = rootSpanInputs(trace);
    const { value: of } = kept.values().next();
    // Nothing hangs on it where a program began the trace, whose span is the root; or nothing yet.
    if (of !== undefined && trace.wantsRoot) {
      addBounded(this.rooted, key, MAX_ROOTED);
      yield { kind: 'root', of: mainOf(of), begin: trace.begin, end: trace.end };
    }
    for (const point of kept) {
      this.held.delete(point);
      yield { kind: 'keep', point };
    }
  }

  /** A point that is still open may be the parent of one that stayed. */
  private remember(key: string, { begun, parents }: Trace<Token>): void {
    if (begun.size === 0) return;
    const wanted = [...begun].filter((id) => parents.has(id));
    this.remains.set(key, { begun, parents: new Set(wanted) });
    dropOldest(this.remains, MAX_TRACES);
  }
}

function addBounded(set: Set<string>, key: string, max: number): void {
  set.add(key);
  dropOldest(set, max);
}

/** Sets and maps keep the order in which their keys came. */
function dropOldest(of: Set<string> | Map<string, unknown>, max: number): void {
  for (const oldest of of.keys()) {
    if (of.size <= max) return;
    of.delete(oldest);
  }
}

function isQuick<Token>({ start, stop }: TracePoint<Token>, limitMs: number): boolean {
  if (start === undefined || stop === undefined || hasRaised(stop)) return false;
  return stop.timestamp - start.timestamp < limitMs * MICROS_PER_MS;
}
