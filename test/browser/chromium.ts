/** A real browser that stays off the network, and remembers everything that a page did wrong. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env['OSPROFILER_BRIDGE_TEST_CHROMIUM'] || '/usr/bin/chromium';

/** Root has no sandbox, tests have no graphics, and Chromium has nobody to report to. */
const FLAGS = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** With a profile of its own, which goes with it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

export interface WatchedPage {
  readonly page: Page;
  /** Every address that was asked for. */
  readonly requests: readonly string[];
  /** What the console said, exceptions and violations of the content policy included. */
  readonly complaints: readonly string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  // Chromium tells violations on the console too; the event is the standard's own word for it.
  await context.exposeFunction('complain', (text: string) => void complaints.push(text));
  await context.addInitScript(`
    addEventListener('securitypolicyviolation', (event) => complain(event.violatedDirective + ' ' + event.blockedURI));
  `);
  return { page, requests, complaints };
}
