// @ts-check
/**
 * `node scripts/screenshots.mjs`: the pictures of docs/images. Servers boot at a private broker, a bridge follows them,
 * and a browser takes pictures of its page, in light and dark, wide and on a phone.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compile, ensureChromium, ensureNpmPackages, fail, ROOT, say } from './install.mjs';
import { startPrivateBroker } from './private-broker.mjs';

const IMAGES = join(ROOT, 'docs', 'images');
/** Recorded commands that run one after the other, beside the boot of a server. */
const COMMANDS = [
  ...['keystone-user-create', 'cinder-volume-create', 'nova-server-boot-no-valid-host', 'glance-image-404'],
  ...['neutron-net-list-eventlet', 'chaos-nova-compute-killed-mid-boot', 'nova-server-delete-no-db'],
];
/** The trace of the recorded boot. */
const BOOT = 'b9297a15d29849599755e986eb9276d5';
const STAGGER_MS = 4_000;
const LARGEST_BYTES = 300_000;

const WIDE = { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.25 };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 };

ensureNpmPackages();
ensureChromium();
compile('tsconfig.json');
mkdirSync(IMAGES, { recursive: true });
const broker = await startPrivateBroker();
try {
  process.env['OSPROFILER_BRIDGE_TEST_AMQP_URL'] = broker.amqpUrl;
  process.env['OSPROFILER_BRIDGE_TEST_MANAGEMENT_URL'] = broker.managementUrl;
  await takePictures();
} finally {
  await broker.stop();
}

async function takePictures() {
  const { broker: testBroker } = await load('test/support/rabbitmq.js');
  const { readCapture } = await load('test/support/captures.js');
  const { declareQueue, publishLive, recordedBodies } = await load('test/browser/boots.js');
  const { startSidecar } = await load('test/browser/sidecar.js');
  const { startBrowser } = await load('test/browser/chromium.js');
  const vhost = await testBroker().createVhost();
  await vhost.withChannel(declareQueue);
  const sidecar = await startSidecar({ address: vhost.address(), rootSpan: false });
  const browser = await startBrowser();
  const trace = `/traces/${BOOT}`;
  const commands = COMMANDS.map((name) =>
    readCapture(name).map((/** @type {{ body: Buffer }} */ { body }) => body.toString('utf8')),
  );
  try {
    say('working');
    await vhost.withChannel((/** @type {import('amqplib').Channel} */ channel) =>
      publishLive(channel, [commands[0], recordedBodies(), ...commands.slice(1)], STAGGER_MS),
    );
    await picture(browser, sidecar.url, '/', 'page-overview', WIDE, 'light');
    await picture(browser, sidecar.url, trace, 'page-waterfall', WIDE, 'light');
    await picture(browser, sidecar.url, trace, 'page-span', WIDE, 'light', openSpan);
    await picture(browser, sidecar.url, trace, 'page-waterfall-dark', WIDE, 'dark');
    await picture(browser, sidecar.url, '/', 'page-overview-phone', PHONE, 'dark');
    await picture(browser, sidecar.url, trace, 'page-waterfall-phone', PHONE, 'light', toWaterfall);
  } finally {
    await browser.close();
    await sidecar.stop();
    await vhost.remove();
  }
}

/** @param {string} file below the build */
function load(file) {
  return import(join(ROOT, 'build', file));
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {string} path
 * @param {string} name of the file
 * @param {import('playwright-core').BrowserContextOptions} look
 * @param {'light' | 'dark'} colorScheme
 * @param {(page: import('playwright-core').Page) => Promise<void>} [prepare]
 */
async function picture(browser, url, path, name, look, colorScheme, prepare) {
  const context = await browser.newContext({ ...look, colorScheme });
  const page = await context.newPage();
  await page.goto(url + path, { waitUntil: 'networkidle' });
  await prepare?.(page);
  const file = join(IMAGES, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  const { size } = statSync(file);
  say(`${name}.png  ${Math.round(size / 1000)} kB`);
  if (size > LARGEST_BYTES) fail(`${name}.png is larger than ${LARGEST_BYTES} bytes`);
}

/** @param {import('playwright-core').Page} page */
async function openSpan(page) {
  const span = page.locator('tr.span', { hasText: 'POST /v2.1/servers' }).first();
  await span.click();
  await page.locator('.detail').waitFor();
  await span.evaluate((row) => row.scrollIntoView());
}

/** @param {import('playwright-core').Page} page */
async function toWaterfall(page) {
  await page.locator('.waterfall-section').evaluate((section) => section.scrollIntoView());
}
