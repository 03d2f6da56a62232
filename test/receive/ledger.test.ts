import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Acknowledger, Ledger, LedgerEntry } from '../../src/receive/ledger.js';

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

function filled(count: number): { ledger: Ledger; channel: ModelChannel; entries: LedgerEntry[] } {
  const ledger = new Ledger();
  const channel = new ModelChannel();
  const entries = Array.from({ length: count }, (_, index) => new LedgerEntry(index + 1));
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
    assert.deepEqual(channel.frames, ['ack 4', 'ack 5', 'ack 2 multiple']);
    assert.deepEqual([...channel.outstanding], [3]);
  });

  it('rejects before a multiple acknowledgement could accept the rejected', () => {
    const { ledger, channel, entries } = filled(4);
    ledger.settle(entries[0]!, 'accept');
    ledger.settle(entries[1]!, 'reject');
    ledger.settle(entries[2]!, 'accept');
    ledger.settle(entries[3]!, 'reject');
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
    assert.equal(ledger.settle(entry, 'reject'), false);
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

  it('behaves like the model, whatever arrives, settles and flushes in any order', () => {
    type Step = { do: 'arrive' } | { do: 'flush' } | { do: 'settle'; at: number; how: 'accept' | 'reject' };
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 4, arbitrary: fc.constant<Step>({ do: 'arrive' }) },
      { weight: 1, arbitrary: fc.constant<Step>({ do: 'flush' }) },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('settle' as const),
          at: fc.nat(),
          how: fc.constantFrom('accept' as const, 'accept' as const, 'reject' as const),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const ledger = new Ledger();
        const channel = new ModelChannel();
        const entries: LedgerEntry[] = [];
        const settled = new Map<number, 'accept' | 'reject'>();
        for (const each of steps) {
          if (each.do === 'arrive') {
            const entry = new LedgerEntry(entries.length + 1);
            entries.push(entry);
            channel.deliver(entry.tag);
            ledger.add(entry);
          } else if (each.do === 'settle') {
            const entry = entries[each.at % Math.max(1, entries.length)];
            if (entry === undefined) continue;
            const first = !settled.has(entry.tag);
            assert.equal(entry.live, first);
            assert.equal(ledger.settle(entry, each.how), first);
            if (first) settled.set(entry.tag, each.how);
          } else {
            flushAndCompare(ledger, channel, entries, settled);
          }
          assert.equal(ledger.unsettled, entries.length - settled.size);
        }
        flushAndCompare(ledger, channel, entries, settled);
      }),
      { seed: 20260, numRuns: 300 },
    );
  });
});

function flushAndCompare(
  ledger: Ledger,
  channel: ModelChannel,
  entries: readonly LedgerEntry[],
  settled: ReadonlyMap<number, 'accept' | 'reject'>,
): void {
  const waiting = ledger.waiting;
  const frames = ledger.flush(channel);
  assert.ok(frames <= waiting, 'never more frames than settlements');
  assert.equal(ledger.waiting, 0);
  for (const { tag } of entries) {
    const how = settled.get(tag);
    assert.equal(channel.accepted.has(tag), how === 'accept', `tag ${tag} accepted`);
    assert.equal(channel.rejected.has(tag), how === 'reject', `tag ${tag} rejected`);
    assert.equal(channel.outstanding.has(tag), how === undefined, `tag ${tag} outstanding`);
  }
}
