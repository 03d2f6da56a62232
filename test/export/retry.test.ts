import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import type { Outcome, Sink } from '../../src/contracts.js';
import { BackendHealth } from '../../src/export/health.js';
import { type FinalOutcome, Retrier, type RetryOptions } from '../../src/export/retry.js';
import { property } from '../support/notifications.js';
import { RememberingLog } from '../support/receiving.js';
import { HeldSink, PromptSink, settled, span, TAKEN } from '../support/spans.js';

const DOWN: Outcome = { kind: 'retryable', reason: 'down' };

describe('retrying', () => {
  it('tells the outcome of a batch that is accepted at once', async () => {
    const { told } = await deliver(['a', 'b'], () => TAKEN);
    assert.deepEqual(told, [[['a', 'b'], TAKEN]]);
  });

  it('sends the same spans again for as long as it takes', async () => {
    const { told, sink, pauses } = await deliver(['a'], (_names, request) => (request < 50 ? DOWN : TAKEN));
    assert.deepEqual(told, [[['a'], TAKEN]]);
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

  it('says why and for how long it waits, with the hint', async () => {
    const said: unknown[] = [];
    const { log } = await deliver(
      ['a'],
      (_names, request) => (request <= 2 ? { ...DOWN, hint: 'look' } : TAKEN),
      { random: () => 0.5, onRetry: (...why) => said.push(why) },
    );
    assert.deepEqual(said, [
      ['down; look', 250, 1],
      ['down; look', 500, 2],
    ]);
    assert.deepEqual(
      log.lines.map(({ level, message, fields }) => [level, message, fields['reason']]),
      [
        ['warn', 'export failed, retrying', 'down; look'],
        ['warn', 'export failed, retrying', 'down; look'],
      ],
    );
  });

  it('stops when it is told to, and then tells nothing', async () => {
    const sink = new HeldSink();
    const abort = new AbortController();
    const told: unknown[] = [];
    // The pause ends with the signal and not before, however slow the machine is.
    const sleep = (_ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const retrier = new Retrier(sink, new BackendHealth(new RememberingLog()), { sleep });
    const events = { onFinal: (...what: unknown[]) => void told.push(what) };
    const done = retrier.deliver([{ span: span() }], events, abort.signal);
    sink.requests[0]?.answer(DOWN);
    await settled();
    abort.abort();
    await done;
    assert.deepEqual([told, sink.requests.length], [[], 1]);
    await retrier.deliver([{ span: span() }], events, abort.signal);
    assert.deepEqual([told, sink.requests.length], [[], 1]);
  });
});

describe('a batch that is refused for good', () => {
  it('loses the one span that is at fault, and no other', async () => {
    const { told } = await deliver(named(9, [5]), refuseBad);
    const refused = told.filter(([, { kind }]) => kind === 'permanent');
    assert.deepEqual(
      refused.map(([names]) => names),
      [['bad5']],
    );
  });

  it('gives each span its own outcome exactly once, whichever are bad', async () => {
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(flags, async (bad) => {
        const names = bad.map((isBad, index) => `${isBad ? 'bad' : 'good'}${index}`);
        let requests = 0;
        const { told } = await deliver(names, (sent) => (++requests % 3 === 0 ? DOWN : refuseBad(sent)));
        const kinds = told.flatMap(([all, { kind }]) => all.map((name) => [name, kind] as const));
        assert.deepEqual(
          kinds.sort(),
          names.map((name) => [name, name.startsWith('bad') ? 'permanent' : 'accepted'] as const).sort(),
        );
      }),
      property(100),
    );
  });

  it('is held, whole, while the backend refuses a request without spans, too', async () => {
    const { told, sink, health } = await deliver(
      named(8, [3]),
      (names, request) => (request <= 6 ? refusal(names) : refuseBad(names)),
      { probe: (sent) => (sent <= 6 ? refusal([]) : TAKEN) },
    );
    for (const batch of sink.names.slice(0, 6)) assert.equal(batch.length, 8);
    assert.deepEqual(namesOf(told, 'permanent'), ['bad3']);
    assert.equal(health.failure, undefined);
  });

  it('is about one span that is alone, if the backend accepts a request without spans', async () => {
    const { told, pauses } = await deliver(['bad'], refuseBad, { probe: () => TAKEN });
    assert.deepEqual([namesOf(told, 'permanent'), pauses], [['bad'], []]);
  });

  it('is sent once more when the set-up was mended between its refusal and the request without spans', async () => {
    const { told, pauses } = await deliver(
      ['good'],
      (names, request) => (request === 1 ? refusal(names) : TAKEN),
      { probe: () => TAKEN },
    );
    assert.deepEqual([namesOf(told, 'accepted'), pauses], [['good'], []]);
  });

  it('is held when all spans are refused one after the other, though a request without spans is accepted', async () => {
    const { told, health } = await deliver(
      named(64, []),
      (names, request) => (request < 100 ? refusal(names) : TAKEN),
      { probe: () => TAKEN },
    );
    assert.equal(namesOf(told, 'permanent').length, 3);
    assert.equal(namesOf(told, 'accepted').length, 61);
    assert.equal(health.failure, undefined);
  });

  it('makes the backend count as failing while it is held', async () => {
    const health = new BackendHealth(new RememberingLog());
    const sink: Sink = {
      send: async () => ({ kind: 'permanent', reason: 'answered 400', hint: 'use https' }),
      probe: async () => DOWN,
      close: async () => {},
    };
    const abort = new AbortController();
    const sleep = async () => abort.abort();
    await new Retrier(sink, health, { sleep }).deliver(
      [{ span: span() }],
      { onFinal: assert.fail },
      abort.signal,
    );
    assert.deepEqual([health.failure?.reason, health.failure?.hint], ['answered 400', 'use https']);
  });
});

describe('a batch that fails for what may be its own fault', () => {
  const overLimit: Outcome = { kind: 'retryable', reason: 'TRACE_TOO_LARGE', suspect: 'spans' };

  it('is split once others are accepted: the healthy spans leave, those at fault are refused with its words', async () => {
    const { told, pauses } = await deliver(named(32, [3, 4, 20]), (names) =>
      names.some(isBad) ? overLimit : TAKEN,
    );
    assert.deepEqual(namesOf(told, 'permanent').sort(), ['bad20', 'bad3', 'bad4']);
    assert.equal(namesOf(told, 'accepted').length, 29);
    for (const [, outcome] of told)
      if (outcome.kind === 'permanent') assert.equal(outcome.reason, 'TRACE_TOO_LARGE');
    assert.ok(pauses.length <= 8, `${pauses.length} pauses`);
  });

  it('is held whole at first and in a few parts later while everything fails, and loses nothing', async () => {
    const { told, sink } = await deliver(named(32, []), (_names, request) =>
      request < 60 ? overLimit : TAKEN,
    );
    assert.deepEqual(namesOf(told, 'permanent'), []);
    assert.equal(namesOf(told, 'accepted').length, 32);
    for (const names of sink.names.slice(0, 3)) assert.equal(names.length, 32);
    assert.ok(sink.names.slice(0, 59).every((names) => names.length >= 4));
  });

  it('is never refused for a failure that does not say that it is about the spans', async () => {
    let requests = 0;
    const unclear: Outcome = { kind: 'retryable', reason: 'answered 500', suspect: 'unknown' };
    const { told } = await deliver(named(4, [2]), (names) =>
      names.some(isBad) && ++requests < 40 ? unclear : TAKEN,
    );
    assert.deepEqual(namesOf(told, 'permanent'), []);
    assert.equal(namesOf(told, 'accepted').length, 4);
  });

  it('is split when it is too large, and the largest that may pass is told', async () => {
    const tooMany: number[] = [];
    const { told } = await deliver(
      named(64, []),
      (names) => (names.length > 20 ? { kind: 'retryable', reason: 'busy', suspect: 'size' } : TAKEN),
      { onTooMany: (count) => tooMany.push(count) },
    );
    assert.equal(namesOf(told, 'accepted').length, 64);
    assert.equal(Math.min(...tooMany), 32);
  });

  it('says once that it is stuck, so that others need not wait for it', async () => {
    let stuck = 0;
    await deliver(named(4, []), (_names, request) => (request < 30 ? overLimit : TAKEN), {
      onStuck: () => void stuck++,
    });
    assert.equal(stuck, 1);
  });
});

const isBad = (name: string): boolean => name.startsWith('bad');

function named(count: number, bad: readonly number[]): string[] {
  return Array.from({ length: count }, (_, index) => `${bad.includes(index) ? 'bad' : 'good'}${index}`);
}

function refusal(names: readonly string[]): Outcome {
  return { kind: 'permanent', reason: names.join(' ') };
}

function refuseBad(names: readonly string[]): Outcome {
  return names.some(isBad) ? refusal(names) : TAKEN;
}

type Told = readonly (readonly [readonly string[], FinalOutcome])[];

function namesOf(told: Told, kind: FinalOutcome['kind']): string[] {
  return told.flatMap(([names, outcome]) => (outcome.kind === kind ? names : []));
}

interface Given extends RetryOptions {
  /** Answers a request without spans. @param sent how many requests with spans came before it. */
  readonly probe?: (sent: number) => Outcome;
  readonly onTooMany?: (count: number) => void;
  readonly onStuck?: () => void;
}

/** Delivers spans of these names with pauses that take no time. */
async function deliver(
  names: readonly string[],
  decide: (names: readonly string[], request: number) => Outcome,
  { probe, onTooMany, onStuck, ...options }: Given = {},
) {
  const sink = new PromptSink(decide);
  const watched: Sink = {
    send: (spans) => sink.send(spans as ReadableSpan[]),
    ...(probe === undefined ? {} : { probe: async () => probe(sink.batches.length) }),
    close: async () => {},
  };
  const log = new RememberingLog();
  const health = new BackendHealth(log);
  const pauses: number[] = [];
  const told: [readonly string[], FinalOutcome][] = [];
  const sleep = async (ms: number) => void pauses.push(ms);
  let now = 0;
  await new Retrier(watched, health, { ...options, sleep }, () => (now += 10_000)).deliver(
    names.map((name) => ({ span: span(name) })),
    {
      onFinal: (entries, outcome) => void told.push([entries.map((entry) => entry.span.name), outcome]),
      ...(onTooMany === undefined ? {} : { onTooMany }),
      ...(onStuck === undefined ? {} : { onStuck }),
    },
    new AbortController().signal,
  );
  return { sink, health, log, pauses, told };
}
