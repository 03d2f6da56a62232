import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../src/contracts.js';
import { total } from '../src/counts.js';
import { makeBridge } from './support/bridge.js';
import { FakeReceiver } from './support/fake-receiver.js';
import { body, property } from './support/notifications.js';
import { RememberingLog } from './support/receiving.js';
import { HeldSink, settled, TAKEN } from './support/spans.js';

/** A step of a broker's and a backend's life. Numbers choose among what there is at that moment. */
type Step =
  | { readonly kind: 'give'; readonly message: number }
  | { readonly kind: 'publish again'; readonly message: number }
  | { readonly kind: 'answer'; readonly request: number; readonly outcome: Outcome['kind'] }
  | { readonly kind: 'renew'; readonly delivery: number }
  | { readonly kind: 'die'; readonly lostAcks: number };

const POINTS = 5;
const MESSAGES = Array.from({ length: POINTS * 2 }, (_, index) => {
  const half = index % 2 === 0 ? 'start' : 'stop';
  return body({ name: `p${index >> 1}-${half}`, trace_id: `point ${index >> 1}` });
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('give' as const), message: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish again' as const), message: fc.nat(50) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      request: fc.nat(10),
      outcome: fc.constantFrom<Outcome['kind']>('accepted', 'accepted', 'retryable'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew' as const), delivery: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), lostAcks: fc.nat(3) }) },
);

describe('the bridge, whatever happens round it', () => {
  it('exports every point once and complete, settles every message, and its counts add up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = new World();
        for (const each of steps) {
          world.take(each);
          await settled();
          world.assertLaw();
        }
        await world.comeToRest();
        world.assertLaw();
        assert.deepEqual(
          world.exported.sort(),
          Array.from({ length: POINTS }, (_, index) => `p${index}`),
        );
        assert.equal(world.bridge.unacknowledged, 0);
        assert.equal(world.bridge.counts.incompleteSpans, 0);
        assert.equal(world.bridge.openPoints, 0);
        await world.bridge.close();
      }),
      property(300),
    );
  });
});

class World {
  readonly receiver = new FakeReceiver();
  readonly sink = new HeldSink();
  readonly bridge = makeBridge({
    receivers: [this.receiver],
    sink: this.sink,
    log: new RememberingLog(),
    batch: { maxSize: 1, maxInFlight: 3 },
    retry: { sleep: async () => {} },
  });
  readonly exported: string[] = [];
  private queue = MESSAGES.map((message) => ({ message, redelivered: false }));
  private answered = new Set<number>();

  constructor() {
    void this.bridge.run();
  }

  take(each: Step): void {
    if (each.kind === 'give') this.give(each.message);
    else if (each.kind === 'publish again') {
      this.queue.push({ message: MESSAGES[each.message % MESSAGES.length]!, redelivered: false });
    } else if (each.kind === 'answer') this.answer(each.request, each.outcome);
    else if (each.kind === 'renew') this.renew(each.delivery);
    else this.die(each.lostAcks);
  }

  async comeToRest(): Promise<void> {
    while (this.queue.length > 0 || this.open.length > 0) {
      if (this.queue.length > 0) this.give(0);
      else this.answer(0, 'accepted');
      await settled();
    }
  }

  assertLaw(): void {
    const { received, exported, duplicate, late, filtered, rejected, returned } = this.bridge.counts;
    const accounted = exported + duplicate + late + total(filtered) + total(rejected) + returned;
    assert.equal(accounted + this.bridge.unacknowledged, received);
  }

  /** Requests without an answer. */
  private get open(): number[] {
    return [...this.sink.requests.keys()].filter((index) => !this.answered.has(index));
  }

  private give(choice: number): void {
    if (this.queue.length === 0) return;
    const [next] = this.queue.splice(choice % this.queue.length, 1);
    this.receiver.give(next!.message, {}, next!.redelivered);
  }

  private answer(choice: number, outcome: Outcome['kind']): void {
    const { open } = this;
    if (open.length === 0) return;
    const index = open[choice % open.length]!;
    this.answered.add(index);
    const request = this.sink.requests[index]!;
    if (outcome === 'accepted') this.exported.push(...request.names);
    request.answer(outcome === 'accepted' ? TAKEN : { kind: 'retryable', reason: 'down' });
  }

  /** The original is gone, and its copy comes whenever it comes. */
  private renew(choice: number): void {
    const live = this.receiver.deliveries.filter((delivery) => delivery.live);
    const delivery = live[choice % live.length];
    if (delivery === undefined) return;
    this.queue.push({ message: delivery.body, redelivered: true });
    this.receiver.renew(delivery);
  }

  /** The channel dies: what is unacknowledged comes again, and so does what the broker never heard was settled. */
  private die(lostAcks: number): void {
    const unheard = this.receiver.deliveries
      .filter(({ settlement }) => settlement !== undefined)
      .slice(-lostAcks || Number.POSITIVE_INFINITY);
    for (const { body: message } of [...this.receiver.lose(), ...unheard]) {
      this.queue.push({ message, redelivered: true });
    }
  }
}
