/** The two steps together, pairing and mapping: what library users hold who have their notifications already. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { TraceEvent } from './codec/trace-event.js';
import { toTraceId } from './mapping/ids.js';
import type { MappingOptions } from './mapping/options.js';
import { isSampled } from './mapping/sampling.js';
import { SpanMapper } from './mapping/span.js';
import { type KeepOptions, type KeepReason, type Kept, TailSampler } from './mapping/tail-sampler.js';
import { type DropReason, type Ruled, TraceFilter, type TraceFilterOptions } from './mapping/trace-filter.js';
import {
  DEFAULT_PAIR_BOUNDS,
  type PairBounds,
  Pairer,
  pointId,
  rootId,
  type TracePoint,
} from './pairing/pair.js';
import type { PointId } from './pairing/point-table.js';

/** What became of notifications, and the tokens of those it became of. */
export type Translated<Token> =
  | {
      readonly kind: 'span';
      /** The trace point. */
      readonly point: PointId;
      readonly span: ReadableSpan;
      /** The span lacks its start or its stop, and is marked so. */
      readonly incomplete: boolean;
      readonly tokens: readonly Token[];
    }
  /** The same half was there already; the newer token took the older one's place. */
  | { readonly kind: 'duplicate'; readonly tokens: readonly Token[] }
  /** A setting says that this makes no span. */
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason | KeepReason | 'not-sampled';
      readonly tokens: readonly Token[];
    }
  /** The mapping threw, which is a bug in it: these notifications make no span, and no others are touched. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly tokens: readonly Token[] };

/** Which traces are kept. */
export interface SamplingOptions {
  /** The part of all traces that is kept, 0 to 1; the trace id decides. @default 1 */
  readonly sampleRatio: number;
}

/** How notifications become spans: mapping, bounds of what is open, rules for traces, sampling. */
export type TranslatorOptions = Partial<
  MappingOptions & PairBounds & TraceFilterOptions & SamplingOptions & KeepOptions
>;

/** The most notifications that a translator holds back with these options. */
export function heldBound({
  maxOpenPoints = DEFAULT_PAIR_BOUNDS.maxOpenPoints,
  ...options
}: TranslatorOptions): number {
  const hasRules = new TraceFilter(options, 0).isActive;
  const keep = new TailSampler(options);
  const ruled = hasRules ? 2 * maxHeldPoints(maxOpenPoints) : 0;
  return maxOpenPoints + ruled + (keep.isActive ? 2 * keep.maxPoints : 0);
}

/** Points that wait for their trace are two notifications each: together as many as the open ones. */
function maxHeldPoints(maxOpenPoints: number): number {
  return Math.ceil(maxOpenPoints / 2);
}

const HELD: readonly never[] = [];

/**
 * Pairs notifications and maps the pairs to spans. Pure: no I/O, and the caller's clock.
 *
 * @typeParam Token whatever the caller wants back with the span that a notification became part of: a delivery, an
 * index, nothing.
 */
export class Translator<Token = undefined> {
  private readonly pairer: Pairer<Token>;
  private readonly mapper: SpanMapper;
  private readonly rules: TraceFilter<Token>;
  private readonly keepRules: TailSampler<Token>;
  private readonly sampleRatio: number;

  /**
   * @param form `unread`: most spans read themselves when somebody looks, each time anew, which suits those who write
   * them down or pass them on.
   */
  constructor(
    options: TranslatorOptions = {},
    private readonly form: 'whole' | 'unread' = 'whole',
  ) {
    const bounds = { ...DEFAULT_PAIR_BOUNDS, ...options };
    this.pairer = new Pairer(bounds);
    this.mapper = new SpanMapper(options);
    this.rules = new TraceFilter(options, maxHeldPoints(bounds.maxOpenPoints));
    this.keepRules = new TailSampler(options);
    this.sampleRatio = options.sampleRatio ?? 1;
  }

  /** Halves that wait for their other. */
  get openPoints(): number {
    return this.pairer.openPoints;
  }

  /** Bytes of the bodies of the halves that wait. */
  get openBytes(): number {
    return this.pairer.openBytes;
  }

  /** Tokens of points that are whole and wait for their trace to be over; see `TraceFilter` and `TailSampler`. */
  get heldTokens(): number {
    return this.rules.heldTokens + this.keepRules.heldTokens;
  }

