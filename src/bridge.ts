/**
 * The loop: consume → decode → pair → encode → batch → acknowledge.
 *
 * A delivery is acknowledged exactly once, and here: when the backend has accepted the span that it became part of, or
 * when there is nothing to make of it. Until then the broker keeps it.
 */
import { type Assembled, Assembler, type AssemblerOptions } from './assembler.js';
import { coarseNow } from './clock.js';
import type { Delivery, Log, Origin, Receiver, ReceiverHandler, Sink } from './contracts.js';
import { type Counts, count, type FilterReason, newCounts, type RejectReason } from './counts.js';
import type { OutgoingSpan } from './encoded-span.js';
import { messageOf } from './errors.js';
import { Batcher, type BatchOptions, DEFAULT_BATCH } from './export/batcher.js';
import { BackendHealth } from './export/health.js';
import { type FinalOutcome, Retrier, type RetryOptions } from './export/retry.js';
import { type InFlightSpan, InFlightSpans, type Known, type PendingDelivery } from './in-flight.js';
import { DEFAULT_PAIR_BOUNDS } from './pairing/pair.js';
import type { Pipeline } from './pipeline.js';
import { pointId, rootId, type TraceEvent, type TracePoint } from './trace-point.js';

/** What a {@link Bridge} is made of. */
export interface BridgeOptions {
  readonly receivers: readonly Receiver[];
  /** Decodes messages, and encodes spans as the sink takes them. */
  readonly pipeline: Pipeline;
  readonly sink: Sink;
  readonly assemble?: AssemblerOptions;
  readonly batch?: Partial<BatchOptions>;
  readonly retry?: RetryOptions;
  readonly log: Log;
  /** Called for each delivery that was dead-lettered, afterwards; must not throw. */
  readonly onRejected?: (delivery: Delivery, reason: RejectReason, detail: string) => void;
}

/** How often overdue events are looked for; the pair timeout is far longer. */
const OVERDUE_CHECK_MS = 1_000;
const REFUSED_SOME = 'the backend refused some spans of a batch; they are not sent again';

/** The path as the sidecar has it; programs use {@link createBridge}, which makes one. */
export class Bridge {
  readonly counts: Counts = newCounts();
  /** Whether the backend accepts spans. */
  readonly health: BackendHealth;
  private readonly assembler: Assembler<PendingDelivery>;
  private readonly inFlight = new InFlightSpans();
  private readonly batcher: Batcher<InFlightSpan>;
  private readonly pairTimeoutMs: number;

  constructor(private readonly options: BridgeOptions) {
    const { sink, assemble, batch, retry, log } = options;
    this.assembler = new Assembler(assemble);
    this.pairTimeoutMs = assemble?.pairTimeoutMs ?? DEFAULT_PAIR_BOUNDS.pairTimeoutMs;
    this.health = new BackendHealth(log);
    this.batcher = new Batcher(
      new Retrier(sink, this.health, retry),
      { ...DEFAULT_BATCH, ...batch },
      (spans, outcome) => this.finishSpans(spans, outcome),
      (maxSize) => this.health.limit(maxSize),
    );
  }

  /** Deliveries that are not acknowledged yet: of open points, and of spans without an outcome. */
  get unacknowledged(): number {
    return this.options.receivers.reduce((sum, receiver) => sum + receiver.unacknowledged, 0);
  }

  /** Trace points that wait for their other event. */
  get openPoints(): number {
    return this.assembler.openPoints;
  }

  /** Spans that are made and have no outcome yet. */
  get inFlightSpans(): number {
    return this.batcher.pending;
  }

  /** The spans of open trace points as they would be without their stop, by arrival; nothing changes by reading them. */
  *openSpans(isWanted: (start: TraceEvent) => boolean = () => true): Generator<OutgoingSpan> {
    for (const start of this.assembler.openStarts()) {
      if (isWanted(start)) yield this.options.pipeline.encode({ start, stop: undefined });
    }
  }

  /**
   * Runs until every receiver has ended: recordings at their end, brokers when {@link drain} stops them.
   * Rejects with the `BridgeError` of a receiver that cannot go on.
   */
  async run(): Promise<void> {
    const timer = setInterval(() => this.expire(), OVERDUE_CHECK_MS);
    const handler: ReceiverHandler = {
      onDelivery: (delivery) => this.receive(delivery),
      // What was made of the delivery keeps its place: it is redelivered soon.
      onRequeued: () => {
        this.counts.returned++;
      },
      onFull: () => this.batcher.flushNow(),
      onOriginLost: (origin, unacknowledged) => this.forget(origin, unacknowledged),
    };
    try {
      await Promise.all(this.options.receivers.map((receiver) => receiver.run(handler)));
    } finally {
      clearInterval(timer);
    }
  }

  /** The input has ended and nothing more will come: what is open becomes incomplete spans. */
  async finish(): Promise<void> {
    this.handle(this.assembler.flush());
    await this.batcher.flush();
  }

