/** The demo's page: the same trace in a browser, until somebody has seen enough. */
import { BridgeError } from '../../errors.js';
import { DEFAULT_LISTEN, type ListenAddress } from '../../settings/listen-address.js';
import type { Settings } from '../../settings/settings.js';
import { judgeReadiness } from '../../sidecar/readiness.js';
import { createServer, type RunningServer } from '../../sidecar/server.js';
import type { PageFeed } from '../../trace-view/page/feed.js';
import { createPage } from '../../trace-view/page/page.js';
import type { CommandContext } from '../context.js';

/**
 * A script that calls the demo must not wait for somebody who is not there; who names an address wants to be served
 * there.
 */
export function wantsPage({ demo, listen }: Settings, { stdin, stdout, env }: CommandContext): boolean {
  if (listen === 'none') return false;
  const somebodyLooks = stdin.isTTY === true && stdout.isTTY === true && (env['CI'] ?? '') === '';
  return demo.serve ?? (listen !== undefined || somebodyLooks);
}

/** Prints the address, and serves until the first SIGINT or SIGTERM. @throws BridgeError LISTEN_FAILED */
export async function servePage(feed: PageFeed, settings: Settings, context: CommandContext): Promise<void> {
  const stopped = new Promise<NodeJS.Signals>((resolve) => context.onStopSignal(resolve));
  const server = await listenSomewhere(feed, settings, context);
  const [trace] = feed.traces.latest();
  const path = trace === undefined ? '/' : `/traces/${trace.traceId}`;
  context.stdout.write(`  As a page: ${server.url}${path}  (Ctrl-C ends it)\n`);
  await stopped;
  await server.close();
}

/** Where it was told to, or where a bridge has its page, or, when one runs there, on any free port. */
async function listenSomewhere(
  feed: PageFeed,
  { listen: told }: Settings,
  context: CommandContext,
): Promise<RunningServer> {
  if (told !== undefined && told !== 'none') return listen(feed, context, told);
  try {
    return await listen(feed, context, DEFAULT_LISTEN);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return listen(feed, context, { ...DEFAULT_LISTEN, port: 0 });
  }
}

function listen(feed: PageFeed, { log }: CommandContext, address: ListenAddress): Promise<RunningServer> {
  return createServer({
    listen: address,
    readiness: () => judgeReadiness({ receivers: [], backendFailure: undefined, isStopping: false }),
    page: createPage({ feed }),
    log,
  });
}
