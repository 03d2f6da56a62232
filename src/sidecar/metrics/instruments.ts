/** The instruments of the catalogue, and what they read. */
import type {
  Attributes,
  BatchObservableResult,
  Counter,
  Histogram,
  Meter,
  Observable,
} from '@opentelemetry/api';
import type { Counts } from '../../counts.js';
import type { Sent } from '../../export/observed-sink.js';
import { describe, RECEIVER_WORDS, type Readiness, UNREADY_CODES } from '../readiness.js';
import type { WatchedReceiver } from '../watched-receiver.js';
import {
  BROKER,
  FILTER_REASONS,
  METRICS,
  type MetricDefinition,
  type MetricName,
  OUTCOME,
  QUEUE,
  REASON,
  REJECT_REASONS,
  STATE,
} from './catalogue.js';

/** Of the bridge, what is measured. */
export interface BridgeFigures {
  readonly counts: Counts;
  readonly unacknowledged: number;
  readonly openPoints: number;
  readonly inFlightSpans: number;
}

/** Of what spreads messages over shards, what is measured: `received = sharded + filtered + returned + unacknowledged`. */
export interface ShardingFigures {
  readonly received: number;
  readonly sharded: number;
  /** Other kinds of notifications. */
  readonly filtered: number;
  readonly returned: number;
  readonly unacknowledged: number;
  /** Among `unacknowledged`: what cannot be written now. */
  readonly held: number;
}

/** What goes through: a bridge, or what spreads messages over shards. */
export type Work =
  | { readonly bridge: BridgeFigures; readonly sharding?: undefined }
  | { readonly sharding: () => ShardingFigures; readonly bridge?: undefined };

export type MetricSources = Work & MetricSurroundings;

export interface MetricSurroundings {
  readonly receivers: readonly WatchedReceiver[];
  /** Batches without an answer. */
  readonly inFlight: () => number;
  readonly readiness: () => Readiness;
}

/** Observes a value of a metric. */
type Observe = (name: MetricName, value: number, attributes?: Attributes) => void;

/**
 * Has every collection read the sources. All terms of the accounting identity are read at once, so that it holds in
 * every scrape and every push.
 */
export function observeSources(meter: Meter, sources: MetricSources): void {
  const instruments = createObservables(meter);
  const all = [...instruments.values()];
  const through = (result: BatchObservableResult): Observe => {
    return (name, value, attributes) => result.observe(instruments.get(name)!, value, attributes ?? {});
  };
  const queues = all.filter((each) => QUEUE_METRICS.some((name) => instruments.get(name) === each));
  const others = all.filter((each) => !queues.includes(each));
  meter.addBatchObservableCallback((result) => observeNow(through(result), sources), others);
  // By itself, since the brokers have to be asked.
  meter.addBatchObservableCallback((result) => observeQueues(through(result), sources), queues);
}

const QUEUE_METRICS: readonly MetricName[] = ['queueDepth', 'queueConsumers'];
const RECORDED: readonly MetricName[] = ['sentSpans', 'exportDuration', 'lag'];

function createObservables(meter: Meter): Map<MetricName, Observable> {
  const instruments = new Map<MetricName, Observable>();
  for (const [name, definition] of Object.entries(METRICS) as [MetricName, MetricDefinition][]) {
    if (RECORDED.includes(name)) continue;
    instruments.set(name, createObservable(meter, definition));
  }
  return instruments;
}

function createObservable(meter: Meter, { name, kind, unit, description }: MetricDefinition): Observable {
  const options = { unit, description };
  if (kind === 'counter') return meter.createObservableCounter(name, options);
  if (kind === 'updowncounter') return meter.createObservableUpDownCounter(name, options);
  return meter.createObservableGauge(name, options);
}

function observeNow(observe: Observe, sources: MetricSources): void {
  if (sources.bridge !== undefined) observeBridge(observe, sources.bridge, sources.inFlight());
  else observeSharding(observe, sources.sharding());
  observeReadiness(observe, sources.readiness());
  observeReceivers(observe, sources.receivers);
}

function observeBridge(observe: Observe, bridge: BridgeFigures, inFlight: number): void {
  observeLaw(observe, bridge);
  observe('receivedBytes', bridge.counts.receivedBytes);
  observe('exportedBytes', bridge.counts.exportedBytes);
  observe('openPoints', bridge.openPoints);
  observe('inFlightSpans', bridge.inFlightSpans);
  observe('incomplete', bridge.counts.incompleteSpans);
  observe('inFlight', inFlight);
}

