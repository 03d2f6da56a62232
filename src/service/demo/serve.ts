/** The demo's page: the same trace in a browser, until somebody has seen enough. */
import { BridgeError } from '../../errors.js';
import type { CommandContext } from '../context.js';
import { DEFAULT_LISTEN } from '../http/listen-address.js';
import type { PageFeed } from '../page/feed.js';
import { createPage } from '../page/page.js';
import { judgeReadiness } from '../readiness.js';
import { createServer, type RunningServer } from '../server.js';
import type { DemoSettings } from '../settings.js';

/** A script that calls the demo must not wait for somebody who is not there. */
export function wantsPage({ serve }: DemoSettings, { stdin, stdout, env }: CommandContext): boolean {
  return serve ?? (stdin.isTTY === true && stdout.isTTY === true && (env['CI'] ?? '') === '');
}

/** Prints the address, and serves until the first SIGINT or SIGTERM. @throws BridgeError LISTEN_FAILED */
export async function servePage(feed: PageFeed, context: CommandContext): Promise<void> {
  const stopped = new Promise<NodeJS.Signals>((resolve) => context.onStopSignal(resolve));
  const server = await listenSomewhere(feed, context);
  const [trace] = feed.traces.latest();
  const path = trace === undefined ? '/' : `/traces/${trace.traceId}`;
  context.stdout.write(`  As a page: ${server.url}${path}  (Ctrl-C ends it)\n`);
  await stopped;
  await server.close();
}

/** Where a bridge has its page, or, when one runs there, on any free port. */
async function listenSomewhere(feed: PageFeed, context: CommandContext): Promise<RunningServer> {
  try {
    return await listen(feed, context, DEFAULT_LISTEN.port);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return listen(feed, context, 0);
  }
}

function listen(feed: PageFeed, { log }: CommandContext, port: number): Promise<RunningServer> {
  return createServer({
    listen: { ...DEFAULT_LISTEN, port },
    readiness: () => judgeReadiness({ receivers: [], backendRefusal: undefined, isStopping: false }),
    page: createPage({ feed }),
    log,
  });
}
