/** The page in a real browser, while the notifications of twenty servers that boot at once come from a real broker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { toTraceId } from '../../src/mapping/ids.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';
import { secretsIn } from '../support/secrets.js';
import { baseIdOf, declareQueue, publishBoots, recordedText } from './boots.js';
import { openPage, startBrowser } from './chromium.js';
import { type Sidecar, startSidecar } from './sidecar.js';

const BOOTS = 20;
const SPANS_OF_A_BOOT = 1_761;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };

describe('the page in a browser', () => {
  let vhost: TestVhost;
  let sidecar: Sidecar;
  let browser: Browser;
  let publishing: Promise<number>;

  before(async () => {
    vhost = await broker().createVhost();
    await vhost.withChannel(declareQueue);
    sidecar = await startSidecar({ address: vhost.address() });
    browser = await startBrowser();
    publishing = vhost.withChannel((channel) => publishBoots(channel, BOOTS));
  });

  after(async () => {
    await publishing;
    await browser?.close();
    await sidecar?.stop();
    await vhost?.remove();
  });

  it('follows a large load, and loses none of it', async () => {
    const { page, requests, complaints } = await openPage(browser);
    await page.goto(sidecar.url);
    await page.getByText(/^Consuming profiler\.info on 127\.0\.0\.1:\d+\.$/).waitFor();
    await page.locator('.trace-list a').first().waitFor();
    await page.getByText(/^Last batch accepted .+ \(\d+ spans?\)\.$/).waitFor();
    const published = await publishing;
    assert.equal(published, BOOTS * 2 * SPANS_OF_A_BOOT);
    const all = published.toLocaleString('en-US');
    await page
      .locator('.accounting tr', { hasText: /^\s*exported/ })
      .getByText(all)
      .waitFor({ timeout: 200_000 });
    await page.getByText(`${all} received, ${all} accounted for: nothing is missing`).waitFor();
    await page.getByText(`${BOOTS} kept`).waitFor();
    assert.equal(await page.locator('.trace-list tbody tr').count(), BOOTS);
    const line = await page.locator('.figure:has-text("Received") .line').getAttribute('d');
    assert.match(line ?? '', /^M[\d. L]+/);
    assertQuiet(requests, complaints, sidecar.url);
    await page.context().close();
  });

  it('finds a trace by the UUID that was printed, opens and closes its rows, and shows a span', async () => {
    await publishing;
    const { page, requests, complaints } = await openPage(browser);
    await page.goto(sidecar.url);
    await page.getByRole('searchbox').fill(baseIdOf(7).toUpperCase());
    await page.getByRole('searchbox').press('Enter');
    await page.waitForURL(`**/traces/${toTraceId(baseIdOf(7))}`);
    const rows = page.locator('.waterfall tbody tr:visible');
    const before = await rows.count();
    assert.ok(before > 100, `${before} rows`);

    const folded = page.locator('tr.group', { hasText: '137 × SQL' }).first();
    await folded.click();
    await page.locator('.waterfall tr[aria-expanded="true"].group').waitFor();
    assert.equal(await rows.count(), before + 137);
    await folded.click();
    assert.equal(await rows.count(), before);

    const root = page.locator('.waterfall tbody tr').first();
    await root.locator('.toggle').click();
    assert.equal(await rows.count(), 1);
    await root.locator('.toggle').click();
    await openRoot(page);
    assert.equal(await rows.count(), before);

    await page.locator('tr.span', { hasText: 'POST /v2.1/servers' }).first().click();
    await page.locator('.detail').getByText('url.path').waitFor();
    await page.locator('.detail').getByText('service.namespace').waitFor();
    assert.equal(await rows.count(), before + 1);
    assertQuiet(requests, complaints, sidecar.url);
    await page.context().close();
  });

  it('is worked with the keyboard alone', async () => {
    await publishing;
    const { page, complaints } = await openPage(browser);
    await page.goto(`${sidecar.url}/traces/${toTraceId(baseIdOf(0))}`);
    const focused = () => page.evaluate<string>("document.activeElement?.getAttribute('data-key') ?? ''");
    const rows = page.locator('.waterfall tbody tr:visible');
    const all = await rows.count();
    await page.locator('.waterfall tbody tr').first().focus();
    const root = await focused();
    await page.keyboard.press('ArrowLeft');
    assert.equal(await rows.count(), 1);
    await page.keyboard.press('ArrowRight');
    await openRoot(page);
    assert.equal(await rows.count(), all);
    await page.keyboard.press('ArrowDown');
    assert.notEqual(await focused(), root);
    await page.keyboard.press('Enter');
    await page.locator('.detail').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.detail').count(), 0);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(), root);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it('shows every span of the trace when asked, and none of the secrets', async () => {
    await publishing;
    const { page, complaints } = await openPage(browser);
    await page.goto(`${sidecar.url}/traces/${toTraceId(baseIdOf(3))}`);
    await page.getByRole('link', { name: 'Every span' }).click();
    await page.waitForURL('**?sql=1');
    assert.equal(await page.locator('tr.span').count(), SPANS_OF_A_BOOT + 1);
    const secrets = secretsIn(recordedText());
    const spans = page.locator('tr.span', { hasText: /servers|build_and_run_instance|INSERT/ });
    for (const span of (await spans.all()).slice(0, 10)) await span.press('Enter');
    await page.locator('.detail').nth(9).waitFor();
    const document = await page.content();
    for (const secret of secrets) assert.ok(!document.includes(secret), 'a secret is in the document');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it('fits a phone and a wide screen, in light and in dark', async () => {
    await publishing;
    const paths = ['/', `/traces/${toTraceId(baseIdOf(1))}`, '/?q=nothing+like+it'];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const look of [PHONE, { viewport: { width: 1600, height: 900 } }]) {
        const { page, complaints } = await openPage(browser, { ...look, colorScheme });
        for (const path of paths) {
          await page.goto(sidecar.url + path);
          assert.ok(await fitsItsWidth(page), `${path} at ${look.viewport.width} is wider than the screen`);
          assert.ok((await contrast(page)) >= 7, `${path} in ${colorScheme}`);
        }
        assert.deepEqual(complaints, []);
        await page.context().close();
      }
    }
  });

  it('works without its script', async () => {
    await publishing;
    const { page, requests, complaints } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(sidecar.url);
    await page.getByRole('searchbox').fill(baseIdOf(2));
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(`**/traces/${toTraceId(baseIdOf(2))}`);
    await page.locator('tr.group', { hasText: '137 × SQL' }).first().locator('.toggle').click();
    await page.getByText('A part of the trace.').waitFor();
    assert.equal(await page.locator('tr.span').count(), 137);
    await page.locator('tr.span .name a').first().click();
    await page.getByText('db.query.summary').waitFor();
    assertQuiet(requests, complaints, sidecar.url);
    await page.context().close();
  });
});

function assertQuiet(requests: readonly string[], complaints: readonly string[], url: string): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(
    requests.filter((request) => !request.startsWith(`${url}/`)),
    [],
  );
}

function fitsItsWidth(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth');
}

/** Of text and ground, by WCAG's formula. */
async function contrast(page: Page): Promise<number> {
  const [text, ground] = await page.evaluate<[string, string]>(
    '(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))',
  );
  const [light = 0, dark = 0] = [luminance(text), luminance(ground)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** @param colour `rgb(1, 2, 3)` */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The rows below it were too many to be kept when it was closed: they come from the server again. */
function openRoot(page: Page): Promise<void> {
  return page.locator('.waterfall tbody tr:first-child[aria-expanded="true"]').waitFor();
}
