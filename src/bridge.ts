/**
 * The data path: receive → wire → translate → export → settle.
 *
 * A delivery is settled exactly once: after the backend took the span that it made, or because there is nothing to
 * make of it. Until then the broker keeps it.
 */
import { type Assembled, Assembler, type AssemblerOptions } from './assembler.js';
import { coarseNow } from './clock.js';
import type { TraceEvent } from './codec/trace-event.js';
import type { Delivery, Log, Origin, Receiver, ReceiverHandler, Sink } from './contracts.js';
import { type Counts, count, countSpans, type FilterReason, newCounts, type RejectReason } from './counts.js';
import type { OutgoingSpan } from './encoded-span.js';
import { messageOf } from './errors.js';
import { Batcher, type BatchOptions, DEFAULT_BATCH } from './export/batcher.js';
import { BackendHealth } from './export/health.js';
import { type FinalOutcome, Retrier, type RetryOptions } from './export/retry.js';
import { type FinishedPoint, type InFlightSpan, InFlightSpans, type PendingDelivery } from './in-flight.js';
import { DEFAULT_PAIR_BOUNDS, pointId, rootId, type TracePoint } from './pairing/pair.js';
import type { PointId } from './pairing/point-table.js';
import type { Pipeline } from './pipeline.js';

/** What a {@link Bridge} is made of. */
export interface BridgeOptions {
  readonly receivers: readonly Receiver[];
  readonly sink: Sink;
  /** Decodes messages, and encodes spans as the sink takes them. */
  readonly pipeline: Pipeline;
  readonly assemble?: AssemblerOptions;
  readonly batch?: Partial<BatchOptions>;
  readonly retry?: RetryOptions;
  readonly log: Log;
  /** Told of each delivery that was set aside, after it was settled; must not throw. */
  readonly onRejected?: (delivery: Delivery, reason: RejectReason, detail: string) => void;
}

/** What the translator gives back with a span. */
interface Token extends PendingDelivery {
  readonly point: PointId;
}

/** How often overdue halves are looked for; the pair timeout is far longer. */
const OVERDUE_CHECK_MS = 1_000;

/** The path as the sidecar has it: {@link createBridge} is easier to hold, and made of this. */
export class Bridge {
  readonly counts: Counts = newCounts();
  /** Whether the backend accepts spans. */
  readonly health: BackendHealth;
  private readonly receivers: readonly Receiver[];
  private readonly sink: Sink;
  private readonly log: Log;
  private readonly onRejected: BridgeOptions['onRejected'];
  private readonly pipeline: Pipeline;
  private readonly pairTimeoutMs: number;
  private readonly assembler: Assembler<Token>;
  private readonly batcher: Batcher<InFlightSpan>;
  private readonly pending = new InFlightSpans();

  constructor(options: BridgeOptions) {
    this.receivers = options.receivers;
    this.sink = options.sink;
    this.log = options.log;
    this.onRejected = options.onRejected;
    this.pipeline = options.pipeline;
    this.pairTimeoutMs = options.assemble?.pairTimeoutMs ?? DEFAULT_PAIR_BOUNDS.pairTimeoutMs;
    this.assembler = new Assembler(options.assemble);
    this.health = new BackendHealth(options.log);
    this.batcher = new Batcher(
      new Retrier(options.sink, this.health, options.retry),
      { ...DEFAULT_BATCH, ...options.batch },
      (spans, outcome) => this.settle(spans, outcome),
      (maxSize) => this.health.limit(maxSize),
    );
  }

  /** Deliveries that are not settled yet: of open halves, and of spans without an outcome. */
  get unsettled(): number {
    return this.receivers.reduce((sum, receiver) => sum + receiver.unacknowledged, 0);
  }

  get openPoints(): number {
    return this.assembler.openPoints;
  }

