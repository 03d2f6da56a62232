/** A process of the real osprofiler hangs inside its trace points, and is seen so in a real browser. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { transportUrl } from '../end-to-end/program.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';
import { declareQueue } from './boots.js';
import { openPage, startBrowser } from './chromium.js';
import { type Sidecar, startSidecar } from './sidecar.js';

const PUBLISHER = join(process.cwd(), 'test', 'end-to-end', 'publisher.py');

describe('an operation that hangs', () => {
  let vhost: TestVhost;
  let sidecar: Sidecar;
  let browser: Browser;
  let hanging: ChildProcess;

  before(async () => {
    vhost = await broker().createVhost();
    await vhost.withChannel(declareQueue);
    sidecar = await startSidecar({ address: vhost.address(), rootSpan: false });
    browser = await startBrowser();
    hanging = spawn('/usr/bin/python3', ['-W', 'ignore', PUBLISHER, transportUrl(vhost), 'hang'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
  });

  after(async () => {
    hanging?.stdin?.end();
    await browser?.close();
    await sidecar?.stop();
    await vhost?.remove();
  });

  it('is seen with where it hangs, followed, and seen to end', async () => {
    const { page, complaints } = await openPage(browser);
    await page.goto(sidecar.url);
    const running = page.locator('.running tbody tr');
    await running.getByText('› plug_vifs').waitFor();
    assert.match((await running.textContent()) ?? '', /build_and_run_instance/);
    await page.locator('.trace-list', { hasText: 'in progress' }).waitFor();

    await running.getByRole('link').click();
    const open = page.locator('tr.span', { hasText: 'in progress' });
    await open.first().waitFor();
    assert.equal(await open.count(), 2);
    assert.equal(await page.getByText('parent missing').count(), 0);
    await page.locator('tr.span', { hasText: 'allocate_network' }).waitFor();
    const widthOf = () => open.first().locator('rect.open').getAttribute('width');
    assert.equal(await widthOf(), '100%');
    const time = await open.first().locator('.time').textContent();
    await open
      .first()
      .locator('.time', { hasNotText: time ?? '' })
      .waitFor();

    const ended = once(hanging, 'exit');
    hanging.stdin?.end();
    await ended;
    await page.locator('#trace-head', { hasNotText: 'in progress' }).waitFor();
    await open.first().waitFor({ state: 'detached' });
    assert.equal(await page.locator('tr.span .name a').count(), 3);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
});
