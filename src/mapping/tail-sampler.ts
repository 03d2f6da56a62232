/**
 * Sampling by result: of all traces only those with an error, or that took long, and a ratio of the others.
 *
 * What a trace is worth shows at its end at the latest, so its points wait, and their deliveries with them: a bridge
 * that dies loses none. The first error, or the bound on its length, decides at once: what waits leaves, and what comes
 * after does not wait. A trace is over when it has been quiet for a while and none of its points is open. Bounded by
 * points, bytes and time; where a bound bites the oldest trace is decided early, and what that drops is counted apart.
 *
 * Pure: the caller's clock, nothing of its own.
 */

import type { TraceEvent, TracePoint } from '../trace-point.js';
import { hasFailed } from './failed.js';
import { toTraceId } from './ids.js';
import { isSampled } from './sampling.js';
import type { Ruled } from './trace-filter.js';
import { mainOf } from './trace-state.js';
import { countTokens, WaitingPoints } from './waiting-points.js';

/** Sampling by result: which traces are worth exporting, and the bounds of what waits for that to show. */
export interface KeepOptions {
  /** Keep traces in which a span has status ERROR. @default false */
  readonly keepErrors: boolean;
  /** Keep traces that took so many milliseconds from their first notification to their last. @default undefined */
  readonly keepSlowerThanMs?: number | undefined;
  /** The part of all other traces that is kept, 0 to 1; the trace id decides. @default 0 */
  readonly keepRatio: number;
  /** Milliseconds after which a trace that is not over is decided as if it were. @default five minutes */
  readonly keepDeadlineMs: number;
  /** Trace points that may wait at once. @default 10,000 */
  readonly keepMaxPoints: number;
  /** Bytes of the messages of traces that wait. @default 64 MiB */
  readonly keepMaxBytes: number;
  /** Milliseconds without a notification after which a trace is over. @default 30,000 */
  readonly traceQuietMs: number;
}

export const DEFAULT_KEEP: KeepOptions = {
  keepErrors: false,
  keepRatio: 0,
  keepDeadlineMs: 300_000,
  keepMaxPoints: 10_000,
  keepMaxBytes: 64 * 1024 * 1024,
  traceQuietMs: 30_000,
};

/** Why a point of a trace that is not kept makes no span: it was over, or a bound did not let it wait for its end. */
export type KeepReason = 'not-kept' | 'not-kept-early';

export type Kept<Token> =
  | Ruled<Token>
  | { readonly kind: 'drop'; readonly point: TracePoint<Token>; readonly reason: KeepReason };

/** Of a trace that is not decided. */
interface Undecided<Token> {
  /** When its first and its last notification came, by the caller's clock, ms. */
  readonly since: number;
  active: number;
  /** Of all its messages, those of open points among them. */
  bytes: number;
  /** When the first of its notifications was written and the last, microseconds. */
  begin: number;
  end: number;
  hasError: boolean;
  /** Points that began and have not ended. */
  readonly open: Set<string>;
  waiting: Ruled<Token>[];
}

/** Traces that wait at once. */
const MAX_TRACES = 10_000;
/** Decisions that are remembered: what comes later of a trace meets the same fate. */
const MAX_DECIDED = 50_000;
const MICROS_PER_MS = 1_000;

export class TailSampler<Token> {
  /** The trace that began first comes first. */
  private readonly traces = new Map<string, Undecided<Token>>();
  private readonly decided = new Map<string, 'keep' | KeepReason>();
  /** Points that wait, by their key. */
  private readonly held = new WaitingPoints<Token>();
  private readonly options: KeepOptions;
  private bytes = 0;

  constructor(options: Partial<KeepOptions>) {
    this.options = { ...DEFAULT_KEEP, ...options };
  }

  /** Without a rule every trace is kept, and nothing needs to wait. */
  get isActive(): boolean {
    return this.options.keepErrors || this.options.keepSlowerThanMs !== undefined;
  }

  /** The most points that wait. */
  get maxPoints(): number {
    return this.options.keepMaxPoints;
  }

  /** Tokens of the points that wait. */
  get heldTokens(): number {
    return this.held.tokens;
  }

  /** An event has come. @param bytes the size of its message. */
  see({ baseId, traceId, phase, timestamp }: TraceEvent, bytes: number, now: number): void {
    const id = String(baseId);
    if (this.decisionOf(id) !== undefined) return;
    const trace = this.traces.get(id) ?? this.begin(id, now);
    trace.active = now;
    trace.bytes += bytes;
    this.bytes += bytes;
    trace.begin = Math.min(trace.begin, timestamp);
    trace.end = Math.max(trace.end, timestamp);
    if (phase === 'start') trace.open.add(String(traceId));
  }

  /** See {@link WaitingPoints.takeAgain}. */
  takeAgain(event: TraceEvent, token: Token): { readonly released: Token } | undefined {
    return this.held.takeAgain(event, token);
  }

  /** What the other rules have decided on passes, waits, or is dropped. */
  *rule(ruled: Ruled<Token>): Generator<Kept<Token>> {
    const of = ruled.kind === 'root' ? ruled.of : mainOf(ruled.point);
    const id = String(of.baseId);
    const trace = this.traces.get(id);
    if (trace === undefined) {
      // Not seen since it was decided, or never: then by the ratio, as if it were over.
      yield* pass(ruled, this.decided.get(id) ?? this.byRatio(id, 'not-kept'));
      return;
    }
    if (ruled.kind !== 'root') {
      trace.open.delete(String(of.traceId));
      trace.hasError ||= this.options.keepErrors && hasFailed(ruled.point);
    }
    if (ruled.kind === 'drop') yield ruled;
    else this.hold(trace, ruled);
    if (this.isWorthy(trace)) yield* this.decide(id, trace, 'keep');
    yield* this.overflow();
  }

