/** `reshard`: another number of shards, while everything runs. */

import type { Settings } from '../../settings/settings.js';
import { reshard } from '../../sharding/reshard.js';
import { brokerAddresses } from '../../sidecar/assemble.js';
import { layoutOf } from '../../sidecar/assemble-shards.js';
import type { CommandContext } from '../context.js';

export async function execute(
  settings: Settings,
  { log, stdout, onStopSignal }: CommandContext,
): Promise<number> {
  const { patienceMs } = settings.sharding;
  const layout = layoutOf(settings.sharding);
  const stopping = new AbortController();
  onStopSignal(() => stopping.abort());
  for (const address of brokerAddresses(settings.broker, log)) {
    const done = await reshard({ address, layout, log, patienceMs, stopping: stopping.signal });
    const { broker, before, now, moved } = done;
    const what = before === now ? `${now} shards already` : `${before} shards before, ${now} now`;
    stdout.write(`${broker}: ${what}, ${moved} messages moved\n`);
  }
  return 0;
}
