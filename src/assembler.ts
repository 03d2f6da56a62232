/** Start and stop events → the trace points that become spans: paired, and selected by sampling and filters. */
import { toTraceId } from './mapping/ids.js';
import { isSampled } from './mapping/sampling.js';
import { type KeepOptions, type KeepReason, type Kept, TailSampler } from './mapping/tail-sampler.js';
import { type DropReason, type Ruled, TraceFilter, type TraceFilterOptions } from './mapping/trace-filter.js';
import { DEFAULT_PAIR_BOUNDS, type PairBounds, Pairer } from './pairing/pair.js';
import { type PointId, pointId, type TraceEvent, type TracePoint } from './trace-point.js';

/** What became of events, and the tokens of those it became of. */
export type Assembled<Token> =
  /** Becomes a span. */
  | { readonly kind: 'point'; readonly point: TracePoint<Token> }
  /** A trace is over, and gets a span that gathers its roots. Times are microseconds. */
  | { readonly kind: 'root'; readonly of: TraceEvent; readonly begin: number; readonly end: number }
  /** The same event was there already; the newer token took the older one's place. */
  | { readonly kind: 'duplicate'; readonly tokens: readonly Token[] }
  /** A setting says that this becomes no span. */
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason | KeepReason | 'not-sampled';
      readonly tokens: readonly Token[];
    };

/** Which traces are kept. */
export interface SamplingOptions {
  /** The part of all traces that is kept, 0 to 1; the trace id decides. @default 1 */
  readonly sampleRatio: number;
}

export type AssemblerOptions = Partial<PairBounds & TraceFilterOptions & SamplingOptions & KeepOptions>;

/** The most events that an assembler holds back with these options. */
export function heldBound({
  maxOpenPoints = DEFAULT_PAIR_BOUNDS.maxOpenPoints,
  ...options
}: AssemblerOptions): number {
  const filters = new TraceFilter(options, 0).isActive;
  const sampler = new TailSampler(options);
  const filtered = filters ? 2 * maxHeldPoints(maxOpenPoints) : 0;
  return maxOpenPoints + filtered + (sampler.isActive ? 2 * sampler.maxPoints : 0);
}

/** Points that wait for their trace are two events each: together as many as the open ones. */
function maxHeldPoints(maxOpenPoints: number): number {
  return Math.ceil(maxOpenPoints / 2);
}

const NOTHING: readonly never[] = [];

/**
 * Pure: no I/O, and the caller's clock.
 *
 * @typeParam Token what the caller wants back with the point that an event became part of: a delivery, an index.
 */
export class Assembler<Token> {
  private readonly pairer: Pairer<Token>;
  private readonly filter: TraceFilter<Token>;
  private readonly sampler: TailSampler<Token>;
  private readonly sampleRatio: number;
  private readonly isPlain: boolean;

  constructor(options: AssemblerOptions = {}) {
    const bounds = { ...DEFAULT_PAIR_BOUNDS, ...options };
    this.pairer = new Pairer(bounds);
    this.filter = new TraceFilter(options, maxHeldPoints(bounds.maxOpenPoints));
    this.sampler = new TailSampler(options);
    this.sampleRatio = options.sampleRatio ?? 1;
    this.isPlain = !this.filter.isActive && !this.sampler.isActive;
  }

  /** Events that wait for their other. */
  get openPoints(): number {
    return this.pairer.openPoints;
  }

  /** Bytes of the bodies of the events that wait. */
  get openBytes(): number {
    return this.pairer.openBytes;
  }

  /** Tokens of points that are complete and wait for their trace to be over; see `TraceFilter` and `TailSampler`. */
  get heldTokens(): number {
    return this.filter.heldTokens + this.sampler.heldTokens;
  }

  /** The start events that wait for their stop, by arrival. */
  openStarts(): Iterable<TraceEvent> {
    return this.pairer.openStarts();
  }

  /**
   * Adds one event.
   * @param bytes the size of its body, for the bound on open bytes.
   * @param now the caller's clock, ms.
   * @param id the identity of the event's trace point, for a caller who has it already.
   * @returns what it led to: nothing while the other event is awaited, as a rule one point; also what a bound pushed out.
   */
  add(
    event: TraceEvent,
    token: Token,
    bytes = 0,
    now = 0,
    id: PointId = pointId(event),
  ): readonly Assembled<Token>[] {
    if (this.sampleRatio < 1 && !isSampled(toTraceId(event.baseId), this.sampleRatio)) {
      return [{ kind: 'dropped', reason: 'not-sampled', tokens: [token] }];
    }
    const held = this.isPlain ? undefined : this.seeTrace(event, token, bytes, now);
    if (held !== undefined) return [{ kind: 'duplicate', tokens: [held.released] }];
    const { complete, replaced } = this.pairer.add(id, event, token, bytes, now);
    if (complete !== undefined) return this.finish(complete, now);
    if (replaced !== undefined) return [{ kind: 'duplicate', tokens: [replaced] }];
    return this.pairer.isOverBound ? [...this.overdue(now)] : NOTHING;
  }

  /** What the pair timeout, the bounds and a trace's end no longer keep, oldest first. Call it now and then. */
  *overdue(now: number): Generator<Assembled<Token>> {
    for (const point of this.pairer.overdue(now)) yield* this.finish(point, now);
    for (const ruled of this.filter.quiet(now)) yield* this.keep(ruled);
    for (const kept of this.sampler.quiet(now)) yield assembled(kept);
  }

  /** The input has ended: everything that is open, as incomplete points, and all that waited. */
  *flush(): Generator<Assembled<Token>> {
    for (const point of this.pairer.flush()) yield* this.finish(point, 0);
    for (const ruled of this.filter.flush()) yield* this.keep(ruled);
    for (const kept of this.sampler.flush()) yield assembled(kept);
  }

  /** Forgets what is held for tokens that are void: their events are delivered again. @returns how many. */
  forget(isVoid: (token: Token) => boolean): number {
    return this.pairer.forget(isVoid) + this.filter.forget(isVoid) + this.sampler.forget(isVoid);
  }

  /** @returns the token to let go of when the event's point waits for its trace: it was delivered again. */
  private seeTrace(event: TraceEvent, token: Token, bytes: number, now: number) {
    if (this.filter.isActive) {
      this.filter.see(event, now);
      const again = this.filter.takeAgain(event, token);
      if (again !== undefined) return again;
    }
    if (!this.sampler.isActive) return undefined;
    const again = this.sampler.takeAgain(event, token);
    if (again === undefined) this.sampler.see(event, bytes, now);
    return again;
  }

  private finish(point: TracePoint<Token>, now: number): readonly Assembled<Token>[] {
    if (this.isPlain) return [{ kind: 'point', point }];
    if (!this.filter.isActive) return [...this.keep({ kind: 'keep', point })];
    return Array.from(this.filter.rule(point, now)).flatMap((ruled) => [...this.keep(ruled)]);
  }

  private *keep(ruled: Ruled<Token>): Generator<Assembled<Token>> {
    if (!this.sampler.isActive) yield assembled(ruled);
    else for (const kept of this.sampler.rule(ruled)) yield assembled(kept);
  }
}

function assembled<Token>(ruled: Kept<Token>): Assembled<Token> {
  if (ruled.kind === 'keep') return { kind: 'point', point: ruled.point };
  if (ruled.kind === 'drop') return { kind: 'dropped', reason: ruled.reason, tokens: ruled.point.tokens };
  const { of, begin, end } = ruled;
  return { kind: 'root', of, begin, end };
}
