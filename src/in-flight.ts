/**
 * Spans between translation and settlement, and a bounded memory of those behind it.
 *
 * The halves of a point are settled together, or a bridge that dies in between leaves one of them behind to become an
 * incomplete span. That is easy while both are at hand. But a channel that dies takes its deliveries back, and the
 * broker gives them out again, while their span is on its way to the backend or already there: they then take their
 * old places, and wait until both are there.
 */
import type { Delivery } from './contracts.js';
import { PointSet } from './pairing/point-set.js';
import { type PointId, PointTable } from './pairing/point-table.js';

export type HalfName = 'start' | 'stop';

/** A half of a point and the right to settle it. */
export interface PendingDelivery {
  readonly phase: HalfName;
  readonly delivery: Delivery;
}

/** A span without an outcome yet, and the deliveries to settle when it has one: those of the halves it was made of. */
export interface InFlightSpan extends PointId {
  readonly incomplete: boolean;
  /** Absent when there is none, as for a root span. */
  start: Delivery | undefined;
  stop: Delivery | undefined;
}

/** What is known of a trace point whose span has its outcome. */
export interface FinishedPoint {
  readonly incomplete: boolean;
  /** Halves that went back to the broker before they were settled, and will come again. */
  readonly missing: Set<HalfName>;
  /** Halves that wait for the missing ones, to be settled together with them. */
  waiting: PendingDelivery[];
  /** When it left, by the caller's clock, ms. */
  readonly since: number;
  /** Why the backend would not take its span, ever. */
  readonly refusal?: string;
}

/** Points; redeliveries come soon after a channel's death, so no long memory is needed. */
const MAX_LEFT = 50_000;

/**
 * A point both of whose halves were settled with it, as nearly all are: nothing of it waits or is missing, and so
 * nothing of it ever changes.
 */
const SETTLED: FinishedPoint = { incomplete: false, missing: new Set(), waiting: [], since: 0 };

interface FinishedEntry extends FinishedPoint, PointId {}

/** Points that left within some time. */
class RecentlyFinished {
  /** Those that are as {@link SETTLED}: an entry for each would cost CPU and memory for nothing. */
  private readonly settled = new PointSet();
  private others = new PointTable<FinishedEntry>();

  get size(): number {
    return this.settled.size + this.others.size;
  }

  get(id: PointId): FinishedPoint | undefined {
    const other = this.others.size > 0 ? this.others.get(id) : undefined;
    return other ?? (this.settled.has(id) ? SETTLED : undefined);
  }

  /** What became of it last counts. */
  addSettled(id: PointId): void {
    if (this.others.size > 0) this.others.delete(id);
    if (!this.settled.add(id)) this.others.set(leftEntry(id, SETTLED));
  }

  add(entry: FinishedEntry): void {
    this.others.set(entry);
  }

  delete(id: PointId): boolean {
    const wasSettled = this.settled.delete(id);
    return this.others.delete(id) || wasSettled;
  }

  clear(): void {
    this.settled.clear();
    this.others = new PointTable();
  }
}

function leftEntry({ baseId, traceId, hash }: PointId, point: FinishedPoint): FinishedEntry {
  return { baseId, traceId, hash, ...point };
}

export class InFlightSpans {
  private readonly spans = new PointTable<InFlightSpan>();
  /**
   * Those that left lately and those that left before them: when the former are half as many as may be remembered they
   * take the place of the latter, which are forgotten. To forget one for each that comes costs three times as much.
   */
  private left = new RecentlyFinished();
  private leftBefore = new RecentlyFinished();
  /** Those among them with deliveries that wait. */
  private readonly unfinished = new PointTable<FinishedEntry>();

  /** @param maxLeft points behind their settlement that are remembered at most; the last half of them always are. */
  constructor(private readonly maxLeft: number = MAX_LEFT) {}

  /** Deliveries that are unsettled here. */
  get deliveries(): number {
    let count = 0;
    for (const span of this.spans.values()) count += deliveriesIn(span).length;
    for (const { waiting } of this.unfinished.values()) count += waiting.length;
    return count;
  }

  /** The span of a point that is on its way. */
  find(id: PointId): InFlightSpan | undefined {
    return this.spans.get(id);
  }

  /**
   * What became of a point that left not too long ago, or of which deliveries still wait. What waited and went away
   * meanwhile, alone (renewed) or with its origin, is among the missing: its copy must not be taken for a duplicate.
   */
  findFinished(id: PointId): FinishedPoint | undefined {
    let point = this.left.get(id) ?? this.leftBefore.get(id);
    if (this.unfinished.size > 0) point ??= this.unfinished.get(id);
    if (point !== undefined) noteLost(point);
    return point;
  }

