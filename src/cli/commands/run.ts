/** `run`: consume a broker and export, until told to stop. */
import { Bridge } from '../../bridge.js';
import type { Log, Receiver } from '../../contracts.js';
import { BridgeError } from '../../errors.js';
import { DEFAULT_LISTEN } from '../../settings/listen-address.js';
import type { Settings } from '../../settings/settings.js';
import {
  bridgeOptions,
  createSink,
  describeExporter,
  rabbitReceivers,
  sourceOf,
} from '../../sidecar/assemble.js';
import { shardReceivers } from '../../sidecar/assemble-shards.js';
import { Operations } from '../../sidecar/operations.js';
import { CommandPage } from '../../trace-view/page/command-page.js';
import type { CommandContext } from '../context.js';
import { endWithin } from '../exit.js';
import { summarize } from '../summary.js';

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const { log } = context;
  const receivers = createReceivers(settings, log);
  const operations = await Operations.create(settings, log);
  const { listen = DEFAULT_LISTEN } = settings;
  const page = listen === 'none' ? undefined : new CommandPage(settings);
  const sink = operations.watchSink(await createSink(settings, operations.meterProvider), page?.observe);
  const bridge = new Bridge({ ...bridgeOptions(settings, log, sink), receivers });
  operations.watchBridge({ bridge, receivers });
  if (listen !== 'none') await operations.listen({ listen, page: page?.mount });
  const stopped = new Promise<NodeJS.Signals>((resolve) => context.onStopSignal(resolve));
  log.info({ receivers: receivers.map(({ name }) => name), exporter: describeExporter(settings) }, 'started');

  operations.logProgress();
  const running = bridge.run();
  const signal = await Promise.race([stopped, running]);
  operations.announceStop();
  log.info({ signal, openPoints: bridge.openPoints }, 'shutting down, consuming stopped');
  const isDrained = await endWithin(settings.drainTimeoutMs, async () => {
    const isDrained = await bridge.drain(settings.drainTimeoutMs);
    await running;
    await bridge.close();
    page?.stop();
    await operations.close();
    return isDrained;
  });
  log.info(summarize(bridge), 'stopped');
  if (isDrained) return 0;
  throw new BridgeError(
    'DRAIN_INCOMPLETE',
    `spans were still in flight when the drain timeout of ${settings.drainTimeoutMs} ms passed`,
    'Nothing is lost: the broker redelivers their notifications. A longer --drain-timeout lets them finish.',
  );
}

/** The queue's, or those of the shards that it was spread over. */
function createReceivers(settings: Settings, log: Log): Receiver[] {
  const { shards } = settings.sharding;
  if (shards !== undefined) return shardReceivers(settings, shards, log);
  return rabbitReceivers(settings, log, { source: sourceOf(settings.broker) });
}
