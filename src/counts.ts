/**
 * What happened to everything that came in. At every moment
 * `received = exported + duplicate + late + filtered + rejected + returned + unacknowledged`.
 */

import type { MalformedReason } from './codec/envelope.js';
import type { KeepReason } from './mapping/tail-sampler.js';
import type { DropReason } from './mapping/trace-filter.js';

/** Why a delivery was dead-lettered. */
export type RejectReason = MalformedReason | 'refused-by-backend' | 'untranslatable';

/** Why a healthy delivery made no span: another kind of notification, or a rule of `TraceFilter` or `TailSampler`. */
export type FilterReason = 'foreign' | 'not-sampled' | DropReason | KeepReason;

/** What happened to everything that came in; the first seven are deliveries, the others spans. */
export interface Counts {
  /** Deliveries handed over by the receivers, redeliveries included. */
  received: number;
  /** Bytes of their bodies. */
  receivedBytes: number;
  /** Deliveries acknowledged after the backend accepted the span that they became part of. */
  exported: number;
  /** Bytes of their bodies. */
  exportedBytes: number;
  /** Deliveries acknowledged because the same event had been exported, or was open already. */
  duplicate: number;
  /** Deliveries acknowledged because their point had been exported as an incomplete span before they came. */
  late: number;
  /** Deliveries acknowledged without a span because a setting, or their kind, says so, by reason. */
  readonly filtered: Map<FilterReason, number>;
  /** Deliveries dead-lettered, by reason. */
  readonly rejected: Map<RejectReason, number>;
  /** Deliveries that went back to the broker before they were acknowledged; it delivers them again. */
  returned: number;
  /** Spans that the backend took. */
  spans: number;
  /** Those among them that lack their start or their stop. */
  incompleteSpans: number;
  /** Spans that the backend took the batch of and refused by itself (OTLP's partial success); not sent again. */
  refusedSpans: number;
}

export function newCounts(): Counts {
  return {
    received: 0,
    receivedBytes: 0,
    exported: 0,
    exportedBytes: 0,
    duplicate: 0,
    late: 0,
    filtered: new Map(),
    rejected: new Map(),
    returned: 0,
    spans: 0,
    incompleteSpans: 0,
    refusedSpans: 0,
  };
}

/** Adds to the count of a reason. */
export function count<Reason>(by: Map<Reason, number>, reason: Reason): void {
  by.set(reason, (by.get(reason) ?? 0) + 1);
}

/** The sum over all reasons. */
export function total(by: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const some of by.values()) sum += some;
  return sum;
}