  begin(
    { baseId, traceId, hash }: PointId,
    incomplete: boolean,
    held: readonly PendingDelivery[],
  ): InFlightSpan {
    const span: InFlightSpan = { baseId, traceId, hash, incomplete, start: undefined, stop: undefined };
    for (const { phase: half, delivery } of held) span[half] = delivery;
    this.spans.set(span);
    return span;
  }

  /**
   * The span has its outcome.
   * @returns the deliveries to settle now: all of them, or none while one of them is away.
   */
  end(span: InFlightSpan, now: number): readonly Delivery[] {
    const { incomplete, start, stop } = span;
    this.spans.delete(span);
    const isSettled = start?.live !== false && stop?.live !== false;
    if (isSettled && !incomplete) {
      this.left.addSettled(span);
      this.forgetOldest();
      return deliveriesIn(span);
    }
    const point = leftEntry(span, { incomplete, missing: new Set(), waiting: [], since: now });
    this.left.add(point);
    this.forgetOldest();
    if (isSettled) return deliveriesIn(span);
    if (start !== undefined) point.waiting.push({ phase: 'start', delivery: start });
    if (stop !== undefined) point.waiting.push({ phase: 'stop', delivery: stop });
    return this.takeWhole(point);
  }

  /**
   * The backend refused the span for good.
   * @returns its deliveries. They need not wait for each other: those that come again are refused, too.
   */
  refuse(span: InFlightSpan, now: number, refusal: string): readonly Delivery[] {
    const { incomplete } = span;
    this.spans.delete(span);
    this.left.add(leftEntry(span, { incomplete, missing: new Set(), waiting: [], since: now, refusal }));
    this.forgetOldest();
    return deliveriesIn(span);
  }

  /** Nothing is known of a refused point any more. @returns whether anything was. */
  forgetFinished(id: PointId): boolean {
    const wasLately = this.left.delete(id);
    return this.leftBefore.delete(id) || wasLately;
  }

  /**
   * A half of a span that is on its way has come again.
   * @returns the delivery whose place it takes.
   */
  replace(span: InFlightSpan, { phase: half, delivery }: PendingDelivery): Delivery | undefined {
    const former = span[half];
    span[half] = delivery;
    return former;
  }

  /**
   * A missing half of a point that left has come again.
   * @returns the deliveries to settle now: all of them once the last missing one is there.
   */
  complete(point: FinishedPoint, held: PendingDelivery): readonly Delivery[] {
    point.missing.delete(held.phase);
    point.waiting.push(held);
    // Only those that are entries of their own ever miss a half.
    return this.takeWhole(point as FinishedEntry);
  }

  /** Deliveries that waited too long for a half that was never given out again: it had been settled after all. */
  *overdue(now: number, timeoutMs: number): Generator<Delivery> {
    for (const point of [...this.unfinished.values()]) {
      if (now - point.since < timeoutMs) continue;
      this.unfinished.delete(point);
      point.missing.clear();
      yield* deliveriesOf(point);
    }
  }

  /** Lets go of waiting deliveries whose origin is lost; spans on their way look at theirs in the end. */
  forgetDead(): void {
    for (const point of [...this.unfinished.values()]) {
      noteLost(point);
      if (point.waiting.length === 0) this.unfinished.delete(point);
    }
  }

  private takeWhole(point: FinishedEntry): readonly Delivery[] {
    noteLost(point);
    if (point.missing.size === 0) {
      this.unfinished.delete(point);
      return deliveriesOf(point);
    }
    if (point.waiting.length > 0) this.unfinished.set(point);
    else this.unfinished.delete(point);
    return [];
  }

  private forgetOldest(): void {
    if (this.left.size * 2 < this.maxLeft) return;
    [this.left, this.leftBefore] = [this.leftBefore, this.left];
    this.left.clear();
  }
}

function deliveriesIn({ start, stop }: InFlightSpan): Delivery[] {
  if (start === undefined) return stop === undefined ? [] : [stop];
  return stop === undefined ? [start] : [start, stop];
}

/** What waits and went back to the broker itself, or was renewed, will come again. */
function noteLost(point: FinishedPoint): void {
  if (point.waiting.every(({ delivery }) => delivery.live)) return;
  for (const { phase: half, delivery } of point.waiting) if (!delivery.live) point.missing.add(half);
  point.waiting = point.waiting.filter(({ delivery }) => delivery.live);
}

/** Takes them out: each is settled once. */
function deliveriesOf(point: FinishedPoint): readonly Delivery[] {
  return point.waiting.splice(0).map(({ delivery }) => delivery);
}
