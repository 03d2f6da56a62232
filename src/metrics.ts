/** What a bridge measures of itself, on a meter provider that somebody hands in. Names as in the sidecar. */
import type { BatchObservableResult, Counter, Meter, MeterProvider } from '@opentelemetry/api';
import type { Counts } from './counts.js';
import type { Sent } from './export/observed-sink.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from './version.js';

/** Of a bridge, what is measured. */
export interface BridgeFigures {
  readonly counts: Counts;
  /** Deliveries that are not acknowledged yet. */
  readonly unacknowledged: number;
  /** Trace points that wait for their other event. */
  readonly openPoints: number;
}

const OUTCOME = 'osprofiler_bridge.outcome';
const REASON = 'osprofiler_bridge.reason';
/** Seconds: from a fast answer on this machine to the longest that an export is waited for. */
const EXPORT_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

export interface BridgeMetrics {
  /** One answer of the backend. */
  record(sent: Sent): void;
  /** Nothing is observed any more. */
  stop(): void;
}

/** Has every collection of the provider read the bridge, all terms of the accounting identity at once. */
export function measure(bridge: BridgeFigures, provider: MeterProvider): BridgeMetrics {
  const meter = provider.getMeter(PACKAGE_NAME, PACKAGE_VERSION);
  const instruments = createObservables(meter);
  const all = Object.values(instruments);
  const read = (result: BatchObservableResult): void => observe(result, instruments, bridge);
  meter.addBatchObservableCallback(read, all);
  const spans = meter.createCounter('osprofiler_bridge.export.spans', {
    unit: '{span}',
    description: 'Spans sent, by what became of them.',
  });
  const duration = meter.createHistogram('osprofiler_bridge.export.duration', {
    unit: 's',
    description: "From a batch's sending to the backend's answer.",
    advice: { explicitBucketBoundaries: EXPORT_BOUNDARIES },
  });
  return {
    record(sent) {
      duration.record(sent.durationMs / 1000, { [OUTCOME]: sent.outcome.kind });
      countSpans(spans, sent);
    },
    stop: () => meter.removeBatchObservableCallback(read, all),
  };
}

type Observables = ReturnType<typeof createObservables>;

function createObservables(meter: Meter) {
  const unit = '{notification}';
  return {
    received: meter.createObservableCounter('osprofiler_bridge.notifications.received', {
      unit,
      description: 'Notifications delivered, redeliveries included.',
    }),
    processed: meter.createObservableCounter('osprofiler_bridge.notifications.processed', {
      unit,
      description: 'What became of them; received = the sum of these + unacknowledged, at every moment.',
    }),
    unacknowledged: meter.createObservableUpDownCounter('osprofiler_bridge.notifications.unacknowledged', {
      unit,
      description:
        'Notifications that are not acknowledged yet: of open points, and of spans without an outcome.',
    }),
    openPoints: meter.createObservableUpDownCounter('osprofiler_bridge.points.open', {
      unit: '{point}',
      description: 'Trace points that wait for their other event.',
    }),
    incomplete: meter.createObservableCounter('osprofiler_bridge.spans.incomplete', {
      unit: '{span}',
      description: 'Spans accepted by the backend that lack their start or their stop.',
    }),
  };
}

function observe(
  result: BatchObservableResult,
  { received, processed, unacknowledged, openPoints, incomplete }: Observables,
  bridge: BridgeFigures,
): void {
  const { counts } = bridge;
  result.observe(received, counts.received);
  result.observe(unacknowledged, bridge.unacknowledged);
  result.observe(openPoints, bridge.openPoints);
  result.observe(incomplete, counts.incompleteSpans);
  for (const outcome of ['exported', 'duplicate', 'late', 'returned'] as const)
    result.observe(processed, counts[outcome], { [OUTCOME]: outcome });
  for (const outcome of ['filtered', 'rejected'] as const) {
    for (const [reason, count] of counts[outcome])
      result.observe(processed, count, { [OUTCOME]: outcome, [REASON]: reason });
  }
}

function countSpans(spans: Counter, { spans: { length }, outcome }: Sent): void {
  if (outcome.kind === 'accepted') {
    // A backend that claims more than it was sent must not turn the count back.
    const refused = Math.min(outcome.refused ?? 0, length);
    spans.add(length - refused, { [OUTCOME]: 'accepted' });
    if (refused > 0) spans.add(refused, { [OUTCOME]: 'refused' });
  } else {
    // A batch that is refused for good is halved and sent again, down to the single span that is at fault.
    const isFinal = outcome.kind === 'permanent' && length === 1;
    spans.add(length, { [OUTCOME]: isFinal ? 'rejected' : 'retried' });
  }
}
