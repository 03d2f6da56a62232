import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Acknowledger, AckTracker, TrackedDelivery } from '../../src/rabbitmq/ack-tracker.js';

/** What the broker does with the frames: RabbitMQ's rules, a 406 (here: a throw) included. */
class ModelChannel implements Acknowledger {
  readonly outstanding = new Set<number>();
  readonly accepted = new Set<number>();
  readonly rejected = new Set<number>();
  readonly frames: string[] = [];

  deliver(tag: number): void {
    this.outstanding.add(tag);
  }

  ack(tag: number, multiple: boolean): void {
    this.frames.push(`ack ${tag}${multiple ? ' multiple' : ''}`);
    this.#require(tag);
    const covered = multiple ? [...this.outstanding].filter((other) => other <= tag) : [tag];
    for (const each of covered) {
      this.outstanding.delete(each);
      this.accepted.add(each);
    }
  }

  reject(tag: number): void {
    this.frames.push(`reject ${tag}`);
    this.#require(tag);
    this.outstanding.delete(tag);
    this.rejected.add(tag);
  }

  #require(tag: number): void {
    if (!this.outstanding.has(tag)) throw new Error(`406 unknown delivery tag ${tag}`);
  }
}

function filled(count: number): { tracker: AckTracker; channel: ModelChannel; entries: TrackedDelivery[] } {
  const tracker = new AckTracker();
  const channel = new ModelChannel();
  const entries = Array.from({ length: count }, (_, index) => new TrackedDelivery(index + 1));
  for (const entry of entries) {
    channel.deliver(entry.tag);
    tracker.add(entry);
  }
  return { tracker, channel, entries };
}

