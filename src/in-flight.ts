/**
 * Trace points that are past pairing: their spans are on their way to the backend, or got their outcome lately.
 *
 * The events of a point are acknowledged together, or a bridge that dies in between leaves one of them behind to become an
 * incomplete span. That is easy while both deliveries are at hand. But a channel that dies takes its deliveries back,
 * and the broker delivers them again while their span is on its way or already with the backend: they then take their
 * old places, and wait until both are there.
 */
import type { Delivery } from './contracts.js';
import { PointMap } from './pairing/point-map.js';
import type { PointId, TraceEvent } from './trace-point.js';

type Phase = TraceEvent['phase'];

/** An event's delivery, which waits to be acknowledged with that of the other event of its point. */
export interface PendingDelivery {
  readonly point: PointId;
  readonly phase: Phase;
  readonly delivery: Delivery;
}

/** A span without an outcome yet, and the deliveries to acknowledge when it has one. */
export interface InFlightSpan extends PointId {
  readonly incomplete: boolean;
  /** Absent when there is none, as for a root span. */
  start: Delivery | undefined;
  stop: Delivery | undefined;
}

/** What is known of a trace point whose span has its outcome. */
interface FinishedPoint {
  readonly incomplete: boolean;
  /** Events whose deliveries went back to the broker before they were acknowledged. */
  readonly missing: Set<Phase>;
  /** Deliveries that wait for the missing ones, to be acknowledged together with them. */
  waiting: PendingDelivery[];
  /** When the span had its outcome, by the caller's clock, ms. */
  readonly since: number;
  /** Why the backend would not take the span, ever. */
  readonly refusal?: string;
}

/** A finished point whose deliveries wait for missing ones. */
interface UnfinishedPoint extends FinishedPoint {
  readonly id: PointId;
}

/** What to do with a delivery whose point is past pairing. */
export type Known =
  /** Acknowledge these. */
  | { readonly kind: 'duplicate' | 'late'; readonly deliveries: readonly Delivery[] }
  /** The backend refused the span for good. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Points; redeliveries come soon after a channel's death, so no long memory is needed. */
const MAX_FINISHED = 50_000;

/** A point both of whose deliveries were acknowledged with it, as nearly all are: nothing of it ever changes. */
const FINISHED: FinishedPoint = { incomplete: false, missing: new Set(), waiting: [], since: 0 };

export class InFlightSpans {
  private readonly spans = new PointMap<InFlightSpan>();
  /**
   * Points that finished lately, and those before them. When the former are half as many as may be remembered they take
   * the place of the latter, which are forgotten: to forget one for each that comes costs three times as much.
   */
  private finished = new PointMap<FinishedPoint>();
  private finishedBefore = new PointMap<FinishedPoint>();
  private readonly unfinished = new PointMap<UnfinishedPoint>();

  /** @param maxFinished finished points that are remembered at most; the last half of them always are. */
  constructor(private readonly maxFinished: number = MAX_FINISHED) {}

  /** Deliveries that are held here. */
  get deliveries(): number {
    let count = 0;
    for (const span of this.spans.values()) count += deliveriesOf(span).length;
    for (const { waiting } of this.unfinished.values()) count += waiting.length;
    return count;
  }

  /**
   * Looks whether the point of a delivery is past pairing: the delivery is then a redelivery, a duplicate, or late.
   * @returns undefined for a point that is not, or is to be paired as if it were new.
   */
  recognize(pending: PendingDelivery): Known | undefined {
    const span = this.spans.get(pending.point);
    if (span !== undefined) return inFlight(span, pending);
    let point = this.finished.get(pending.point) ?? this.finishedBefore.get(pending.point);
    if (this.unfinished.size > 0) point ??= this.unfinished.get(pending.point);
    return point && this.recognizeFinished(point, pending);
  }

  /** A span is on its way. */
  begin(point: PointId, incomplete: boolean, pending: readonly PendingDelivery[]): InFlightSpan {
    const { baseId, traceId, hash } = point;
    const span: InFlightSpan = { baseId, traceId, hash, incomplete, start: undefined, stop: undefined };
    for (const { phase, delivery } of pending) span[phase] = delivery;
    this.spans.set(span, span);
    return span;
  }