function observeSharding(observe: Observe, figures: ShardingFigures): void {
  observe('received', figures.received);
  observe('unacknowledged', figures.unacknowledged);
  observe('heldForShards', figures.held);
  for (const outcome of ['sharded', 'returned'] as const)
    observe('processed', figures[outcome], { [OUTCOME]: outcome });
  observe('processed', figures.filtered, { [OUTCOME]: 'filtered', [REASON]: 'foreign' });
}

function observeLaw(observe: Observe, { counts, unacknowledged }: BridgeFigures): void {
  observe('received', counts.received);
  observe('unacknowledged', unacknowledged);
  for (const outcome of ['exported', 'duplicate', 'late', 'returned'] as const)
    observe('processed', counts[outcome], { [OUTCOME]: outcome });
  for (const reason of FILTER_REASONS)
    observe('processed', counts.filtered.get(reason) ?? 0, { [OUTCOME]: 'filtered', [REASON]: reason });
  for (const reason of REJECT_REASONS)
    observe('processed', counts.rejected.get(reason) ?? 0, { [OUTCOME]: 'rejected', [REASON]: reason });
}

function observeReadiness(observe: Observe, { ready, reasons }: Readiness): void {
  observe('ready', ready ? 1 : 0);
  for (const code of UNREADY_CODES)
    observe('unreadyReasons', reasons.some((reason) => reason.code === code) ? 1 : 0, { [REASON]: code });
}

function observeReceivers(observe: Observe, receivers: readonly WatchedReceiver[]): void {
  const words = receivers.map(({ receiver }) => describe(receiver).state);
  for (const state of RECEIVER_WORDS)
    observe('receivers', words.filter((word) => word === state).length, { [STATE]: state });
  for (const { status } of receivers) {
    if (status === undefined) continue;
    const figures = status();
    const attributes = { [BROKER]: figures.brokers, [QUEUE]: figures.queue };
    observe('requeued', figures.requeued, attributes);
    observe('fromHoldingQueue', figures.fromHoldingQueue, attributes);
    observe('deadLetters', figures.deadLettered, attributes);
    observe('heldDeadLetters', figures.heldDeadLetters, attributes);
    observe('reconnects', figures.reconnects, attributes);
    observe('blocked', figures.blocked ? 1 : 0, attributes);
  }
}

async function observeQueues(observe: Observe, { receivers }: MetricSources): Promise<void> {
  await Promise.all(
    receivers.map(async ({ status, depth }) => {
      const found = await depth?.();
      if (status === undefined || found === undefined) return;
      const { brokers, queue } = status();
      const attributes = { [BROKER]: brokers, [QUEUE]: queue };
      observe('queueDepth', found.messages, attributes);
      observe('queueConsumers', found.consumers, attributes);
    }),
  );
}

/** What is recorded as it happens: one answer of the backend after the other. */
export class ExportInstruments {
  readonly #spans: Counter;
  readonly #duration: Histogram;
  readonly #lag: Histogram;

  constructor(meter: Meter) {
    this.#spans = meter.createCounter(METRICS.sentSpans.name, METRICS.sentSpans);
    this.#duration = createHistogram(meter, METRICS.exportDuration);
    this.#lag = createHistogram(meter, METRICS.lag);
    for (const outcome of ['accepted', 'refused', 'rejected', 'retried'])
      this.#spans.add(0, { [OUTCOME]: outcome });
  }

  record({ spans, outcome, durationMs }: Sent): void {
    this.#duration.record(durationMs / 1000, { [OUTCOME]: outcome.kind });
    if (outcome.kind === 'accepted') {
      // A backend that claims more than it was sent must not turn the count back.
      const refused = Math.min(outcome.refused ?? 0, spans.length);
      this.#spans.add(spans.length - refused, { [OUTCOME]: 'accepted' });
      this.#spans.add(refused, { [OUTCOME]: 'refused' });
    } else {
      // A batch that is refused for good is halved and sent again, down to the single span that is at fault.
      const isFinal = outcome.kind === 'permanent' && spans.length === 1;
      this.#spans.add(spans.length, { [OUTCOME]: isFinal ? 'rejected' : 'retried' });
    }
  }

  /** @param seconds from a span's end until it was taken */
  recordLag(seconds: number): void {
    this.#lag.record(seconds);
  }
}

function createHistogram(
  meter: Meter,
  { name, unit, description, boundaries }: MetricDefinition & { readonly boundaries: readonly number[] },
): Histogram {
  const advice = { explicitBucketBoundaries: [...boundaries] };
  return meter.createHistogram(name, { unit, description, advice });
}