describe('the tracker of acknowledgements', () => {
  it('acknowledges the oldest deliveries, without a gap, in one frame', () => {
    const { tracker, channel, entries } = filled(5);
    for (const entry of entries.slice(0, 4).reverse()) tracker.acknowledge(entry);
    assert.equal(tracker.flush(channel), 1);
    assert.deepEqual(channel.frames, ['ack 4 multiple']);
    assert.deepEqual([...channel.outstanding], [5]);
  });

  it('acknowledges one by one what lies behind an unacknowledged delivery', () => {
    const { tracker, channel, entries } = filled(5);
    for (const index of [0, 1, 3, 4]) tracker.acknowledge(entries[index]!);
    assert.equal(tracker.flush(channel), 3);
    assert.deepEqual(channel.frames, ['ack 2 multiple', 'ack 4', 'ack 5']);
    assert.deepEqual([...channel.outstanding], [3]);
  });

  it('is scattered while something acknowledged lies behind what is not', () => {
    const { tracker, channel, entries } = filled(5);
    for (const index of [0, 1]) tracker.acknowledge(entries[index]!);
    assert.equal(tracker.scattered, 0);
    tracker.acknowledge(entries[3]!);
    assert.equal(tracker.scattered, 1);
    tracker.acknowledge(entries[2]!);
    assert.equal(tracker.scattered, 0);
    tracker.flush(channel);
    assert.deepEqual(channel.frames, ['ack 4 multiple']);
  });

  it('is not scattered once it has been flushed, nor when a rejection needs a frame in any case', () => {
    const { tracker, channel, entries } = filled(5);
    tracker.acknowledge(entries[4]!);
    tracker.flush(channel);
    assert.equal(tracker.scattered, 0);
    tracker.acknowledge(entries[3]!);
    tracker.reject(entries[2]!);
    assert.equal(tracker.scattered, 0);
  });

  it('is behind many while more than 256 are open before what was acknowledged last', () => {
    const { tracker, entries } = filled(262);
    assert.equal(tracker.isBehindMany, false, 'nothing waits');
    tracker.acknowledge(entries[256]!);
    assert.equal(tracker.isBehindMany, false, '256 are before it');
    tracker.acknowledge(entries[261]!);
    assert.equal(tracker.isBehindMany, true, '260 are before it');
    for (const entry of entries.slice(0, 3)) tracker.acknowledge(entry);
    tracker.beginMove(entries[3]!);
    assert.equal(tracker.isBehindMany, true, '257 are before it, with what is moving');
    tracker.acknowledge(entries[4]!);
    assert.equal(tracker.isBehindMany, false, '256 are before it');
  });

  it('is behind nothing once it has been flushed', () => {
    const { tracker, channel, entries } = filled(262);
    tracker.acknowledge(entries[261]!);
    assert.equal(tracker.isBehindMany, true);
    tracker.flush(channel);
    assert.equal(tracker.isBehindMany, false);
  });

  it('sends acknowledgements in the order in which they were made, which keeps start and stop next to each other', () => {
    const { tracker, channel, entries } = filled(5);
    for (const index of [4, 1, 3]) tracker.acknowledge(entries[index]!);
    assert.equal(tracker.flush(channel), 3);
    assert.deepEqual(channel.frames, ['ack 5', 'ack 2', 'ack 4']);
    assert.equal(tracker.waiting, 0);
  });

  it('rejects before a multiple acknowledgement could cover the rejected', () => {
    const { tracker, channel, entries } = filled(4);
    tracker.acknowledge(entries[0]!);
    tracker.reject(entries[1]!);
    tracker.acknowledge(entries[2]!);
    tracker.reject(entries[3]!);
    tracker.flush(channel);
    assert.deepEqual(channel.frames, ['reject 2', 'reject 4', 'ack 3 multiple']);
    assert.deepEqual([...channel.rejected], [2, 4]);
  });

  it('sends nothing when nothing was acknowledged, or everything was flushed', () => {
    const { tracker, channel, entries } = filled(2);
    assert.equal(tracker.flush(channel), 0);
    tracker.acknowledge(entries[0]!);
    assert.equal(tracker.flush(channel), 1);
    assert.equal(tracker.flush(channel), 0);
    assert.deepEqual(channel.frames, ['ack 1']);
  });

  it('acknowledges a delivery once', () => {
    const { tracker, entries } = filled(1);
    const entry = entries[0]!;
    assert.equal(entry.live, true);
    assert.equal(tracker.acknowledge(entry), true);
    assert.equal(entry.live, false);
    assert.equal(tracker.reject(entry), false);
    assert.equal(tracker.waiting, 1);
  });

  it("does not acknowledge another channel's delivery", () => {
    const here = filled(2);
    const there = filled(2);
    assert.equal(here.tracker.acknowledge(there.entries[0]!), false);
    assert.equal(here.tracker.waiting, 0);
    assert.equal(there.entries[0]!.live, true);
  });

  it('forgets everything when abandoned, and nothing of it can be acknowledged', () => {
    const { tracker, channel, entries } = filled(3);
    tracker.acknowledge(entries[1]!);
    tracker.abandon();
    assert.equal(tracker.unacknowledged, 0);
    assert.equal(tracker.flush(channel), 0);
    for (const entry of entries) {
      assert.equal(entry.live, false);
      assert.equal(tracker.acknowledge(entry), false);
      assert.equal(entry.next ?? entry.previous, undefined, 'holds no neighbour in memory');
    }
  });

  it('covers nothing that is moving with a multiple acknowledgement', () => {
    const { tracker, channel, entries } = filled(4);
    assert.equal(tracker.beginMove(entries[1]!), true);
    for (const index of [0, 2, 3]) tracker.acknowledge(entries[index]!);
    tracker.flush(channel);
    assert.deepEqual(channel.frames, ['ack 1', 'ack 3', 'ack 4']);
    assert.deepEqual([...channel.outstanding], [2]);
    assert.equal(tracker.endMove(entries[1]!), true);
    tracker.flush(channel);
    assert.deepEqual([...channel.outstanding], []);
  });

  it('lets nobody acknowledge what is moving, and ends the move once', () => {
    const { tracker, entries } = filled(1);
    const entry = entries[0]!;
    assert.equal(tracker.endMove(entry), false, 'it is still open');
    assert.equal(tracker.beginMove(entry), true);
    assert.deepEqual([entry.live, entry.held, tracker.unacknowledged, tracker.moving], [false, true, 0, 1]);
    assert.equal(tracker.beginMove(entry), false);
    assert.equal(tracker.acknowledge(entry), false);
    assert.equal(tracker.endMove(entry), true);
    assert.deepEqual([entry.held, tracker.moving, tracker.waiting], [false, 0, 1]);
    assert.equal(tracker.endMove(entry), false);
    assert.equal(tracker.beginMove(entry), false);
  });

  it('forgets what is moving, too, when abandoned', () => {
    const { tracker, channel, entries } = filled(2);
    tracker.beginMove(entries[0]!);
    tracker.abandon();
    assert.deepEqual([entries[0]!.held, tracker.moving], [false, 0]);
    assert.equal(tracker.endMove(entries[0]!), false);
    assert.equal(tracker.replace(entries[0]!, new TrackedDelivery(1)), false);
    assert.equal(tracker.flush(channel), 0);
  });

  it('puts a fresh delivery in the place of one that was not moved, wherever that is', () => {
    for (const place of [0, 1, 2]) {
      const { tracker, channel, entries } = filled(3);
      const old = entries[place]!;
      const fresh = new TrackedDelivery(old.tag);
      assert.equal(tracker.replace(old, fresh), false, 'it is still open');
      tracker.beginMove(old);
      assert.equal(tracker.replace(old, fresh), true);
      assert.deepEqual([old.live, old.held, fresh.live, tracker.unacknowledged], [false, false, true, 3]);
      assert.deepEqual(
        [...tracker].map(({ tag }) => tag),
        [1, 2, 3],
      );
      for (const entry of [...tracker]) tracker.acknowledge(entry);
      tracker.flush(channel);
      assert.deepEqual(channel.frames, ['ack 3 multiple']);
    }
  });

  it('behaves like the model, whatever arrives, is acknowledged, moves and flushes, in any order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const world = new World();
        for (const each of steps) world.take(each);
        world.flush();
      }),
      { seed: 20260, numRuns: 500 },
    );
  });
});

