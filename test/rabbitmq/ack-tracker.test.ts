import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Acknowledger, AckTracker, TrackedDelivery } from '../../src/rabbitmq/ack-tracker.js';

const REJECTION = { reason: 'not-json', detail: 'no JSON' };

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

function filled(count: number): { ledger: AckTracker; channel: ModelChannel; entries: TrackedDelivery[] } {
  const ledger = new AckTracker();
  const channel = new ModelChannel();
  const entries = Array.from({ length: count }, (_, index) => new TrackedDelivery(index + 1));
  for (const entry of entries) {
    channel.deliver(entry.tag);
    ledger.add(entry);
  }
  return { ledger, channel, entries };
}

describe('the ledger', () => {
  it('acknowledges a settled prefix with one frame', () => {
    const { ledger, channel, entries } = filled(5);
    for (const entry of entries.slice(0, 4).reverse()) ledger.settle(entry, 'accept');
    assert.equal(ledger.flush(channel), 1);
    assert.deepEqual(channel.frames, ['ack 4 multiple']);
    assert.deepEqual([...channel.outstanding], [5]);
  });

  it('acknowledges one by one what lies behind an unsettled delivery', () => {
    const { ledger, channel, entries } = filled(5);
    for (const index of [0, 1, 3, 4]) ledger.settle(entries[index]!, 'accept');
    assert.equal(ledger.flush(channel), 3);
    assert.deepEqual(channel.frames, ['ack 2 multiple', 'ack 4', 'ack 5']);
    assert.deepEqual([...channel.outstanding], [3]);
  });

  it('is scattered while something settled lies behind what is unsettled', () => {
    const { ledger, channel, entries } = filled(5);
    for (const index of [0, 1]) ledger.settle(entries[index]!, 'accept');
    assert.equal(ledger.scattered, 0);
    ledger.settle(entries[3]!, 'accept');
    assert.equal(ledger.scattered, 1);
    ledger.settle(entries[2]!, 'accept');
    assert.equal(ledger.scattered, 0);
    ledger.flush(channel);
    assert.deepEqual(channel.frames, ['ack 4 multiple']);
  });

  it('is not scattered once it has been flushed, nor when a rejection needs a frame in any case', () => {
    const { ledger, channel, entries } = filled(5);
    ledger.settle(entries[4]!, 'accept');
    ledger.flush(channel);
    assert.equal(ledger.scattered, 0);
    ledger.settle(entries[3]!, 'accept');
    ledger.settle(entries[2]!, REJECTION);
    assert.equal(ledger.scattered, 0);
  });

  it('is behind many while more than 256 are open before what was settled last', () => {
    const { ledger, entries } = filled(262);
    assert.equal(ledger.isBehindMany, false, 'nothing waits');
    ledger.settle(entries[256]!, 'accept');
    assert.equal(ledger.isBehindMany, false, '256 are before it');
    ledger.settle(entries[261]!, 'accept');
    assert.equal(ledger.isBehindMany, true, '260 are before it');
    for (const entry of entries.slice(0, 3)) ledger.settle(entry, 'accept');
    ledger.setAside(entries[3]!);
    assert.equal(ledger.isBehindMany, true, '257 are before it, with what is aside');
    ledger.settle(entries[4]!, 'accept');
    assert.equal(ledger.isBehindMany, false, '256 are before it');
  });

  it('is behind nothing once it has been flushed', () => {
    const { ledger, channel, entries } = filled(262);
    ledger.settle(entries[261]!, 'accept');
    assert.equal(ledger.isBehindMany, true);
    ledger.flush(channel);
    assert.equal(ledger.isBehindMany, false);
  });

  it('acknowledges in the order of settlement, which keeps the halves of a pair next to each other', () => {
    const { ledger, channel, entries } = filled(5);
    for (const index of [4, 1, 3]) ledger.settle(entries[index]!, 'accept');
    assert.equal(ledger.flush(channel), 3);
    assert.deepEqual(channel.frames, ['ack 5', 'ack 2', 'ack 4']);
    assert.equal(ledger.waiting, 0);
  });

  it('rejects before a multiple acknowledgement could accept the rejected', () => {
    const { ledger, channel, entries } = filled(4);
    ledger.settle(entries[0]!, 'accept');
    ledger.settle(entries[1]!, REJECTION);
    ledger.settle(entries[2]!, 'accept');
    ledger.settle(entries[3]!, REJECTION);
    ledger.flush(channel);
    assert.deepEqual(channel.frames, ['reject 2', 'reject 4', 'ack 3 multiple']);
    assert.deepEqual([...channel.rejected], [2, 4]);
  });

  it('sends nothing when nothing was settled, or everything was flushed', () => {
    const { ledger, channel, entries } = filled(2);
    assert.equal(ledger.flush(channel), 0);
    ledger.settle(entries[0]!, 'accept');
    assert.equal(ledger.flush(channel), 1);
    assert.equal(ledger.flush(channel), 0);
    assert.deepEqual(channel.frames, ['ack 1']);
  });

  it('settles a delivery once', () => {
    const { ledger, entries } = filled(1);
    const entry = entries[0]!;
    assert.equal(entry.live, true);
    assert.equal(ledger.settle(entry, 'accept'), true);
    assert.equal(entry.live, false);
    assert.equal(ledger.settle(entry, REJECTION), false);
    assert.equal(ledger.waiting, 1);
  });

  it("does not settle another channel's delivery", () => {
    const here = filled(2);
    const there = filled(2);
    assert.equal(here.ledger.settle(there.entries[0]!, 'accept'), false);
    assert.equal(here.ledger.waiting, 0);
    assert.equal(there.entries[0]!.live, true);
  });

  it('forgets everything when abandoned, and nothing of it can be settled', () => {
    const { ledger, channel, entries } = filled(3);
    ledger.settle(entries[1]!, 'accept');
    ledger.abandon();
    assert.equal(ledger.unsettled, 0);
    assert.equal(ledger.flush(channel), 0);
    for (const entry of entries) {
      assert.equal(entry.live, false);
      assert.equal(ledger.settle(entry, 'accept'), false);
      assert.equal(entry.next ?? entry.previous, undefined, 'holds no neighbour in memory');
    }
  });

  it('covers nothing that is aside with a multiple acknowledgement', () => {
    const { ledger, channel, entries } = filled(4);
    assert.equal(ledger.setAside(entries[1]!), true);
    for (const index of [0, 2, 3]) ledger.settle(entries[index]!, 'accept');
    ledger.flush(channel);
    assert.deepEqual(channel.frames, ['ack 1', 'ack 3', 'ack 4']);
    assert.deepEqual([...channel.outstanding], [2]);
    assert.equal(ledger.release(entries[1]!), true);
    ledger.flush(channel);
    assert.deepEqual([...channel.outstanding], []);
  });

  it('lets nobody settle what is aside, and releases it once', () => {
    const { ledger, entries } = filled(1);
    const entry = entries[0]!;
    assert.equal(ledger.release(entry), false, 'it is still open');
    assert.equal(ledger.setAside(entry), true);
    assert.deepEqual([entry.live, entry.held, ledger.unsettled, ledger.aside], [false, true, 0, 1]);
    assert.equal(ledger.setAside(entry), false);
    assert.equal(ledger.settle(entry, 'accept'), false);
    assert.equal(ledger.release(entry), true);
    assert.deepEqual([entry.held, ledger.aside, ledger.waiting], [false, 0, 1]);
    assert.equal(ledger.release(entry), false);
    assert.equal(ledger.setAside(entry), false);
  });

  it('forgets what is aside, too, when abandoned', () => {
    const { ledger, channel, entries } = filled(2);
    ledger.setAside(entries[0]!);
    ledger.abandon();
    assert.deepEqual([entries[0]!.held, ledger.aside], [false, 0]);
    assert.equal(ledger.release(entries[0]!), false);
    assert.equal(ledger.renew(entries[0]!, new TrackedDelivery(1)), false);
    assert.equal(ledger.flush(channel), 0);
  });

  it('puts a fresh entry in the place of one that is aside, wherever that is', () => {
    for (const place of [0, 1, 2]) {
      const { ledger, channel, entries } = filled(3);
      const old = entries[place]!;
      const fresh = new TrackedDelivery(old.tag);
      assert.equal(ledger.renew(old, fresh), false, 'it is still open');
      ledger.setAside(old);
      assert.equal(ledger.renew(old, fresh), true);
      assert.deepEqual([old.live, old.held, fresh.live, ledger.unsettled], [false, false, true, 3]);
      assert.deepEqual(
        [...ledger].map(({ tag }) => tag),
        [1, 2, 3],
      );
      for (const entry of [...ledger]) ledger.settle(entry, 'accept');
      ledger.flush(channel);
      assert.deepEqual(channel.frames, ['ack 3 multiple']);
    }
  });

  it('behaves like the model, whatever arrives, settles, goes aside and flushes in any order', () => {
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
  | { readonly do: 'accept' | 'reject' | 'set aside' | 'release' | 'renew'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'arrive' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'flush' }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom<'accept' | 'reject' | 'set aside' | 'release' | 'renew'>(
        ...(['accept', 'accept', 'reject', 'set aside', 'release', 'renew'] as const),
      ),
      at: fc.nat(),
    }),
  },
);

