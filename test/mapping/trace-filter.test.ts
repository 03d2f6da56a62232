import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bench, HTTP, SQL } from '../support/bench.js';
import { BASE_ID, MOMENT } from '../support/notifications.js';
import { otlpJson } from '../support/translating.js';

describe('dropping by name', () => {
  it('makes no span of points with that name, and settles their halves', () => {
    const bench = new Bench({ drop: ['noise'] }).point('a', { name: 'noise' }).point('b').flush();
    assert.deepEqual(bench.spans, ['b']);
    assert.deepEqual(bench.dropped, { dropped: ['+a', '-a'] });
  });

  it('takes a family for all names that it has: db means neutron.db too', () => {
    const bench = new Bench({ drop: ['db'] })
      .point('a', { name: 'neutron.db', info: SQL })
      .point('b', { name: 'db', info: SQL })
      .point('c', { name: 'wsgi', info: HTTP })
      .flush();
    assert.deepEqual(bench.spans, ['c']);
    assert.deepEqual(new Bench({ drop: ['neutron.db'] }).point('b', { name: 'db', info: SQL }).spans, ['b']);
    assert.deepEqual(new Bench({ drop: ['http-server'] }).point('c', { info: HTTP }).flush().spans, []);
    assert.deepEqual(new Bench({ drop: ['other'] }).point('c').flush().spans, []);
  });

  it('gives SQL up at once, since nothing begins below a statement that has ended', () => {
    const bench = new Bench({ drop: ['db'] }).point('a', { name: 'db', info: SQL });
    assert.deepEqual(bench.dropped, { dropped: ['+a', '-a'] });
    assert.equal(bench.translator.heldTokens, 0);
  });

  it('keeps a point with a child that began before its end', () => {
    const bench = new Bench({ drop: ['noise'] })
      .begin('a', { name: 'noise' })
      .point('b', { parent: 'a' })
      .end('a', { name: 'noise' });
    assert.deepEqual(bench.spans, ['b', 'a']);
  });

  it('keeps a point with a child that began after its end, which it waits for', () => {
    const bench = new Bench({ drop: ['noise'] }).point('a', { name: 'noise' });
    assert.deepEqual([bench.left, bench.translator.heldTokens], [[], 2]);
    bench.point('b', { parent: 'a', at: 9_000 }).overdue(30_000);
    assert.deepEqual(bench.spans, ['b', 'a']);
    assert.equal(bench.translator.heldTokens, 0);
  });

  it('keeps a chain of such points down to the child that stays, and drops a chain without one', () => {
    const bench = new Bench({ drop: ['noise'] });
    for (const [id, parent] of Object.entries({ a: BASE_ID, b: 'a', c: 'b', x: BASE_ID, y: 'x' })) {
      bench.point(id, { name: 'noise', parent });
    }
    bench.point('leaf', { parent: 'c' }).flush();
    assert.deepEqual(bench.spans.sort(), ['a', 'b', 'c', 'leaf']);
    assert.deepEqual(bench.dropped, { dropped: ['+x', '-x', '+y', '-y'] });
  });

  it('keeps a chain that is closed from the inside', () => {
    const bench = new Bench({ drop: ['noise'] });
    bench.begin('a', { name: 'noise' }).begin('b', { name: 'noise', parent: 'a' });
    bench.point('leaf', { parent: 'b' });
    bench.end('b', { name: 'noise', parent: 'a' }).end('a', { name: 'noise' });
    assert.deepEqual(bench.spans, ['leaf', 'b', 'a']);
  });

  it('still knows the kept child of a point that ends long after the trace fell silent', () => {
    const bench = new Bench({ drop: ['noise'] });
    bench.begin('a', { name: 'noise' }).begin('b', { name: 'noise', parent: 'a' });
    bench.point('leaf', { parent: 'b' }).overdue(40_000);
    bench.end('b', { name: 'noise', parent: 'a', now: 50_000 }).overdue(90_000);
    bench.end('a', { name: 'noise', now: 100_000 }).flush();
    assert.deepEqual(bench.spans, ['leaf', 'b', 'a']);
    assert.deepEqual(bench.dropped, {});
  });

  it('leaves points of other traces alone, whatever they call their parent', () => {
    const bench = new Bench({ drop: ['noise'] }).point('a', { name: 'noise' });
    bench.point('b', { parent: 'a', trace: 'another' }).flush();
    assert.deepEqual(bench.spans, ['b']);
  });
});

describe('dropping short SQL', () => {
  const options = { dropSqlShorterThanMs: 5 };

  it('drops what took less, and nothing else', () => {
    const bench = new Bench(options)
      .point('quick', { info: SQL }, 4_999)
      .point('slow', { info: SQL }, 5_000)
      .point('no-sql', {}, 10);
    assert.deepEqual(bench.spans, ['slow', 'no-sql']);
    assert.deepEqual(bench.dropped, { 'short-sql': ['+quick', '-quick'] });
  });

  it('keeps what failed, however quickly, and what lacks a half', () => {
    const bench = new Bench(options).begin('failed', { info: SQL });
    bench.end('failed', { at: 10, info: { etype: 'E', message: 'm' } });
    bench.begin('lost', { info: SQL }).flush();
    assert.deepEqual(bench.spans, ['failed', 'lost']);
  });

  it('keeps a statement with something below it', () => {
    const bench = new Bench(options).begin('a', { info: SQL }).point('b', { parent: 'a' }).end('a');
    assert.deepEqual(bench.spans, ['b', 'a']);
  });
});