type Step =
  | { readonly do: 'arrive' }
  | { readonly do: 'flush' }
  | { readonly do: 'accept' | 'reject' | 'begin move' | 'end move' | 'replace'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'arrive' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'flush' }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom<'accept' | 'reject' | 'begin move' | 'end move' | 'replace'>(
        ...(['accept', 'accept', 'reject', 'begin move', 'end move', 'replace'] as const),
      ),
      at: fc.nat(),
    }),
  },
);

/** The tracker beside a model of it: the state of each tag. */
class World {
  private readonly tracker = new AckTracker();
  private readonly channel = new ModelChannel();
  private readonly entries: TrackedDelivery[] = [];
  private readonly states: ('open' | 'moving' | 'accepted' | 'rejected')[] = [];

  take(each: Step): void {
    if (each.do === 'arrive') this.arrive();
    else if (each.do === 'flush') this.flush();
    else if (this.entries.length > 0) this.change(each.do, each.at % this.entries.length);
    assert.equal(this.tracker.unacknowledged, this.count('open'));
    assert.equal(this.tracker.moving, this.count('moving'));
    const outstanding = this.entries.filter((_, index) => /open|moving/.test(this.states[index]!));
    assert.deepEqual([...this.tracker], outstanding);
  }

  flush(): void {
    const waiting = this.tracker.waiting;
    assert.equal(this.tracker.scattered, this.#scattered());
    const frames = this.tracker.flush(this.channel);
    assert.ok(frames <= waiting, 'never more frames than acknowledgements');
    assert.equal(this.tracker.waiting, 0);
    for (const [index, state] of this.states.entries()) {
      const tag = index + 1;
      const isOpen = /open|moving/.test(state);
      assert.equal(this.channel.accepted.has(tag), state === 'accepted', `tag ${tag} accepted`);
      assert.equal(this.channel.rejected.has(tag), state === 'rejected', `tag ${tag} rejected`);
      assert.equal(this.channel.outstanding.has(tag), isOpen, `tag ${tag} outstanding`);
    }
  }

  #scattered(): number {
    const told = ({ tag }: TrackedDelivery) => !this.channel.outstanding.has(tag);
    const waiting = this.entries.filter(
      (entry, index) => !/open|moving/.test(this.states[index]!) && !told(entry),
    );
    if (waiting.some(({ tag }) => this.states[tag - 1] === 'rejected')) return 0;
    const oldest = this.states.findIndex((state) => /open|moving/.test(state));
    return oldest < 0 ? 0 : waiting.filter(({ tag }) => tag - 1 > oldest).length;
  }

  private arrive(): void {
    const entry = new TrackedDelivery(this.entries.length + 1);
    this.entries.push(entry);
    this.states.push('open');
    this.channel.deliver(entry.tag);
    this.tracker.add(entry);
  }

  private change(how: Exclude<Step['do'], 'arrive' | 'flush'>, index: number): void {
    const entry = this.entries[index]!;
    const before = this.states[index]!;
    assert.equal(entry.live, before === 'open');
    const isPossible = before === (how === 'end move' || how === 'replace' ? 'moving' : 'open');
    assert.equal(this.perform(how, index, entry), isPossible, `${how} of what is ${before}`);
    if (!isPossible) return;
    const after = {
      accept: 'accepted',
      reject: 'rejected',
      'begin move': 'moving',
      'end move': 'accepted',
      replace: 'open',
    } as const;
    this.states[index] = after[how];
  }

  private perform(
    how: Exclude<Step['do'], 'arrive' | 'flush'>,
    index: number,
    entry: TrackedDelivery,
  ): boolean {
    if (how === 'accept') return this.tracker.acknowledge(entry);
    if (how === 'reject') return this.tracker.reject(entry);
    if (how === 'begin move') return this.tracker.beginMove(entry);
    if (how === 'end move') return this.tracker.endMove(entry);
    const fresh = new TrackedDelivery(entry.tag);
    const isRenewed = this.tracker.replace(entry, fresh);
    if (isRenewed) this.entries[index] = fresh;
    return isRenewed;
  }

  private count(state: string): number {
    return this.states.filter((each) => each === state).length;
  }
}
