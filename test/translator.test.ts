import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { heldBound } from '../src/assembler.js';
import { decode } from '../src/codec/envelope.js';
import { pointKey, type TraceEvent } from '../src/trace-point.js';
import { type Translated, Translator, type TranslatorOptions } from '../src/translator.js';
import { captureNames, readCapture } from './support/captures.js';
import { property, start, stop } from './support/notifications.js';

describe('translating', () => {
  it('holds a start until its stop comes, and makes one span of both', () => {
    const translator = new Translator<number>();
    assert.deepEqual(translator.add(start(), 1), []);
    assert.equal(translator.openPoints, 1);
    const [made, ...more] = translator.add(stop(), 2);
    assert.ok(made?.kind === 'span');
    assert.deepEqual(
      [keyOf(made), made.incomplete, made.tokens, more],
      [pointKey(start()), false, [1, 2], []],
    );
    assert.equal(made.span.name, 'work');
    assert.equal(translator.openPoints, 0);
  });

  it('needs no token and no clock', () => {
    const translator = new Translator();
    translator.add(start(), undefined);
    assert.equal(translator.add(stop(), undefined)[0]?.kind, 'span');
  });

  it('gives back the token of a half that came twice', () => {
    const translator = new Translator<number>();
    translator.add(start(), 1);
    assert.deepEqual(translator.add(start(), 2), [{ kind: 'duplicate', tokens: [1] }]);
  });

  it('lets what is over a bound leave at once, incomplete', () => {
    const translator = new Translator<number>({ maxOpenPoints: 1 });
    translator.add(start({ traceId: 'a' }), 1);
    const [made, ...more] = translator.add(start({ traceId: 'b' }), 2);
    assert.ok(made?.kind === 'span' && made.incomplete);
    assert.deepEqual([made.tokens, more], [[1], []]);
    assert.equal(made.span.attributes['osprofiler.incomplete'], 'stop missing');
  });

  it('lets what waited too long leave when asked, and the rest at the end', () => {
    const translator = new Translator<number>({ pairTimeoutMs: 100 });
    translator.add(start({ traceId: 'a' }), 1, 10, 0);
    translator.add(stop({ traceId: 'b' }), 2, 20, 50);
    assert.equal(translator.openBytes, 30);
    assert.deepEqual(tokensOf(translator.overdue(99)), []);
    assert.deepEqual(tokensOf(translator.overdue(100)), [[1]]);
    assert.deepEqual(tokensOf(translator.flush()), [[2]]);
  });

  it('shows the spans of open points, oldest first, without closing them', () => {
    const translator = new Translator<number>();
    translator.add(start({ traceId: 'a', name: 'first' }), 1);
    translator.add(stop({ traceId: 'b' }), 2);
    translator.add(start({ traceId: 'c', name: 'second' }), 3);
    const names = (isWanted: (event: TraceEvent) => boolean) =>
      Array.from(translator.openSpans(isWanted), ({ name }) => name);
    assert.deepEqual(
      names(() => true),
      ['first', 'second'],
    );
    assert.deepEqual(
      names(({ traceId }) => traceId === 'c'),
      ['second'],
    );
    const [made] = translator.add(stop({ traceId: 'a' }), 4);
    assert.ok(made?.kind === 'span' && !made.incomplete);
    assert.deepEqual(
      names(() => true),
      ['second'],
    );
  });

  it('forgets void halves', () => {
    const translator = new Translator<number>();
    translator.add(start(), 1);
    assert.equal(
      translator.forget((token) => token === 1),
      1,
    );
    assert.deepEqual(translator.add(stop(), 2), []);
  });

  it('keeps all of a trace or nothing when it samples', () => {
    const translator = new Translator<number>({ sampleRatio: 0.5 });
    const fates = new Set<string>();
    for (const trace of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const kinds = [
        ...translator.add(start({ baseId: trace }), 1),
        ...translator.add(stop({ baseId: trace }), 2),
      ].map(({ kind }) => kind);
      fates.add(kinds.join());
    }
    assert.deepEqual(fates, new Set(['span', 'dropped,dropped']));
    assert.equal(new Translator({ sampleRatio: 0 }).add(start(), undefined)[0]?.kind, 'dropped');
  });

  it('never holds more tokens than it says, and gives each back once', () => {
    const half = fc.record({ point: fc.nat(9), parent: fc.nat(9), trace: fc.nat(3), isStart: fc.boolean() });
    const options = fc.record({
      maxOpenPoints: fc.integer({ min: 1, max: 8 }),
      rootSpan: fc.boolean(),
      drop: fc.subarray(['work', 'db']),
      maxSpansPerTrace: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(half, { maxLength: 60 }), options, (halves, limits) => {
        const translator = new Translator<number>({ ...limits, traceQuietMs: 5 });
        const bound = heldBound(limits);
        const back: number[] = [];
        for (const [token, { point, parent, trace, isStart }] of halves.entries()) {
          const ids = { baseId: `b${trace}`, traceId: `t${point}`, parentId: `t${parent}` };
          const notification = isStart ? start(ids) : stop(ids);
          back.push(...translator.add(notification, token, 1, token).flatMap(({ tokens }) => tokens));
          back.push(...tokensOf(translator.overdue(token)).flat());
          const held = translator.openPoints + translator.heldTokens;
          assert.equal(back.length + held, token + 1);
          assert.ok(held <= bound, `${held} held, ${bound} promised`);
        }
        back.push(...tokensOf(translator.flush()).flat());
        assert.deepEqual(
          back.sort((a, b) => a - b),
          [...halves.keys()],
        );
      }),
      property(500),
    );
  });
});

