/** `shard`: spread notifications over shards, until told to stop. */
import { BridgeError } from '../../errors.js';
import { pause } from '../../pause.js';
import { DEFAULT_SHARD_LISTEN } from '../../settings/listen-address.js';
import type { Settings } from '../../settings/settings.js';
import { type Sharding, shardings } from '../../sidecar/assemble-shards.js';
import { rateLimited } from '../../sidecar/logger.js';
import type { ShardingFigures } from '../../sidecar/metrics/instruments.js';
import { Operations } from '../../sidecar/operations.js';
import type { CommandContext } from '../context.js';
import { endWithin } from '../exit.js';

const REPEAT_MS = 30_000;
const LOOK_MS = 20;

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const log = rateLimited(context.log, REPEAT_MS);
  const all = shardings(settings, log);
  const operations = await Operations.create(settings, log);
  operations.watchSharding({
    figures: () => figuresOf(all),
    refusals: () => all.flatMap(({ sharder }) => sharder.refusal ?? []),
    receivers: all.map(({ receiver }) => receiver),
  });
  const { listen = DEFAULT_SHARD_LISTEN } = settings;
  if (listen !== 'none') await operations.listen({ listen });
  const stopped = new Promise<NodeJS.Signals>((resolve) => context.onStopSignal(resolve));
  log.info({ receivers: all.map(({ receiver }) => receiver.name) }, 'started');

  for (const { sharder } of all) sharder.start();
  const running = Promise.all(all.map(({ receiver, sharder }) => receiver.run(sharder)));
  const signal = await Promise.race([stopped, running]);
  operations.announceStop();
  log.info({ signal }, 'shutting down, consuming stopped');
  const isDrained = await endWithin(settings.drainTimeoutMs, async () => {
    await Promise.all(all.map(({ receiver }) => receiver.stop()));
    const isDrained = await drain(all, settings.drainTimeoutMs);
    await running;
    await Promise.all(all.map(({ sharder }) => sharder.close(0)));
    await Promise.all(all.map(({ receiver }) => receiver.close()));
    await operations.close();
    return isDrained;
  });
  const { received: notifications, held: _, ...others } = figuresOf(all);
  log.info({ notifications, ...others }, 'stopped');
  if (isDrained) return 0;
  throw new BridgeError(
    'DRAIN_INCOMPLETE',
    `publishes to shards were still in flight when the drain timeout of ${settings.drainTimeoutMs} ms passed`,
    'Nothing is lost: the broker redelivers them. A longer --drain-timeout lets them finish.',
  );
}

/** @returns whether everything that was taken in is in its shard. */
async function drain(all: readonly Sharding[], timeoutMs: number): Promise<boolean> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const isEmpty = () => all.every(({ receiver }) => receiver.unacknowledged === 0);
  while (!isEmpty() && !deadline.aborted) await pause(LOOK_MS, deadline);
  return isEmpty();
}

/** `received = sharded + filtered + returned + unacknowledged`; at the end what was unacknowledged has returned. */
function figuresOf(all: readonly Sharding[]): ShardingFigures {
  const sum = (of: (one: Sharding) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    received: sum(({ sharder }) => sharder.counts.received),
    sharded: sum(({ sharder }) => sharder.counts.sharded),
    filtered: sum(({ sharder }) => sharder.counts.foreign),
    returned: sum(({ sharder }) => sharder.counts.returned),
    unacknowledged: sum(({ receiver }) => receiver.unacknowledged),
    held: sum(({ sharder }) => sharder.held),
  };
}
