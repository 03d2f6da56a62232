import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Translated, Translator } from '../../src/translate/translator.js';
import type { PyObject } from '../../src/wire/python-json.js';
import { Bench, changesOf, HTTP, idOf, SQL } from '../support/bench.js';
import { property, start, stop } from '../support/notifications.js';

describe('any rules, in any order', () => {
  const half = fc.record({
    point: fc.nat(7),
    parent: fc.nat(7),
    trace: fc.nat(2),
    isStart: fc.boolean(),
    name: fc.constantFrom('work', 'noise'),
    info: fc.constantFrom<PyObject>(SQL, HTTP, {}, { etype: 'E' }),
    at: fc.nat(20_000),
    pause: fc.constantFrom(0, 0, 1, 30),
    loses: fc.integer({ min: 0, max: 30 }),
  });
  const options = fc.record(
    {
      drop: fc.subarray(['noise', 'db', 'http-server']),
      dropSqlShorterThanMs: fc.constantFrom(1, 10),
      maxSpansPerTrace: fc.nat(3),
      rootSpan: fc.boolean(),
      maxOpenPoints: fc.integer({ min: 1, max: 8 }),
      pairTimeoutMs: fc.integer({ min: 1, max: 60 }),
      traceQuietMs: fc.integer({ min: 1, max: 40 }),
      sampleRatio: fc.constantFrom(0, 0.5, 1),
      keepErrors: fc.boolean(),
      keepSlowerThanMs: fc.constantFrom(1, 10),
      keepRatio: fc.constantFrom(0, 0.5, 1),
      keepDeadlineMs: fc.integer({ min: 1, max: 60 }),
      keepMaxPoints: fc.integer({ min: 1, max: 8 }),
      keepMaxBytes: fc.integer({ min: 1, max: 20 }),
    },
    { requiredKeys: [] },
  );

  it('every token comes out once, except those that were forgotten', () => {
    fc.assert(
      fc.property(fc.array(half, { maxLength: 60 }), options, (halves, rules) => {
        const translator = new Translator<number>(rules);
        const back: number[] = [];
        let lostBelow = 0;
        let forgotten = 0;
        let now = 0;
        const take = (left: Iterable<Translated<number>>) => {
          for (const { tokens } of left) back.push(...tokens);
        };
        for (const [token, { pause, loses, isStart, ...rest }] of halves.entries()) {
          now += pause;
          const changes = {
            ...changesOf(`t${rest.point}`, { ...rest, parent: `t${rest.parent}`, trace: `b${rest.trace}` }),
          };
          take(translator.add(isStart ? start(changes) : stop(changes), token, 1, now));
          take(translator.overdue(now));
          if (loses === 0) {
            lostBelow = token;
            forgotten += translator.forget((held) => held < lostBelow);
          }
          assert.equal(back.length + forgotten + translator.openPoints + translator.heldTokens, token + 1);
        }
        take(translator.flush());
        assert.equal(new Set(back).size, back.length, 'none twice');
        assert.equal(back.length + forgotten, halves.length, 'none lost');
        assert.equal(translator.heldTokens + translator.openPoints, 0);
      }),
      property(1_500),
    );
  });

  it('a trace never gets two root spans, nor a point two spans', () => {
    const whole = fc.uniqueArray(half, {
      maxLength: 12,
      selector: ({ point, trace }) => `${point} ${trace}`,
    });
    fc.assert(
      fc.property(whole, options, fc.boolean(), (points, rules, comesTwice) => {
        const bench = new Bench({ ...rules, rootSpan: true, maxOpenPoints: 100 });
        const play = () => {
          for (const { point, parent, trace, at, name, info } of points) {
            bench.point(`${trace}/${point}`, {
              parent: `${trace}/${parent}`,
              trace: `b${trace}`,
              at,
              name,
              info,
            });
          }
        };
        play();
        // What still waits is recognised when it comes again; what has left is for the bridge to know.
        if (comesTwice && bench.left.length === 0) play();
        bench.flush();
        const keys = bench.left.flatMap((one) => (one.kind === 'span' ? [one.key] : []));
        assert.equal(new Set(keys).size, keys.length);
      }),
      property(500),
    );
  });

  it('no kept span is the child of a dropped point', () => {
    const whole = fc.uniqueArray(half, { maxLength: 12, selector: ({ point }) => point });
    const rules = fc.record({ drop: fc.subarray(['noise', 'http-server']), rootSpan: fc.boolean() });
    fc.assert(
      fc.property(whole, rules, (points, dropping) => {
        const bench = new Bench(dropping);
        for (const { point, parent, at, name, info } of points) {
          // Nothing begins below a statement that has ended.
          bench.point(`t${point}`, { parent: `t${parent}`, at, name, info: info === SQL ? HTTP : info });
        }
        bench.flush();
        const droppedIds = new Set(
          Object.values(bench.dropped)
            .flat()
            .map((token) => token.slice(1)),
        );
        for (const one of bench.left) {
          if (one.kind !== 'span') continue;
          const parent = String(one.span.attributes['osprofiler.parent_id']);
          assert.ok(!droppedIds.has(parent), `${idOf(one.span)} hangs below ${parent}`);
        }
      }),
      property(500),
    );
  });
});
