/** Trace points are shown while they are open. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Hono } from 'hono';
import { newCounts } from '../../../src/counts.js';
import { BackendHealth } from '../../../src/export/health.js';
import { toTraceId } from '../../../src/mapping/ids.js';
import { CurrentTraces } from '../../../src/trace-view/page/current-traces.js';
import { PageFeed } from '../../../src/trace-view/page/feed.js';
import { leftOutBy } from '../../../src/trace-view/page/left-out.js';
import { createPage } from '../../../src/trace-view/page/page.js';
import { Translator } from '../../../src/translator.js';
import { start, stop } from '../../support/notifications.js';
import { RememberingLog } from '../../support/receiving.js';
import { baseIdOf, spanIdOf } from './traces.js';

const BASE = baseIdOf(0xb007);
const TRACE = toTraceId(BASE);
const pointIdOf = (id: number) => `00000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`;
const idOf = (id: number) => `8000${spanIdOf(id).slice(4)}`;
const BEGIN_MICROS = 1_795_332_579_000_000;

describe('what settings leave out', () => {
  it('is said on the page', async () => {
    assert.deepEqual(leftOutBy({}), []);
    const leftOut = leftOutBy({ sampleRatio: 0.05, keepErrors: true, drop: ['db'] });
    assert.equal(leftOut.length, 3);
    const page = createPage({ feed: new PageFeed({ backend: 'nowhere', leftOut }) });
    const text = await (await page.request('/')).text();
    assert.match(text, /5 % of traces are sampled; the others appear neither here nor in the backend\./);
    assert.match(text, /--keep decides when a trace is complete/);
    assert.match(text, /Spans that a setting drops are not shown/);
  });
});

describe('open trace points', () => {
  let translator: Translator<undefined>;
  let feed: PageFeed;
  let page: Hono;
  let seconds: number;

  beforeEach(() => {
    translator = new Translator();
    seconds = 12;
    feed = new PageFeed({ backend: 'nowhere' });
    watch(feed);
    page = createPage({ feed, now: () => BEGIN_MICROS / 1000 + seconds * 1000 });
  });

  function watch(of: PageFeed): void {
    const openSpans: Translator['openSpans'] = (isWanted) => translator.openSpans(isWanted);
    of.start({
      bridge: {
        ...{ counts: newCounts(), unacknowledged: 0, openSpans: (wanted = () => true) => openSpans(wanted) },
        health: new BackendHealth(new RememberingLog()),
      },
      receivers: [],
    });
    of.stop();
  }

  /** A point that begins some seconds after the first. */
  function open(id: number, parent: number | undefined, name: string, at = 0): void {
    const parentId = parent === undefined ? BASE : pointIdOf(parent);
    const timestamp = BEGIN_MICROS + at * 1_000_000;
    translator.add(start({ baseId: BASE, traceId: pointIdOf(id), parentId, name, timestamp }), undefined);
  }

  function close(id: number, parent: number | undefined, name: string, at: number): void {
    const parentId = parent === undefined ? BASE : pointIdOf(parent);
    const timestamp = BEGIN_MICROS + at * 1_000_000;
    const event = stop({ baseId: BASE, traceId: pointIdOf(id), parentId, name, timestamp });
    for (const made of translator.add(event, undefined))
      if (made.kind === 'span')
        feed.observe({ spans: [made.span], outcome: { kind: 'accepted' }, durationMs: 1 });
  }

  async function get(path: string): Promise<string> {
    return (await page.request(path)).text();
  }

  it('make a trace that is found by its UUID at once, marked as in progress, with its age', async () => {
    open(1, undefined, 'boot');
    const list = await get('/');
    assert.match(list, new RegExp(`id="t-${TRACE}"`));
    assert.match(list, /<span class="badge open">in progress<\/span>/);
    assert.match(list, /12\.0 s/);
    const response = await page.request(`/?q=${BASE}`);
    assert.equal(response.headers.get('location'), `/traces/${TRACE}`);
  });

  it('are bars of the waterfall that reach to now, below which finished spans have their place', async () => {
    open(1, undefined, 'boot');
    open(2, 1, 'schedule', 1);
    open(3, 2, 'claim', 2);
    close(3, 2, 'claim', 4);
    const text = await get(`/traces/${TRACE}`);
    assert.doesNotMatch(text, /parent missing/);
    assert.match(text, new RegExp(`id="s-${idOf(1)}"[\\s\\S]*12\\.0 s[\\s\\S]*class="s\\d+ open"`));
    assert.match(text, /<b>12\.0 s<\/b>/);
    assert.match(text, new RegExp(`spans/${idOf(3)}`));
    assert.match(text, /data-refresh/);
    assert.match(text, /<noscript><meta http-equiv="refresh" content="5">/);
  });

  it('become spans as they end, and the page stands still when all have', async () => {
    open(1, undefined, 'boot');
    seconds = 5;
    close(1, undefined, 'boot', 3);
    const text = await get(`/traces/${TRACE}`);
    assert.match(text, /<b>3\.00 s<\/b>/);
    assert.doesNotMatch(text, /data-refresh|in progress|http-equiv/);
    assert.doesNotMatch(await get('/'), /In progress/);
  });

  it('are listed by how long they have been running, with where they are now', async () => {
    open(1, undefined, 'boot');
    open(2, 1, 'build_instance', 1);
    open(3, 2, 'plug_vifs', 3);
    open(9, undefined, 'later', 5);
    const text = await get('/');
    assert.match(text, /4 open trace points; the longest running operations first/);
    const rows = [...text.matchAll(/<td class="what"><a [^>]*#s-[^>]*><strong>(\w+)/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual(rows, ['boot', 'later']);
    assert.match(text, /› build_instance\s*› plug_vifs/);
  });

  it('have their attributes shown, without the mark of an incomplete span', async () => {
    open(1, undefined, 'boot');
    const text = await get(`/traces/${TRACE}/spans/${idOf(1)}?part=1`);
    assert.match(text, /osprofiler\.trace_id/);
    assert.doesNotMatch(text, /stop missing/);
  });

  it('of a recording are not in progress: its times are past', () => {
    open(1, undefined, 'boot');
    const recorded = new PageFeed({ backend: 'nowhere', isLive: false });
    watch(recorded);
    assert.deepEqual(new CurrentTraces(recorded, Date.now()).latest(), []);
  });

  it('are read up to a bound', () => {
    for (let id = 1; id <= 3_000; id++) open(id, undefined, 'boot');
    const traces = new CurrentTraces(feed, BEGIN_MICROS / 1000);
    assert.equal(traces.running(10).openPoints, 1_000);
    assert.equal(traces.find(TRACE)?.summary.spans, 1_000);
  });
});