describe('translating recorded notifications', () => {
  for (const name of captureNames()) {
    it(`of ${name} makes a span of every pair, in whatever order they come`, () => {
      const notifications = recorded(name);
      const forwards = spansOf(notifications);
      const backwards = spansOf(notifications.toReversed());
      assert.ok(forwards.size > 0);
      assert.deepEqual([...forwards.keys()].sort(), [...backwards.keys()].sort());
      const halves = halvesByPoint(notifications);
      assert.equal(forwards.size, halves.size);
      for (const [key, made] of forwards) {
        const kinds = halves.get(key)!;
        // A point that was reported more than once makes another, incomplete span here: the bridge above knows better.
        if (kinds.length > new Set(kinds).size) continue;
        assert.equal(made.incomplete, kinds.length === 1);
        assert.equal(asText(made), asText(backwards.get(key)!));
      }
    });
  }
});

function halvesByPoint(notifications: readonly TraceEvent[]): Map<string, string[]> {
  const halves = new Map<string, string[]>();
  for (const notification of notifications) {
    const key = pointKey(notification);
    halves.set(key, [...(halves.get(key) ?? []), notification.phase]);
  }
  return halves;
}

type Made = Extract<Translated<number>, { kind: 'span' }>;

function recorded(name: string): TraceEvent[] {
  return readCapture(name).flatMap(({ body, properties }) => {
    const decoded = decode(body, properties);
    return decoded.kind === 'event' ? [decoded.event] : [];
  });
}

function spansOf(notifications: readonly TraceEvent[], options: TranslatorOptions = {}): Map<string, Made> {
  const translator = new Translator<number>(options);
  const made = notifications.flatMap((notification, index) => translator.add(notification, index));
  const all = [...made, ...translator.flush()].filter((one): one is Made => one.kind === 'span');
  return new Map(all.map((one) => [keyOf(one), one]));
}

function keyOf({ point: { baseId, traceId } }: Made): string {
  assert.ok(typeof traceId !== 'symbol');
  return pointKey({ baseId, traceId });
}

function asText({ span }: Made): string {
  return JSON.stringify({ ...span, context: span.spanContext(), resource: span.resource.attributes });
}

function tokensOf(all: Iterable<Translated<number>>): (readonly number[])[] {
  return Array.from(all, ({ tokens }) => tokens);
}
