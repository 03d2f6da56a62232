import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Hono } from 'hono';
import { recordedBoot } from '../../../src/cli/demo/recorded-boot.js';
import { newCounts } from '../../../src/counts.js';
import { BackendHealth } from '../../../src/export/health.js';
import { readRequest } from '../../../src/trace-view/otlp.js';
import { writeRequest } from '../../../src/trace-view/otlp-write.js';
import { PageFeed } from '../../../src/trace-view/page/feed.js';
import { createPage } from '../../../src/trace-view/page/page.js';
import { RememberingLog } from '../../support/receiving.js';
import { secretsIn } from '../../support/secrets.js';
import { baseIdOf, bootFeed, type Sketch, spanIdOf, taken, traceIdOf } from './traces.js';

const BOOT = 'b9297a15d29849599755e986eb9276d5';
const BOOT_UUID = 'b9297a15-d298-4959-9755-e986eb9276d5';

function pageOf(...sketches: readonly Sketch[]): Hono {
  const feed = new PageFeed({ backend: 'http/json to http://collector:4318/v1/traces' });
  if (sketches.length > 0) feed.observe(taken(...sketches));
  return createPage({ feed, uiUrl: 'http://jaeger:16686/trace/{traceId}' });
}

async function get(page: Hono, path: string): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await page.request(path);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe('the page', () => {
  it('allows itself nothing but what it serves, and no style or script inside the document', async () => {
    const page = pageOf({ id: 1 });
    for (const path of ['/', `/traces/${traceIdOf(1)}`, '/assets/page.css', '/traces/0']) {
      const { headers, text } = await get(page, path);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
      assert.match(policy, /frame-ancestors 'none'/, path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      assert.equal(headers.get('referrer-policy'), 'no-referrer', path);
      if (!path.startsWith('/assets/'))
        assert.doesNotMatch(text, /\sstyle="|<style|<script(?! src=)|\son\w+="/, path);
    }
  });

  it('shows what came from elsewhere as text', async () => {
    const evil = '<script>alert(1)</script>"\'&';
    const page = pageOf(
      { id: 1, name: evil, service: evil, attributes: { [evil]: evil } },
      { id: 2, parent: 1, error: evil },
      { id: 3, parent: 1, statement: evil, name: evil },
      { id: 4, parent: 1, statement: evil, name: evil },
      { id: 5, parent: 1, attributes: { 'osprofiler.incomplete': evil } },
    );
    const paths = [
      ...['/', `/traces/${traceIdOf(1)}`, `/traces/${traceIdOf(1)}?sql=1`],
      ...[1, 2, 3].map((id) => `/traces/${traceIdOf(1)}/spans/${spanIdOf(id)}`),
      ...[`/?q=${encodeURIComponent(evil)}`, `/traces/${traceIdOf(1)}?find=${encodeURIComponent(evil)}`],
      `/traces/${traceIdOf(1)}?errors=1`,
    ];
    for (const path of paths) {
      const { text, status } = await get(page, path);
      assert.equal(status, 200, path);
      assert.doesNotMatch(text, /<script>|alert\(1\)<\/script>/, path);
      assert.match(text, /&lt;script&gt;/, path);
    }
  });

  it('says that there is no trace yet, and how to make one', async () => {
    const { status, text } = await get(pageOf(), '/');
    assert.equal(status, 200);
    assert.match(text, /No trace yet.*openstack --os-profile/);
    assert.match(text, /Nothing has been sent to it yet\./);
  });

  it('leads from any form of the UUID, and from the trace id, to the trace', async () => {
    const page = pageOf({ trace: 0xabc, id: 1 });
    const uuid = baseIdOf(0xabc);
    const forms = [uuid, uuid.toUpperCase(), `{${uuid}}`, `urn:uuid:${uuid}`, traceIdOf(0xabc), `  ${uuid} `];
    for (const form of forms) {
      const response = await page.request(`/?q=${encodeURIComponent(form)}`);
      assert.equal(response.status, 303, form);
      assert.equal(response.headers.get('location'), `/traces/${traceIdOf(0xabc)}`, form);
    }
  });

  it('leads to the backend for a trace that is not here', async () => {
    const { text } = await get(pageOf({ id: 1 }), `/?q=${BOOT_UUID}`);
    assert.match(text, new RegExp(`No trace <code>${BOOT}</code> among the 1 trace kept here`));
    assert.match(text, new RegExp(`href="http://jaeger:16686/trace/${BOOT}"`));
  });

  it('filters by words, errors and what is incomplete', async () => {
    const page = pageOf(
      { trace: 1, id: 1, name: 'GET /servers' },
      { trace: 2, id: 1, name: 'POST /ports', error: 'boom' },
      { trace: 3, id: 1, name: 'cast', attributes: { 'osprofiler.incomplete': 'stop missing' } },
    );
    const listed = async (query: string) => {
      const { text } = await get(page, `/?${query}`);
      return [...text.matchAll(/href="\/traces\/0*([0-9a-f])"/g)].map(([, trace]) => trace);
    };
    assert.deepEqual(await listed(''), ['1', '2', '3']);
    assert.deepEqual(await listed('q=SERVERS'), ['1']);
    assert.deepEqual(await listed('errors=1'), ['2']);
    assert.deepEqual(await listed('incomplete=1'), ['3']);
    assert.deepEqual(await listed('q=ports&incomplete=1'), []);
    assert.deepEqual(await listed('q=BOOM'), ['2']);
    assert.deepEqual(await listed('q=post+boom'), ['2']);
    assert.deepEqual(await listed('q=servers+boom'), []);
  });

  it('lists many traces a page at a time, the latest first', async () => {
    const page = pageOf(
      ...Array.from({ length: 120 }, (_, index) => ({ trace: index + 1, id: 1, at: index })),
    );
    const ids = async (query: string) =>
      [...(await get(page, `/?${query}`)).text.matchAll(/id="t-0*([0-9a-f]+)"/g)].map(([, id]) => id);
    assert.deepEqual((await ids('')).slice(0, 2), ['78', '77']);
    assert.equal((await ids('')).length, 50);
    assert.equal((await ids('page=3')).length, 20);
    assert.deepEqual((await ids('page=3')).at(-1), '1');
    assert.match((await get(page, '/?page=2&errors=')).text, /No matching traces \(120 searched\)/);
  });

  it('says so when a trace, a part of it or a span is not here', async () => {
    const page = pageOf({ id: 1 });
    const paths = [
      ...['/traces/unknown', `/traces/${traceIdOf(1)}?under=nobody`, `/traces/${traceIdOf(1)}/rows?under=x`],
      ...[`/traces/${traceIdOf(1)}/spans/0`, '/traces/unknown/rows', '/assets/nothing', '/assets/__proto__'],
    ];
    for (const path of paths) assert.equal((await get(page, path)).status, 404, path);
  });

  it('serves its files so that browsers keep them as long as they are the same', async () => {
    const page = pageOf();
    const [, address] = /href="(\/assets\/page\.css\?v=[0-9a-f]+)"/.exec((await get(page, '/')).text) ?? [];
    const { headers, text } = await get(page, address ?? '');
    assert.match(headers.get('content-type') ?? '', /^text\/css/);
    assert.match(headers.get('cache-control') ?? '', /immutable/);
    assert.match(text, /prefers-color-scheme: dark/);
    assert.equal((await get(page, '/')).headers.get('cache-control'), 'no-store');
  });

  it('says why the backend rejects spans, without credentials', async () => {
    const feed = new PageFeed({ backend: 'http/json' });
    const health = new BackendHealth(new RememberingLog());
    health.refuse({ reason: 'connect http://me:hunter2@collector failed', hint: 'look there' });
    feed.start({
      bridge: { counts: newCounts(), unacknowledged: 0, openSpans: function* () {}, health },
      receivers: [],
    });
    feed.stop();
    const { text } = await get(createPage({ feed }), '/');
    assert.match(text, /Rejecting spans: connect http:\/\/\*\*\*@collector failed; look there\./);
    assert.doesNotMatch(text, /hunter2/);
  });
});

describe('the page of the recorded boot', () => {
  let page: Hono;

  before(async () => {
    page = createPage({ feed: await bootFeed() });
  });

  it('shows it in few enough rows, every span of it reachable', async () => {
    const { text } = await get(page, `/traces/${BOOT}`);
    const rows = text.match(/<tr [^>]*role="row" class="(?:span|group)/g) ?? [];
    assert.ok(rows.length > 100 && rows.length <= 400, `${rows.length} rows`);
    assert.match(text, /<b>1,762<\/b> spans/);
    assert.match(text, /137 × SQL/);
    const folded = [...text.matchAll(/([\d,]+) × (?:SQL|brief|the same)<\/strong>/g)].map(([, n]) =>
      Number(n),
    );
    const waterfall = text.slice(text.indexOf('id="waterfall"'));
    const single = waterfall.match(/href="\/traces\/\w+\/spans\//g) ?? [];
    assert.equal(
      folded.reduce((sum, count) => sum + count, single.length),
      1_762,
    );
  });

  it('says why it was slow: the critical path, the operations, and the queries that are repeated', async () => {
    const { text } = await get(page, `/traces/${BOOT}`);
    assert.match(text, /<h2>Critical path<\/h2><span class="muted">[\d.]+ s that the client waited for/);
    assert.match(text, /<h2>Operations<\/h2>/);
    assert.match(
      text,
      /<h2>Repeated queries<\/h2><span class="muted">\d+, each several times below one span/,
    );
    assert.match(text, /<rect class="path"/);
    assert.match(text, /<th scope="row">SELECT<\/th>[\s\S]{0,300}GET \/v3\/auth\/tokens/);
  });

  it('takes less than half a second of CPU, with every span of it', async () => {
    const begun = process.cpuUsage();
    await get(page, `/traces/${BOOT}?sql=1`);
    const { user, system } = process.cpuUsage(begun);
    assert.ok(user + system < 500_000, `${user + system} µs`);
  });

  it('can be downloaded as OTLP/JSON and as Jaeger JSON, with every span', async () => {
    const otlp = await get(page, `/traces/${BOOT}/otlp.json`);
    assert.match(
      otlp.headers.get('content-disposition') ?? '',
      new RegExp(`attachment; filename="${BOOT}\\.otlp`),
    );
    const read = readRequest(JSON.parse(otlp.text)) ?? [];
    assert.equal(read.length, 1_762);
    const again = readRequest(JSON.parse(JSON.stringify(writeRequest(read))));
    assert.deepEqual(again, read);
    const jaeger = JSON.parse((await get(page, `/traces/${BOOT}/jaeger.json`)).text) as {
      data: [{ traceID: string; spans: { references: unknown[]; processID: string }[]; processes: object }];
    };
    const [{ traceID, spans, processes }] = jaeger.data;
    assert.deepEqual([traceID, spans.length], [BOOT, 1_762]);
    assert.equal(spans.filter(({ references }) => references.length === 0).length, 1);
    assert.ok(spans.every(({ processID }) => Object.hasOwn(processes, processID)));
    assert.equal((await get(page, `/traces/unknown/otlp.json`)).status, 404);
  });

  it('opens a row of SQL in parts', async () => {
    const { text } = await get(page, `/traces/${BOOT}`);
    const [, key] =
      /data-key="([0-9a-f]+\.[0-9a-f]+)"[^>]*aria-expanded="false"[\s\S]{0,900}?137 × SQL/.exec(text) ?? [];
    const part = await get(page, `/traces/${BOOT}/rows?under=${key}&level=5`);
    assert.equal(part.status, 200);
    assert.equal((part.text.match(/data-span=/g) ?? []).length, 137);
    assert.match(part.text, /aria-level="5"/);
  });

  it('shows all that was exported of a span', async () => {
    const { text } = await get(page, `/traces/${BOOT}?errors=1`);
    const [, id] = /data-span="([0-9a-f]{16})"/.exec(text) ?? [];
    const detail = await get(page, `/traces/${BOOT}/spans/${id}?part=1`);
    for (const expected of [
      'error.type',
      'exception.message',
      'osprofiler.trace_id',
      'host.name',
      'Resource',
    ])
      assert.ok(detail.text.includes(expected), expected);
    assert.match((await get(page, `/traces/${BOOT}/spans/${id}`)).text, /<!doctype html>/);
  });

  it('shows no secret of the recording anywhere', async () => {
    const secrets = secretsIn(gunzipSync(readFileSync(recordedBoot())).toString('utf8'));
    assert.ok(secrets.length > 0);
    const { text } = await get(page, `/traces/${BOOT}?sql=1`);
    const ids = [...text.matchAll(/data-span="([0-9a-f]{16})"/g)].map(([, id]) => id);
    assert.equal(ids.length, 1_762);
    const all = await Promise.all(ids.map((id) => get(page, `/traces/${BOOT}/spans/${id}?part=1`)));
    const shown = [text, ...all.map((detail) => detail.text)].join('\n');
    for (const secret of secrets) assert.ok(!shown.includes(secret), 'a secret is shown');
  });

  it('shows that nothing is missing', async () => {
    const { text } = await get(page, '/');
    assert.match(text, /data-mood="good">3,522 received, 3,522 accounted for: nothing is missing</);
    assert.match(text, /<th scope="row">exported<\/th><td class="number">3,522</);
    assert.match(text, /data-mood="good">\s*<h2>Backend/);
    assert.doesNotMatch(text, />Lag</);
  });
});
