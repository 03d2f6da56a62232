import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Bridge } from '../src/bridge.js';
import type { Delivery, Receiver, ReceiverHandler } from '../src/contracts.js';
import { total } from '../src/counts.js';
import { AckScheduler } from '../src/rabbitmq/ack-scheduler.js';
import { Consumer } from '../src/rabbitmq/consumer.js';
import type { RabbitDelivery } from '../src/rabbitmq/rabbit-delivery.js';
import { Requeuer } from '../src/rabbitmq/requeue.js';
import { StatusLogger } from '../src/rabbitmq/status-logger.js';
import { makeBridge } from './support/bridge.js';
import { type Ending, ModelBroker } from './support/model-broker.js';
import { body, property } from './support/notifications.js';
import { RememberingLog } from './support/receiving.js';
import { HeldSink, TAKEN } from './support/spans.js';

const MAIN = 'profiler.info';
const HOLDING = 'holding';
const POINTS = 2;
const NEVER_MS = 3_600_000;
const LONG_AGO = { since: -NEVER_MS };
const MOST_ROUNDS = 1_000;

/** Numbers choose among what there is at that moment. */
type Step =
  | { readonly kind: 'deliver'; readonly queue: string; readonly choice: number }
  | { readonly kind: 'answer publication'; readonly choice: number; readonly how: Ending }
  | { readonly kind: 'answer request'; readonly choice: number; readonly isTaken: boolean }
  | { readonly kind: 'hear' }
  /** Time passes: what came on a channel up to some delivery is due for renewal. */
  | { readonly kind: 'age'; readonly queue: string; readonly choice: number }
  | { readonly kind: 'die'; readonly heard: number };

const queue = fc.constantFrom(MAIN, HOLDING);
const choice = fc.nat(50);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), queue, choice }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer publication' as const),
      choice,
      how: fc.constantFrom<Ending>('written', 'written', 'refused', 'failed', 'failed but written'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('answer request' as const),
      choice,
      isTaken: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'hear' }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('age' as const), queue, choice }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), heard: fc.nat(4) }) },
);

/** Whether each message was given out before the bridge began: such a one is renewed when it stays open. */
const counted = fc.array(fc.boolean(), { minLength: 2 * POINTS, maxLength: 2 * POINTS });

describe('what is consumed, renewed, paired and exported, in whatever order', () => {
  it('is held by one holder or settled, and in the end exported once and complete', async () => {
    await fc.assert(
      fc.asyncProperty(
        counted,
        fc.array(step, { maxLength: 100, size: 'max' }),
        async (deliveredBefore, steps) => {
          const world = new World(deliveredBefore);
          await world.connect();
          try {
            for (const each of steps) {
              await world.take(each);
              world.assertSound();
            }
            await world.comeToRest();
            world.assertSound();
            assert.deepEqual(
              world.exported.sort(),
              Array.from({ length: POINTS }, (_, index) => `p${index}`),
            );
            const { counts, unacknowledged, openPoints } = world.bridge;
            assert.deepEqual(
              [counts.incompleteSpans, unacknowledged, openPoints, world.broker.messages],
              [0, 0, 0, 0],
            );
          } finally {
            await world.end();
          }
        },
      ),
      property(400),
    );
  });
});

/** Consumption, ledger, renewal and bridge as they are; broker and backend as the steps say. */
class World implements Receiver {
  readonly name = 'model';
  readonly state = { kind: 'consuming' } as const;
  readonly broker = new ModelBroker();
  readonly exported: string[] = [];
  readonly bridge: Bridge;
  private readonly sink = new HeldSink();
  private readonly log = new RememberingLog();
  private readonly answered = new Set<number>();
  private handler!: ReceiverHandler;
  private consumptions: Consumer[] = [];
  private renewal: Requeuer | undefined;

  constructor(deliveredBefore: readonly boolean[]) {
    this.bridge = makeBridge({
      receivers: [this],
      sink: this.sink,
      log: this.log,
      batch: { maxSize: 1, maxInFlight: 3 },
      retry: { sleep: async () => {} },
    });
    void this.bridge.run();
    deliveredBefore.forEach((wasDelivered, index) => {
      const name = `p${index >> 1}`;
      const notification = { name: `${name}-${index % 2 === 0 ? 'start' : 'stop'}`, trace_id: name };
      const deliveries = wasDelivered ? 1 : 0;
      this.broker.ready(MAIN).push({ body: body(notification), exchange: 'nova', headers: {}, deliveries });
    });
  }