/** The ledger beside a model of it: the state of each tag. */
class World {
  private readonly ledger = new AckTracker();
  private readonly channel = new ModelChannel();
  private readonly entries: TrackedDelivery[] = [];
  private readonly states: ('open' | 'aside' | 'accepted' | 'rejected')[] = [];

  take(each: Step): void {
    if (each.do === 'arrive') this.arrive();
    else if (each.do === 'flush') this.flush();
    else if (this.entries.length > 0) this.change(each.do, each.at % this.entries.length);
    assert.equal(this.ledger.unsettled, this.count('open'));
    assert.equal(this.ledger.aside, this.count('aside'));
    const outstanding = this.entries.filter((_, index) => /open|aside/.test(this.states[index]!));
    assert.deepEqual([...this.ledger], outstanding);
  }

  flush(): void {
    const waiting = this.ledger.waiting;
    assert.equal(this.ledger.scattered, this.#scattered());
    const frames = this.ledger.flush(this.channel);
    assert.ok(frames <= waiting, 'never more frames than settlements');
    assert.equal(this.ledger.waiting, 0);
    for (const [index, state] of this.states.entries()) {
      const tag = index + 1;
      const isOpen = /open|aside/.test(state);
      assert.equal(this.channel.accepted.has(tag), state === 'accepted', `tag ${tag} accepted`);
      assert.equal(this.channel.rejected.has(tag), state === 'rejected', `tag ${tag} rejected`);
      assert.equal(this.channel.outstanding.has(tag), isOpen, `tag ${tag} outstanding`);
    }
  }

  #scattered(): number {
    const told = ({ tag }: TrackedDelivery) => !this.channel.outstanding.has(tag);
    const waiting = this.entries.filter(
      (entry, index) => !/open|aside/.test(this.states[index]!) && !told(entry),
    );
    if (waiting.some(({ tag }) => this.states[tag - 1] === 'rejected')) return 0;
    const oldest = this.states.findIndex((state) => /open|aside/.test(state));
    return oldest < 0 ? 0 : waiting.filter(({ tag }) => tag - 1 > oldest).length;
  }