  /** The start events that wait for their stop, by arrival, each with the span that it would be without its stop. */
  *openSpans(isWanted: (start: TraceEvent) => boolean): Generator<ReadableSpan> {
    for (const start of this.pairer.openStarts()) {
      if (isWanted(start)) yield this.mapper.toSpan({ start, stop: undefined });
    }
  }

  /**
   * Adds one notification.
   * @param bytes the size of its body, for the bound on open bytes.
   * @param now the caller's clock, ms.
   * @param id the identity of the notification's trace point, for a caller who has it already.
   * @returns what it led to: nothing while the other half is awaited, as a rule one span; also what a bound pushed out.
   */
  add(
    notification: TraceEvent,
    token: Token,
    bytes = 0,
    now = 0,
    id: PointId = pointId(notification),
  ): readonly Translated<Token>[] {
    if (this.sampleRatio < 1 && !isSampled(toTraceId(notification.baseId), this.sampleRatio)) {
      return [{ kind: 'dropped', reason: 'not-sampled', tokens: [token] }];
    }
    if (this.rules.isActive) {
      this.rules.see(notification, now);
      const again = this.rules.takeAgain(notification, token);
      if (again !== undefined) return [{ kind: 'duplicate', tokens: [again.released] }];
    }
    if (this.keepRules.isActive) {
      const again = this.keepRules.takeAgain(notification, token);
      if (again !== undefined) return [{ kind: 'duplicate', tokens: [again.released] }];
      this.keepRules.see(notification, bytes, now);
    }
    const paired = this.pairer.add(id, notification, token, bytes, now);
    if (paired.complete !== undefined) return this.finish(paired.complete, now);
    if (paired.replaced !== undefined) return [{ kind: 'duplicate', tokens: [paired.replaced] }];
    return this.pairer.isOverBound ? [...this.overdue(now)] : HELD;
  }

  /** What the pair timeout, the bounds and a trace's end no longer keep, oldest first. Call it now and then. */
  *overdue(now: number): Generator<Translated<Token>> {
    for (const point of this.pairer.overdue(now)) yield* this.finish(point, now);
    for (const ruled of this.rules.quiet(now)) yield* this.keep(ruled);
    for (const kept of this.keepRules.quiet(now)) yield this.apply(kept);
  }

  /** The input has ended: everything that is open, as incomplete spans, and all that waited. */
  *flush(): Generator<Translated<Token>> {
    for (const point of this.pairer.flush()) yield* this.finish(point, 0);
    for (const ruled of this.rules.flush()) yield* this.keep(ruled);
    for (const kept of this.keepRules.flush()) yield this.apply(kept);
  }

  /** Forgets what is held for tokens that are void: they will come again. @returns how many. */
  forget(isVoid: (token: Token) => boolean): number {
    return this.pairer.forget(isVoid) + this.rules.forget(isVoid) + this.keepRules.forget(isVoid);
  }

  private finish(point: TracePoint<Token>, now: number): readonly Translated<Token>[] {
    if (!this.rules.isActive) {
      if (!this.keepRules.isActive) return [this.map(point)];
      return [...this.keep({ kind: 'keep', point })];
    }
    return Array.from(this.rules.rule(point, now)).flatMap((ruled) => [...this.keep(ruled)]);
  }

  private *keep(ruled: Ruled<Token>): Generator<Translated<Token>> {
    if (!this.keepRules.isActive) yield this.apply(ruled);
    else for (const kept of this.keepRules.rule(ruled)) yield this.apply(kept);
  }

  private apply(ruled: Kept<Token>): Translated<Token> {
    if (ruled.kind === 'keep') return this.map(ruled.point);
    if (ruled.kind === 'drop') return { kind: 'dropped', reason: ruled.reason, tokens: ruled.point.tokens };
    const span = this.mapper.rootSpan(ruled.of, ruled.begin, ruled.end);
    return { kind: 'span', point: rootId(ruled.of), span, incomplete: false, tokens: [] };
  }

  private map(point: TracePoint<Token>): Translated<Token> {
    const { start, stop, tokens } = point;
    try {
      const span = this.form === 'whole' ? this.mapper.toSpan(point) : this.mapper.toUnreadSpan(point);
      return { kind: 'span', point, span, incomplete: start === undefined || stop === undefined, tokens };
    } catch (error) {
      return { kind: 'failed', error, tokens };
    }
  }
}