  /** The spans of open trace points as they would be without their stop, by arrival; nothing changes by reading them. */
  *openSpans(isWanted: (start: TraceEvent) => boolean = () => true): Generator<OutgoingSpan> {
    for (const start of this.assembler.openStarts()) {
      if (isWanted(start)) yield this.pipeline.encode({ start, stop: undefined });
    }
  }

  /** Spans that are made and have no outcome yet. */
  get pendingSpans(): number {
    return this.batcher.pending;
  }

  /**
   * Runs until every receiver has ended: recordings at their end, brokers when {@link drain} stops them.
   * Rejects with the `BridgeError` of a receiver that cannot go on.
   */
  async run(): Promise<void> {
    const timer = setInterval(() => this.expire(), OVERDUE_CHECK_MS);
    const handler: ReceiverHandler = {
      onDelivery: (delivery) => this.receive(delivery),
      // What was made of the delivery keeps its place: it comes again soon.
      onRequeued: () => {
        this.counts.returned++;
      },
      onFull: () => this.batcher.flushNow(),
      onOriginLost: (origin, unsettled) => this.forget(origin, unsettled),
    };
    try {
      await Promise.all(this.receivers.map((receiver) => receiver.run(handler)));
    } finally {
      clearInterval(timer);
    }
  }

  /** The input has ended and nothing more will come: what is open leaves as incomplete spans. */
  async finish(): Promise<void> {
    this.forwardAll(this.assembler.flush());
    await this.batcher.flush();
  }