  /**
   * Consumes nothing more, and waits for the spans on their way. What is open stays unacknowledged.
   * @param deadlineMs milliseconds to wait at most.
   * @returns whether every span on its way got its outcome in time.
   */
  async drain(deadlineMs: number): Promise<boolean> {
    await Promise.all(this.options.receivers.map((receiver) => receiver.stop()));
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), deadlineMs);
    });
    const isDrained = await Promise.race([this.batcher.flush().then(() => true), deadline]);
    clearTimeout(timer);
    return isDrained;
  }

  /** Lets go of everything: what is unacknowledged returns to the broker. */
  async close(): Promise<void> {
    this.batcher.stop();
    await Promise.all(this.options.receivers.map((receiver) => receiver.close()));
    await this.options.sink.close();
  }

  /** A delivery comes: decode it, and pair its event. */
  private receive(delivery: Delivery): void {
    this.counts.received++;
    this.counts.receivedBytes += delivery.size;
    const decoded = this.options.pipeline.decode(delivery.body, delivery.properties);
    if (decoded.kind === 'event') this.pair(decoded.event, delivery);
    else if (decoded.kind === 'foreign') this.filter('foreign', [delivery]);
    else this.reject(delivery, decoded.reason, decoded.detail);
  }

  private pair(event: TraceEvent, delivery: Delivery): void {
    const point = pointId(event);
    const pending: PendingDelivery = { point, phase: event.phase, delivery };
    const known = this.inFlight.recognize(pending);
    if (known !== undefined) this.handleKnown(known, delivery);
    else this.handle(this.assembler.add(event, pending, delivery.size, coarseNow(), point));
  }

  private handleKnown(known: Known, delivery: Delivery): void {
    if (known.kind === 'refused') this.reject(delivery, 'refused-by-backend', known.reason);
    else this.acknowledge(known.kind, known.deliveries);
  }

  private handle(all: Iterable<Assembled<PendingDelivery>>): void {
    for (const each of all) {
      if (each.kind === 'point') this.send(each.point);
      else if (each.kind === 'root') this.sendRoot(each);
      else if (each.kind === 'dropped') this.drop(each.reason, each.tokens);
      else this.acknowledge('duplicate', each.tokens.map(deliveryOf));
    }
  }

  /** A point is complete, or will not be: encode it, and put its span in a batch. */
  private send(point: TracePoint<PendingDelivery>): void {
    const { start, stop, tokens } = point;
    let span: OutgoingSpan;
    try {
      span = this.options.pipeline.encode(point);
    } catch (error) {
      // A bug in the mapping. Other notifications are not touched.
      for (const { delivery } of tokens) this.reject(delivery, 'untranslatable', messageOf(error));
      return;
    }
    let bytes = 0;
    for (const { delivery } of tokens) bytes += delivery.size;
    const isIncomplete = start === undefined || stop === undefined;
    this.batcher.add(span, this.inFlight.begin(point, isIncomplete, tokens), bytes);
  }

  private sendRoot({ of, begin, end }: Assembled<PendingDelivery> & { kind: 'root' }): void {
    const span = this.options.pipeline.encodeRoot(of, begin, end);
    this.batcher.add(span, this.inFlight.begin(rootId(of), false, []), 0);
  }

  private drop(reason: FilterReason, tokens: readonly PendingDelivery[]): void {
    const [token] = tokens;
    const areLive = tokens.every(({ delivery }) => delivery.live);
    if (token === undefined || areLive) this.filter(reason, tokens.map(deliveryOf));
    // An event that is redelivered is remembered: alone it would become an incomplete span.
    else this.inFlight.end(this.inFlight.begin(token.point, false, tokens), coarseNow());
  }

  /** Spans have their outcome: acknowledge what they were made of. */
  private finishSpans(spans: readonly InFlightSpan[], outcome: FinalOutcome): void {
    const now = coarseNow();
    if (outcome.kind === 'accepted') {
      this.countAccepted(spans, outcome);
      for (const span of spans) this.acknowledge('exported', this.inFlight.end(span, now));
      return;
    }
    for (const span of spans)
      for (const delivery of this.inFlight.refuse(span, now, outcome.reason))
        this.reject(delivery, 'refused-by-backend', outcome.reason);
  }

  private countAccepted(spans: readonly InFlightSpan[], outcome: FinalOutcome & { kind: 'accepted' }): void {
    const { message } = outcome;
    // A backend that claims more than it was sent must not turn the count back.
    const refused = Math.min(outcome.refused ?? 0, spans.length);
    this.counts.spans += spans.length - refused;
    this.counts.refusedSpans += refused;
    for (const { incomplete } of spans) if (incomplete) this.counts.incompleteSpans++;
    if (refused > 0) this.options.log.warn({ refused, message }, REFUSED_SOME);
    else if (message !== undefined)
      this.options.log.warn({ message }, 'the backend took a batch with a warning');
  }

  private expire(): void {
    this.handle(this.assembler.overdue(coarseNow()));
    this.acknowledge('duplicate', [...this.inFlight.overdue(coarseNow(), this.pairTimeoutMs)]);
  }

  /** The origin of deliveries is lost: the broker delivers them again. */
  private forget(origin: Origin, unacknowledged: number): void {
    this.counts.returned += unacknowledged;
    this.assembler.forget(({ delivery }) => delivery.origin === origin);
    this.inFlight.forgetDead();
  }

  private acknowledge(how: 'exported' | 'duplicate' | 'late', deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (!delivery.acknowledge()) continue;
      this.counts[how]++;
      if (how === 'exported') this.counts.exportedBytes += delivery.size;
    }
  }

  private filter(reason: FilterReason, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (delivery.acknowledge()) count(this.counts.filtered, reason);
    }
  }

  private reject(delivery: Delivery, reason: RejectReason, detail: string): void {
    if (!delivery.deadLetter({ reason, detail })) return;
    count(this.counts.rejected, reason);
    const { exchange, routingKey, origin } = delivery;
    this.options.log.warn(
      { key: `rejected: ${reason}`, reason, detail, exchange, routingKey, origin: origin.name },
      'a notification was rejected',
    );
    this.options.onRejected?.(delivery, reason, detail);
  }
}

function deliveryOf({ delivery }: PendingDelivery): Delivery {
  return delivery;
}