describe('the cap of spans a trace', () => {
  it('drops the leaves beyond it, and keeps the parents of what was kept', () => {
    const bench = new Bench({ maxSpansPerTrace: 2 }).begin('root').begin('inner', { parent: 'root' });
    for (const id of ['a', 'b', 'c', 'd']) bench.point(id, { parent: 'inner', info: SQL });
    bench.end('inner', { parent: 'root' }).end('root').flush();
    assert.deepEqual(bench.spans, ['a', 'b', 'inner', 'root']);
    assert.deepEqual(bench.dropped, { 'trace-cap': ['+c', '-c', '+d', '-d'] });
  });

  it('counts each trace for itself', () => {
    const bench = new Bench({ maxSpansPerTrace: 1 });
    for (const trace of ['x', 'y']) for (const id of ['a', 'b']) bench.point(`${trace}${id}`, { trace });
    assert.deepEqual(bench.flush().spans, ['xa', 'ya']);
  });
});

describe('the root span', () => {
  const options = { rootSpan: true };

  it('gathers the roots, from where the first begins to where the last ends', () => {
    const bench = new Bench(options)
      .point('late', { at: 5_000 }, 1_000)
      .point('early', { at: 0 }, 9_000)
      .point('middle', { at: 2_000 }, 100)
      .flush();
    const { root } = bench;
    assert.ok(root !== undefined);
    assert.deepEqual(root.startTime, [Math.floor(MOMENT / 1e6), (MOMENT % 1e6) * 1_000]);
    assert.deepEqual(root.duration, [0, 9_000_000]);
    for (const made of bench.left) {
      if (made.kind !== 'span' || made.span === root) continue;
      assert.deepEqual(made.span.parentSpanContext, root.spanContext());
    }
  });

  it('holds the point that began first and the one that ended last until the trace is quiet', () => {
    const bench = new Bench({ ...options, traceQuietMs: 100 });
    bench
      .point('first', { at: 0 }, 10)
      .point('middle', { at: 20 }, 10)
      .point('last', { at: 40, now: 50 }, 10);
    assert.deepEqual([bench.spans, bench.translator.heldTokens], [['middle'], 4]);
    bench.overdue(149);
    assert.equal(bench.translator.heldTokens, 4);
    bench.overdue(150);
    assert.deepEqual(bench.spans, ['middle', 'root', 'first', 'last']);
    assert.deepEqual(bench.tokens, ['+first', '+last', '+middle', '-first', '-last', '-middle']);
    assert.equal(bench.translator.heldTokens, 0);
  });

  it('is one span with no tokens of its own', () => {
    const bench = new Bench(options).point('a').flush();
    assert.deepEqual(
      bench.left.map(({ tokens }) => tokens),
      [[], ['+a', '-a']],
    );
  });

  it('is made once, also for a trace that wakes up again', () => {
    const bench = new Bench({ ...options, traceQuietMs: 100 }).point('a').overdue(100);
    bench.point('b', { now: 200 }).overdue(1_000).point('c', { now: 2_000 }).flush();
    assert.deepEqual(bench.spans, ['root', 'a', 'b', 'c']);
  });

  it('is not made for a trace that a program began, below whose span everything hangs', () => {
    const bench = new Bench({ ...options, traceQuietMs: 100 });
    bench
      .point('a', { parent: 'span' })
      .point('b', { parent: 'a' })
      .point('c', { parent: 'span', at: 9_000 });
    assert.equal(bench.translator.heldTokens, 4);
    bench.overdue(100);
    assert.deepEqual(bench.spans, ['b', 'a', 'c']);
    assert.equal(bench.translator.heldTokens, 0);
    assert.deepEqual(bench.point('d', { parent: 'c', now: 200 }).flush().spans, ['b', 'a', 'c', 'd']);
  });

  it('is made when something comes that hangs on it, be the trace over before that', () => {
    const bench = new Bench({ ...options, traceQuietMs: 100 }).begin('a', { at: 0 });
    bench.point('b', { parent: 'a', at: 1_000 }).overdue(100);
    assert.deepEqual(bench.spans, ['b']);
    bench.end('a', { at: 9_000, now: 200 }).overdue(300);
    assert.deepEqual(bench.spans, ['b', 'root', 'a']);
    assert.deepEqual(bench.root?.duration, [0, 9_000_000]);
  });

  it('holds one that hangs on it as well, and is the very same made of those that were held', () => {
    const play = (bench: Bench) =>
      bench.point('first', { parent: 'span', at: 0 }, 10).point('last', { parent: 'span', at: 90 }, 10);
    const bench = play(new Bench(options).point('second', { at: 40 }, 10).point('hanging', { at: 20 }, 10));
    assert.deepEqual([bench.spans, bench.translator.heldTokens], [['second'], 6]);
    bench.flush();
    assert.deepEqual(bench.spans, ['second', 'root', 'first', 'last', 'hanging']);
    const again = play(new Bench(options)).point('hanging', { at: 20 }, 10).flush();
    assert.equal(otlpJson([again.root!]), otlpJson([bench.root!]));
  });

  it('is not made for a trace of which nothing stays', () => {
    assert.deepEqual(new Bench({ ...options, drop: ['work'] }).point('a').flush().spans, []);
  });

  it('lasts for a parent that stays only for its child as well', () => {
    const bench = new Bench({ ...options, drop: ['noise'] })
      .point('a', { name: 'noise', at: 0 }, 100)
      .point('b', { parent: 'a', at: 500 }, 100)
      .flush();
    assert.deepEqual(bench.root?.duration, [0, 600_000]);
  });

  it('leaves together with such a parent, or a bridge killed between the two would make another', () => {
    const bench = new Bench({ ...options, drop: ['noise'] });
    bench.point('a', { name: 'noise', at: 0 }, 100).point('b', { parent: 'a', at: 500 }, 100).flush();
    assert.deepEqual(bench.spans, ['root', 'a', 'b']);
  });

  it('does not hold the same half twice: the newer token takes the place of the older one', () => {
    const bench = new Bench(options).point('a').begin('a', {}, '+again').end('a', {}, '-again').flush();
    assert.deepEqual(bench.spans, ['root', 'a']);
    const duplicates = bench.left.filter(({ kind }) => kind === 'duplicate');
    assert.deepEqual(
      duplicates.map(({ tokens }) => tokens),
      [['+a'], ['-a']],
    );
    assert.deepEqual(bench.left.at(-1)?.tokens, ['+again', '-again']);
  });

  it('gives back a half that a waiting point was given up on', () => {
    const bench = new Bench({ ...options, pairTimeoutMs: 10 }).begin('a').overdue(10);
    assert.equal(bench.translator.heldTokens, 1);
    bench.end('a', { now: 11 });
    assert.deepEqual(bench.left, [{ kind: 'duplicate', tokens: ['-a'] }]);
    assert.deepEqual(bench.flush().spans, ['root', 'a']);
  });

  it('is the very same after what it waited for was lost and came again', () => {
    const play = (bench: Bench) =>
      bench.point('first', { at: 0 }, 10).point('middle', { at: 20 }, 10).point('last', { at: 40 }, 10);
    const expected = play(new Bench(options)).flush();
    const bench = play(new Bench(options));
    assert.equal(
      bench.translator.forget(() => true),
      4,
    );
    bench.point('last', { at: 40 }, 10).point('first', { at: 0 }, 10).flush();
    assert.equal(otlpJson([bench.root!]), otlpJson([expected.root!]));
    assert.deepEqual(bench.spans.sort(), expected.spans.sort());
  });

  it('is the same when only one of the two was lost and the trace was over before it came again', () => {
    const bench = new Bench(options).point('first', { at: 0 }, 10).point('last', { at: 40 }, 10);
    bench.translator.forget((token) => token.endsWith('first'));
    bench.flush();
    assert.deepEqual(bench.root?.duration, [0, 50_000]);
    assert.deepEqual(bench.spans, ['root', 'last']);
    assert.deepEqual(bench.point('first', { at: 0 }, 10).spans, ['root', 'last', 'first']);
  });

  it('keeps a point of which one half was lost, and takes the half when it comes again', () => {
    const bench = new Bench(options).point('a');
    assert.equal(
      bench.translator.forget((token) => token === '+a'),
      0,
    );
    bench.begin('a', {}, '+again').flush();
    assert.deepEqual(bench.left.at(-1)?.tokens, ['+again', '-a']);
    assert.deepEqual(bench.spans, ['root', 'a']);
  });
});

describe('the bound on what waits', () => {
  it('takes the trace that was quiet longest to be over', () => {
    const bench = new Bench({ rootSpan: true, maxOpenPoints: 4 });
    bench.point('a', { trace: 'x', now: 1 }).point('b', { trace: 'y', now: 2 });
    bench.point('c', { trace: 'x', at: 9_000, now: 3 });
    assert.deepEqual(bench.spans, ['root', 'b']);
    assert.equal(bench.translator.heldTokens, 4);
  });

  it('holds for points that may be dropped, too', () => {
    const bench = new Bench({ drop: ['noise'], maxOpenPoints: 2 });
    bench.point('a', { name: 'noise', trace: 'x' }).point('b', { name: 'noise', trace: 'y' });
    assert.deepEqual(bench.dropped, { dropped: ['+a', '-a'] });
  });
});

describe('no rule', () => {
  it('means that nothing waits', () => {
    const bench = new Bench({}).point('a');
    assert.deepEqual([bench.spans, bench.translator.heldTokens], [['a'], 0]);
  });
});
