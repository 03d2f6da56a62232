/** The recording's way through a bridge to a sink: the same way that notifications from RabbitMQ take. */
import { Bridge } from '../../bridge.js';
import type { Receiver, Sink } from '../../contracts.js';
import type { Settings } from '../../settings/settings.js';
import { bridgeOptions } from '../../sidecar/assemble.js';
import type { CommandContext } from '../context.js';
import { isAllTaken } from '../summary.js';

export interface Journey {
  readonly settings: Settings;
  readonly log: CommandContext['log'];
  readonly receiver: Receiver;
  readonly sink: Sink;
  /** Is told of the bridge before it begins. */
  readonly onBridge?: (bridge: Bridge) => void;
  /** Microseconds added to every time. @default 0 */
  readonly shiftMicros?: number;
  /** Milliseconds after which the journey is given up. @default none */
  readonly deadlineMs?: number;
}

export interface Arrival {
  /** Every notification led to a span that was taken. */
  readonly isComplete: boolean;
  readonly notifications: number;
  /** Spans that were taken. */
  readonly spans: number;
  /** Why a batch was not taken at first, when that happened: the last reason. */
  readonly reason: string | undefined;
}

/** Carries the whole recording. @throws BridgeError INPUT_UNREADABLE */
export async function carry(journey: Journey): Promise<Arrival> {
  const { settings, log, receiver, sink, shiftMicros = 0, deadlineMs } = journey;
  let reason: string | undefined;
  const bridge = new Bridge({
    ...bridgeOptions(settings, log, sink, {
      rootSpan: settings.translate.rootSpan ?? true,
      shiftMicros,
    }),
    receivers: [receiver],
    // Told once at the end instead of in a log line each time: somebody sits and looks.
    retry: {
      trustsRefusals: true,
      onRetry: (why) => {
        reason = why;
      },
    },
  });
  journey.onBridge?.(bridge);
  try {
    await within(deadlineMs, toTheEnd(bridge));
    const { received: notifications, spans } = bridge.counts;
    return { isComplete: isAllTaken(bridge), notifications, spans, reason };
  } finally {
    await bridge.close();
  }
}

async function toTheEnd(bridge: Bridge): Promise<void> {
  await bridge.run();
  await bridge.finish();
}

/** Waits for the work or the deadline, whichever comes first; what is late is left to itself. */
async function within(deadlineMs: number | undefined, work: Promise<void>): Promise<void> {
  if (deadlineMs === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}