  private arrive(): void {
    const entry = new TrackedDelivery(this.entries.length + 1);
    this.entries.push(entry);
    this.states.push('open');
    this.channel.deliver(entry.tag);
    this.ledger.add(entry);
  }

  private change(how: Exclude<Step['do'], 'arrive' | 'flush'>, index: number): void {
    const entry = this.entries[index]!;
    const before = this.states[index]!;
    assert.equal(entry.live, before === 'open');
    const isPossible = before === (how === 'release' || how === 'renew' ? 'aside' : 'open');
    assert.equal(this.perform(how, index, entry), isPossible, `${how} of what is ${before}`);
    if (!isPossible) return;
    const after = {
      accept: 'accepted',
      reject: 'rejected',
      'set aside': 'aside',
      release: 'accepted',
      renew: 'open',
    } as const;
    this.states[index] = after[how];
  }

  private perform(
    how: Exclude<Step['do'], 'arrive' | 'flush'>,
    index: number,
    entry: TrackedDelivery,
  ): boolean {
    if (how === 'accept') return this.ledger.settle(entry, 'accept');
    if (how === 'reject') return this.ledger.settle(entry, REJECTION);
    if (how === 'set aside') return this.ledger.setAside(entry);
    if (how === 'release') return this.ledger.release(entry);
    const fresh = new TrackedDelivery(entry.tag);
    const isRenewed = this.ledger.renew(entry, fresh);
    if (isRenewed) this.entries[index] = fresh;
    return isRenewed;
  }

  private count(state: string): number {
    return this.states.filter((each) => each === state).length;
  }
}
