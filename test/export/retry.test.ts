import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../src/contracts.js';
import { type FinalOutcome, Retrier, type RetryOptions } from '../../src/export/retry.js';
import { property } from '../support/notifications.js';
import { HeldSink, PromptSink, settled, span, TAKEN } from '../support/spans.js';

const DOWN: Outcome = { kind: 'retryable', reason: 'down' };

describe('retrying', () => {
  it('tells the outcome of a batch that is taken at once', async () => {
    const { told } = await deliver(['a', 'b'], () => TAKEN);
    assert.deepEqual(told, [[0, 2, TAKEN]]);
  });

  it('tries again for as long as it takes, the same spans', async () => {
    const { told, sink, pauses } = await deliver(['a'], (_names, request) => (request < 50 ? DOWN : TAKEN));
    assert.deepEqual(told, [[0, 1, TAKEN]]);
    assert.equal(sink.batches.length, 50);
    assert.equal(pauses.length, 49);
    for (const batch of sink.batches) assert.equal(batch, sink.batches[0]);
  });

  it('pauses longer and longer, up to a limit, with jitter, and never spins', async () => {
    const down = (_names: readonly string[], request: number) => (request <= 8 ? DOWN : TAKEN);
    const delays = { initialDelayMs: 100, maxDelayMs: 1_000 };
    const most = await deliver(['a'], down, { ...delays, random: () => 0.999999 });
    assert.deepEqual(most.pauses.map(Math.round), [100, 200, 400, 800, 1000, 1000, 1000, 1000]);
    const least = await deliver(['a'], down, { ...delays, random: () => 0 });
    assert.deepEqual(least.pauses.map(Math.round), [10, 20, 40, 80, 100, 100, 100, 100]);
  });

  it('waits as long as the backend asks, within reason', async () => {
    const asked = (retryAfterMs: number) => (_names: readonly string[], request: number) =>
      request === 1 ? { ...DOWN, retryAfterMs } : TAKEN;
    assert.deepEqual((await deliver(['a'], asked(90_000))).pauses, [90_000]);
    assert.deepEqual((await deliver(['a'], asked(Number.POSITIVE_INFINITY))).pauses, [600_000]);
    const soon = await deliver(['a'], asked(0), { random: () => 0.5 });
    assert.deepEqual(soon.pauses, [250], 'its own pause is the least');
  });

  it('says why and for how long it waits', async () => {
    const said: unknown[] = [];
    await deliver(['a'], (_names, request) => (request <= 2 ? DOWN : TAKEN), {
      random: () => 0.5,
      onRetry: (...why) => said.push(why),
    });
    assert.deepEqual(said, [
      ['down', 250, 1],
      ['down', 500, 2],
    ]);
  });

  it('finds the one span that is refused for good, and loses no other', async () => {
    const names = Array.from({ length: 9 }, (_, index) => (index === 5 ? 'bad' : `good${index}`));
    const { told } = await deliver(names, (sent) => (sent.includes('bad') ? refusal(sent) : TAKEN));
    const refused = told.filter(([, , { kind }]) => kind === 'permanent');
    assert.deepEqual(refused, [[5, 6, refusal(['bad'])]]);
  });

  it('stops when it is told to, and then tells nothing', async () => {
    const sink = new HeldSink();
    const abort = new AbortController();
    const told: unknown[] = [];
    const done = new Retrier(sink).deliver([span()], (...what) => told.push(what), abort.signal);
    sink.requests[0]?.answer(DOWN);
    await settled();
    abort.abort();
    await done;
    assert.deepEqual([told, sink.requests.length], [[], 1]);
    await new Retrier(sink).deliver([span()], (...what) => told.push(what), abort.signal);
    assert.deepEqual([told, sink.requests.length], [[], 1]);
  });

  it('tells each span its own outcome exactly once, whichever are bad', async () => {
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(flags, async (bad) => {
        const names = bad.map((isBad, index) => `${isBad ? 'bad' : 'good'}${index}`);
        let requests = 0;
        const { told } = await deliver(names, (sent) => {
          if (++requests % 3 === 0) return DOWN;
          return sent.some((name) => name.startsWith('bad')) ? refusal(sent) : TAKEN;
        });
        const kinds: string[] = [];
        for (const [from, to, { kind }] of told) {
          assert.equal(from, kinds.length);
          for (let index = from; index < to; index++) kinds.push(kind);
        }
        assert.deepEqual(
          kinds,
          bad.map((isBad) => (isBad ? 'permanent' : 'accepted')),
        );
      }),
      property(100),
    );
  });
});

function refusal(names: readonly string[]): FinalOutcome {
  return { kind: 'permanent', reason: names.join(' ') };
}

async function deliver(
  names: readonly string[],
  decide: (names: readonly string[], request: number) => Outcome,
  options: RetryOptions = {},
) {
  const sink = new PromptSink(decide);
  const pauses: number[] = [];
  const told: [number, number, FinalOutcome][] = [];
  const sleep = async (ms: number) => void pauses.push(ms);
  await new Retrier(sink, { ...options, sleep }).deliver(
    names.map((name) => span(name)),
    (...what) => told.push(what),
    new AbortController().signal,
  );
  return { sink, pauses, told };
}