  get unacknowledged(): number {
    return this.consumptions.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0);
  }

  async run(handler: ReceiverHandler): Promise<void> {
    this.handler = handler;
  }

  async stop(): Promise<void> {}

  async close(): Promise<void> {}

  async connect(): Promise<void> {
    const connection = this.broker.connect();
    const consumptions: Consumer[] = [];
    const renewal = new Requeuer({
      ...{ publisher: this.broker.publisher, holdingQueue: { name: HOLDING }, deadLetters: undefined },
      ...{ afterMs: NEVER_MS, atDeliveries: 1, isOpen: () => true, onRequeued: () => undefined },
      outstanding: () => consumptions.map(({ outstanding }) => outstanding),
      where: connection.where,
      statusLogger: new StatusLogger(this.log),
      backoff: { initialMs: 1, maximumMs: 1 },
      random: () => 0,
    });
    const acks = new AckScheduler();
    for (const queue of [MAIN, HOLDING]) {
      const stopping = new AbortController().signal;
      const onKept = (delivery: RabbitDelivery): void => renewal.consider(delivery);
      const options = { queue, prefetch: 100, handler: this.handler, acks, stopping, onKept, log: this.log };
      consumptions.push(await Consumer.open(connection, options));
    }
    this.consumptions = consumptions;
    this.renewal = renewal;
  }

  async take(each: Step): Promise<void> {
    if (each.kind === 'deliver') this.broker.deliver(each.queue, each.choice);
    else if (each.kind === 'answer publication') this.broker.answer(each.choice, each.how);
    else if (each.kind === 'answer request') this.answerRequest(each.choice, each.isTaken);
    else if (each.kind === 'hear') this.broker.hear();
    else if (each.kind === 'age') this.age(each.queue, each.choice);
    else await this.die(each.heard);
    await turnOfTheLoop();
  }

  async comeToRest(): Promise<void> {
    for (let rounds = 0; this.broker.messages > 0 || this.broker.publications.length > 0; rounds++) {
      assert.ok(rounds < MOST_ROUNDS, `${this.broker.messages} messages are never settled`);
      const isBusy =
        this.broker.answer(0, 'written') ||
        this.broker.deliver(HOLDING, 0) ||
        this.broker.deliver(MAIN, 0) ||
        this.answerRequest(0, true);
      if (!isBusy) this.broker.hear();
      await turnOfTheLoop();
    }
  }

  /** The accounting identity, and one holder for each delivery that is the bridge's. */
  assertSound(): void {
    const { received, exported, duplicate, late, filtered, rejected, returned } = this.bridge.counts;
    const accounted = exported + duplicate + late + total(filtered) + total(rejected) + returned;
    assert.equal(accounted + this.bridge.unacknowledged, received);
    const held = this.held().filter(({ live }) => live);
    const live = this.consumptions.flatMap(({ outstanding }) => [...outstanding].filter((each) => each.live));
    assert.equal(new Set(held).size, held.length, 'nothing is held twice');
    assert.deepEqual(new Set(held), new Set(live));
  }

  async end(): Promise<void> {
    await this.die(0);
    while (this.broker.answer(0, 'failed'));
    await this.renewal?.close();
    await this.bridge.close();
  }

  /** Looked up where the bridge keeps them: half of a point, span on its way, or waiting for a half that is away. */
  private held(): Delivery[] {
    const { bridge } = this;
    const open: Delivery[] = [];
    for (let half = bridge['assembler']['pairer']['oldest']; half !== undefined; half = half.newer)
      open.push(half.token.delivery);
    const onTheirWay = [...bridge['inFlight']['spans'].values()].flatMap(({ start, stop }) =>
      [start, stop].filter((delivery) => delivery !== undefined),
    );
    const waiting = [...bridge['inFlight']['unfinished'].values()].flatMap((point) =>
      point.waiting.map(({ delivery }) => delivery),
    );
    return [...open, ...onTheirWay, ...waiting];
  }

  private age(queue: string, choice: number): void {
    const outstanding = [...this.consumptions[queue === MAIN ? 0 : 1]!.outstanding];
    for (const delivery of outstanding.slice(0, 1 + (choice % POINTS))) Object.assign(delivery, LONG_AGO);
    this.renewal?.onHoldingOpen();
  }

  private answerRequest(which: number, isTaken: boolean): boolean {
    const open = [...this.sink.requests.keys()].filter((index) => !this.answered.has(index));
    const index = open[which % open.length];
    if (index === undefined) return false;
    this.answered.add(index);
    const request = this.sink.requests[index]!;
    if (isTaken) this.exported.push(...request.names);
    request.answer(isTaken ? TAKEN : { kind: 'retryable', reason: 'down' });
    return true;
  }

  private async die(heard: number): Promise<void> {
    this.broker.die(heard);
    void this.renewal?.close();
    await this.connect();
  }
}

/** What is decided happens; settlements are flushed, too. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