  /**
   * Takes in nothing more, and waits for the spans on their way. What is open stays unsettled.
   * @param deadlineMs milliseconds to wait at most.
   * @returns whether every span on its way got its outcome in time.
   */
  async drain(deadlineMs: number): Promise<boolean> {
    await Promise.all(this.receivers.map((receiver) => receiver.stop()));
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), deadlineMs);
    });
    const isDrained = await Promise.race([this.batcher.flush().then(() => true), deadline]);
    clearTimeout(timer);
    return isDrained;
  }

  /** Lets go of everything: what is unsettled returns to the broker. */
  async close(): Promise<void> {
    this.batcher.stop();
    await Promise.all(this.receivers.map((receiver) => receiver.close()));
    await this.sink.close();
  }

  private receive(delivery: Delivery): void {
    this.counts.received++;
    this.counts.receivedBytes += delivery.size;
    const decoded = this.pipeline.decode(delivery.body, delivery.properties);
    if (decoded.kind === 'foreign') this.filter('foreign', [delivery]);
    else if (decoded.kind === 'malformed') this.reject(delivery, decoded.reason, decoded.detail);
    else this.take(decoded.event, delivery);
  }

  private take(notification: TraceEvent, delivery: Delivery): void {
    const point = pointId(notification);
    const held: Token = { point, phase: notification.phase, delivery };
    if (this.comesAgain(held)) return;
    this.forwardAll(this.assembler.add(notification, held, delivery.size, coarseNow(), point));
  }

  /** A half of a point that is past translation: a redelivery, a duplicate, or too late. */
  private comesAgain(held: Token): boolean {
    const onItsWay = this.pending.find(held.point);
    const left = this.pending.findFinished(held.point);
    if (onItsWay?.[held.phase] !== undefined) {
      const former = this.pending.replace(onItsWay, held);
      if (former !== undefined) this.settleAs('duplicate', [former]);
    } else if (onItsWay !== undefined) {
      this.settleAs(onItsWay.incomplete ? 'late' : 'duplicate', [held.delivery]);
    } else if (left !== undefined) {
      return this.settleLeft(left, held);
    } else {
      return false;
    }
    return true;
  }

  /** @returns false when it is to be translated as if it were new. */
  private settleLeft(left: FinishedPoint, held: Token): boolean {
    const { point, phase: half, delivery } = held;
    if (left.refusal !== undefined) {
      // Somebody moved it back from the dead letters: the backend may take it by now.
      if (!delivery.redelivered) return !this.pending.forgetFinished(point);
      this.reject(delivery, 'refused-by-backend', left.refusal);
    } else if (left.missing.has(half)) {
      this.settleAs('duplicate', this.pending.complete(left, held));
    } else {
      this.settleAs(left.incomplete ? 'late' : 'duplicate', [delivery]);
    }
    return true;
  }

  private forwardAll(all: Iterable<Assembled<Token>>): void {
    for (const each of all) {
      if (each.kind === 'point') this.forward(each.point);
      else if (each.kind === 'root') this.forwardRoot(each);
      else if (each.kind === 'dropped') this.drop(each.reason, each.tokens);
      else this.settleAs('duplicate', deliveriesOf(each.tokens));
    }
  }

  private drop(reason: FilterReason, tokens: readonly Token[]): void {
    const [token] = tokens;
    if (token === undefined || tokens.every(({ delivery }) => delivery.live)) {
      this.filter(reason, deliveriesOf(tokens));
    } else {
      // A half that comes again is remembered: alone it would become an incomplete span.
      this.pending.end(this.pending.begin(token.point, false, tokens), coarseNow());
    }
  }

  private forward(point: TracePoint<Token>): void {
    const { start, stop, tokens } = point;
    let span: OutgoingSpan;
    try {
      span = this.pipeline.encode(point);
    } catch (error) {
      // A bug in the mapping. Other notifications are not touched.
      for (const { delivery } of tokens) this.reject(delivery, 'untranslatable', messageOf(error));
      return;
    }
    const bytes = tokens.reduce((sum, { delivery }) => sum + delivery.size, 0);
    const isIncomplete = start === undefined || stop === undefined;
    this.batcher.add(span, this.pending.begin(point, isIncomplete, tokens), bytes);
  }

  private forwardRoot({ of, begin, end }: Assembled<Token> & { kind: 'root' }): void {
    const span = this.pipeline.encodeRoot(of, begin, end);
    this.batcher.add(span, this.pending.begin(rootId(of), false, []), 0);
  }

  private expire(): void {
    this.forwardAll(this.assembler.overdue(coarseNow()));
    this.settleAs('duplicate', [...this.pending.overdue(coarseNow(), this.pairTimeoutMs)]);
  }

  /** The one place where a span's outcome settles its deliveries. */
  private settle(spans: readonly InFlightSpan[], outcome: FinalOutcome): void {
    const when = coarseNow();
    if (outcome.kind === 'accepted') this.countTaken(spans, outcome);
    for (const span of spans) {
      if (outcome.kind === 'accepted') this.settleAs('exported', this.pending.end(span, when));
      else this.rejectRefused(span, when, outcome.reason);
    }
  }

  private rejectRefused(span: InFlightSpan, when: number, reason: string): void {
    for (const delivery of this.pending.refuse(span, when, reason))
      this.reject(delivery, 'refused-by-backend', reason);
  }

  private countTaken(spans: readonly InFlightSpan[], outcome: FinalOutcome & { kind: 'accepted' }): void {
    const { message } = outcome;
    const refused = countSpans(this.counts, spans, outcome.refused);
    if (refused > 0)
      this.log.warn(
        { refused, message },
        'the backend refused some spans of a batch; they are not sent again',
      );
    else if (message !== undefined) this.log.warn({ message }, 'the backend took a batch with a warning');
  }

  private settleAs(how: 'exported' | 'duplicate' | 'late', deliveries: readonly Delivery[]): void {
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
    this.log.warn(
      { key: `set aside: ${reason}`, reason, detail, exchange, routingKey, origin: origin.name },
      'a notification was set aside',
    );
    this.onRejected?.(delivery, reason, detail);
  }

  private forget(origin: Origin, unsettled: number): void {
    this.counts.returned += unsettled;
    this.assembler.forget(({ delivery }) => delivery.origin === origin);
    this.pending.forgetDead();
  }
}

function deliveriesOf(tokens: readonly Token[]): Delivery[] {
  return tokens.map(({ delivery }) => delivery);
}