  /**
   * The span has its outcome.
   * @returns the deliveries to acknowledge now: all of them, or none while one of them is away.
   */
  end(span: InFlightSpan, now: number): readonly Delivery[] {
    const { incomplete, start, stop } = span;
    this.spans.delete(span);
    const areLive = start?.live !== false && stop?.live !== false;
    if (areLive && !incomplete) {
      this.remember(span, FINISHED);
      return deliveriesOf(span);
    }
    const point: UnfinishedPoint = { id: span, incomplete, missing: new Set(), waiting: [], since: now };
    this.remember(span, point);
    if (areLive) return deliveriesOf(span);
    for (const phase of ['start', 'stop'] as const) {
      const delivery = span[phase];
      if (delivery !== undefined) point.waiting.push({ point: span, phase, delivery });
    }
    return this.takeWhole(point);
  }

  /**
   * The backend refused the span for good.
   * @returns its deliveries. They need not wait for each other: a redelivered one is refused, too.
   */
  refuse(span: InFlightSpan, now: number, refusal: string): readonly Delivery[] {
    const { incomplete } = span;
    this.spans.delete(span);
    this.remember(span, { incomplete, missing: new Set(), waiting: [], since: now, refusal });
    return deliveriesOf(span);
  }

  /** Deliveries that waited too long for one that was never redelivered: it had been acknowledged after all. */
  *overdue(now: number, timeoutMs: number): Generator<Delivery> {
    for (const point of [...this.unfinished.values()]) {
      if (now - point.since < timeoutMs) continue;
      this.unfinished.delete(point.id);
      point.missing.clear();
      yield* takeWaiting(point);
    }
  }

  /** Lets go of waiting deliveries whose origin is lost; spans on their way look at theirs in the end. */
  forgetDead(): void {
    for (const point of [...this.unfinished.values()]) {
      noteLost(point);
      if (point.waiting.length === 0) this.unfinished.delete(point.id);
    }
  }

  private recognizeFinished(point: FinishedPoint, pending: PendingDelivery): Known | undefined {
    const { delivery, phase } = pending;
    // What waited and went away meanwhile, alone or with its origin, is among the missing: its copy is no duplicate.
    noteLost(point);
    if (point.refusal !== undefined) {
      if (delivery.redelivered) return { kind: 'refused', reason: point.refusal };
      // Somebody moved it back from the dead letters: the backend may take it by now.
      this.finished.delete(pending.point);
      this.finishedBefore.delete(pending.point);
      return undefined;
    }
    if (!point.missing.has(phase))
      return { kind: point.incomplete ? 'late' : 'duplicate', deliveries: [delivery] };
    point.missing.delete(phase);
    point.waiting.push(pending);
    // Only those that are entries of their own ever miss a delivery.
    return { kind: 'duplicate', deliveries: this.takeWhole(point as UnfinishedPoint) };
  }

  private takeWhole(point: UnfinishedPoint): readonly Delivery[] {
    noteLost(point);
    if (point.missing.size > 0 && point.waiting.length > 0) this.unfinished.set(point.id, point);
    else this.unfinished.delete(point.id);
    return point.missing.size === 0 ? takeWaiting(point) : [];
  }

  private remember(id: PointId, point: FinishedPoint): void {
    this.finished.set(id, point);
    if (this.finished.size * 2 < this.maxFinished) return;
    [this.finished, this.finishedBefore] = [this.finishedBefore, this.finished];
    this.finished.clear();
  }
}

/** An event of a span that is on its way is delivered again: it takes the place of the former delivery, if there was one. */
function inFlight(span: InFlightSpan, { phase, delivery }: PendingDelivery): Known {
  const former = span[phase];
  if (former === undefined) return { kind: span.incomplete ? 'late' : 'duplicate', deliveries: [delivery] };
  span[phase] = delivery;
  return { kind: 'duplicate', deliveries: [former] };
}

function deliveriesOf({ start, stop }: InFlightSpan): Delivery[] {
  if (start === undefined) return stop === undefined ? [] : [stop];
  return stop === undefined ? [start] : [start, stop];
}

/** What waits and went back to the broker itself, or was requeued, will be redelivered. */
function noteLost(point: FinishedPoint): void {
  if (point.waiting.every(({ delivery }) => delivery.live)) return;
  for (const { phase, delivery } of point.waiting) if (!delivery.live) point.missing.add(phase);
  point.waiting = point.waiting.filter(({ delivery }) => delivery.live);
}

/** Takes them out: each is acknowledged once. */
function takeWaiting(point: FinishedPoint): readonly Delivery[] {
  return point.waiting.splice(0).map(({ delivery }) => delivery);
}
