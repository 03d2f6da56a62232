import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PyObject } from '../../src/python-json/parse.js';
import { type Translated, Translator } from '../../src/translator.js';
import { Bench, changesOf, type Half, HTTP, idOf, SQL } from '../support/bench.js';
import { property, start, stop } from '../support/notifications.js';
import { otlpJson } from '../support/translating.js';

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
        const keys = bench.left.flatMap((one) =>
          one.kind === 'span' ? [`${String(one.point.baseId)} ${String(one.point.traceId)}`] : [],
        );
        assert.equal(new Set(keys).size, keys.length);
      }),
      property(500),
    );
  });

  const rooted = fc.uniqueArray(fc.tuple(half, fc.boolean()), {
    maxLength: 12,
    selector: ([{ point, trace }]) => `${point} ${trace}`,
  });
  /** Each of the points, a root of its trace or below another. */
  const play = (bench: Bench, points: readonly [Half, id: string][]) => {
    for (const [changes, id] of points) bench.point(id, changes);
    return bench;
  };
  const pointsOf = (
    generated: readonly [{ point: number; trace: number; parent: number; at: number }, boolean][],
  ) =>
    generated.map(([{ point, trace, parent, at }, isRoot]): [Half, string] => {
      const base = `b${trace}`;
      return [{ trace: base, at, ...(isRoot ? {} : { parent: `${trace}/${parent}` }) }, `${trace}/${point}`];
    });
  /** The root spans as they are sent, by their trace. */
  const rootsOf = ({ left }: Bench) =>
    new Map(
      left.flatMap((one) =>
        one.kind === 'span' && idOf(one.span) === 'root'
          ? [[String(one.span.attributes['osprofiler.base_id']), otlpJson([one.span])]]
          : [],
      ),
    );

  it('a trace has a root span when something hangs on it, and no other has', () => {
    const rules = fc.record({ drop: fc.subarray(['work']), traceQuietMs: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(rooted, rules, (generated, options) => {
        const bench = new Bench({ ...options, rootSpan: true });
        for (const [index, one] of pointsOf(generated).entries()) play(bench, [one]).overdue(index * 7);
        bench.flush();
        const hanging = bench.left.flatMap((one) => {
          if (one.kind !== 'span' || idOf(one.span) === 'root') return [];
          const { 'osprofiler.base_id': base, 'osprofiler.parent_id': parent } = one.span.attributes;
          return base === parent ? [String(base)] : [];
        });
        assert.deepEqual([...rootsOf(bench).keys()].sort(), [...new Set(hanging)].sort());
      }),
      property(500),
    );
  });

  it('a root span is the very same when a bridge that died is given again what had not left', () => {
    fc.assert(
      fc.property(rooted, (generated) => {
        const points = pointsOf(generated);
        const bench = play(new Bench({ rootSpan: true }), points);
        const left = new Set(bench.spans);
        const again = play(
          new Bench({ rootSpan: true }),
          points.filter(([, id]) => !left.has(id)),
        );
        assert.deepEqual(rootsOf(again.flush()), rootsOf(bench.flush()));
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