  /** What waited for traces that are over by now, or have waited long enough. */
  *quiet(now: number): Generator<Kept<Token>> {
    const { traceQuietMs, keepDeadlineMs } = this.options;
    for (const [id, trace] of this.traces) {
      if (now - trace.since >= keepDeadlineMs) yield* this.decide(id, trace, this.atDeadline(id, trace));
      else if (trace.open.size === 0 && now - trace.active >= traceQuietMs)
        yield* this.decide(id, trace, this.byRatio(id, 'not-kept'));
    }
  }

  /** The input has ended: every trace is over. */
  *flush(): Generator<Kept<Token>> {
    for (const [id, trace] of this.traces) yield* this.decide(id, trace, this.byRatio(id, 'not-kept'));
  }

  /** Forgets the waiting points all of whose tokens are void: they will come again. @returns how many tokens. */
  forget(isVoid: (token: Token) => boolean): number {
    const gone = this.held.forget(isVoid);
    if (gone.size === 0) return 0;
    for (const [id, trace] of this.traces) {
      const staying = trace.waiting.filter((ruled) => ruled.kind === 'root' || !gone.has(ruled.point));
      if (staying.length === trace.waiting.length) continue;
      trace.waiting = staying;
      // Its root span is made again, too, when the points come again that it was made of.
      if (trace.waiting.every(({ kind }) => kind === 'root')) this.end(id, trace);
    }
    return countTokens(gone);
  }

  private begin(id: string, now: number): Undecided<Token> {
    const times = { begin: Number.POSITIVE_INFINITY, end: Number.NEGATIVE_INFINITY };
    const trace = {
      since: now,
      active: now,
      bytes: 0,
      ...times,
      hasError: false,
      open: new Set<string>(),
      waiting: [],
    };
    this.traces.set(id, trace);
    return trace;
  }

  /** The ratio's part is known from the beginning, and need not wait. */
  private decisionOf(id: string): 'keep' | KeepReason | undefined {
    const known = this.decided.get(id);
    if (known !== undefined || this.traces.has(id)) return known;
    if (!this.isInRatio(id)) return undefined;
    this.remember(id, 'keep');
    return 'keep';
  }

  private isInRatio(id: string): boolean {
    return this.options.keepRatio > 0 && isSampled(toTraceId(id), this.options.keepRatio);
  }

  private byRatio(id: string, otherwise: KeepReason): 'keep' | KeepReason {
    return this.isInRatio(id) ? 'keep' : otherwise;
  }

  /** A point that is open for so long makes a slow trace, whether or not its end ever comes. */
  private atDeadline(id: string, { open }: Undecided<Token>): 'keep' | KeepReason {
    const { keepSlowerThanMs = Number.POSITIVE_INFINITY, keepDeadlineMs } = this.options;
    return open.size > 0 && keepSlowerThanMs <= keepDeadlineMs ? 'keep' : this.byRatio(id, 'not-kept-early');
  }

  private isWorthy({ hasError, begin, end }: Undecided<Token>): boolean {
    const { keepSlowerThanMs = Number.POSITIVE_INFINITY } = this.options;
    return hasError || end - begin >= keepSlowerThanMs * MICROS_PER_MS;
  }

  private hold(trace: Undecided<Token>, ruled: Exclude<Ruled<Token>, { kind: 'drop' }>): void {
    trace.waiting.push(ruled);
    if (ruled.kind === 'keep') this.held.add(ruled.point);
  }

  /** Past a bound the traces that began first are decided. */
  private *overflow(): Generator<Kept<Token>> {
    const { keepMaxPoints, keepMaxBytes } = this.options;
    for (const [id, trace] of this.traces) {
      const isWithin = this.held.size <= keepMaxPoints && this.bytes <= keepMaxBytes;
      if (isWithin && this.traces.size <= MAX_TRACES) return;
      yield* this.decide(id, trace, this.byRatio(id, 'not-kept-early'));
    }
  }

  private *decide(
    id: string,
    trace: Undecided<Token>,
    decision: 'keep' | KeepReason,
  ): Generator<Kept<Token>> {
    this.end(id, trace);
    this.remember(id, decision);
    for (const ruled of trace.waiting) {
      if (ruled.kind === 'keep') this.held.delete(ruled.point);
      yield* pass(ruled, decision);
    }
  }

  private end(id: string, trace: Undecided<Token>): void {
    this.traces.delete(id);
    this.bytes -= trace.bytes;
  }

  private remember(id: string, decision: 'keep' | KeepReason): void {
    this.decided.set(id, decision);
    if (this.decided.size <= MAX_DECIDED) return;
    for (const oldest of this.decided.keys()) {
      this.decided.delete(oldest);
      return;
    }
  }
}

/** A root span of a trace that is not kept has nothing to settle: it is just not made. */
function* pass<Token>(ruled: Ruled<Token>, decision: 'keep' | KeepReason): Generator<Kept<Token>> {
  if (decision === 'keep' || ruled.kind === 'drop') yield ruled;
  else if (ruled.kind === 'keep') yield { kind: 'drop', point: ruled.point, reason: decision };
}
