/** One line a minute about how it goes, for who has nothing but the log. */
import type { Log } from '../contracts.js';
import type { BackendHealth } from '../export/health.js';
import type { LagMeter } from './lag.js';
import type { BridgeFigures } from './metrics/instruments.js';
import { describe, describeFailure } from './readiness.js';
import type { WatchedReceiver } from './watched-receiver.js';

export interface ProgressLogOptions {
  readonly bridge: BridgeFigures & { readonly health: Pick<BackendHealth, 'failure'> };
  readonly receivers: readonly WatchedReceiver[];
  readonly lag: LagMeter;
  readonly log: Log;
  /** Milliseconds between two lines. @default one minute */
  readonly intervalMs?: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

const INTERVAL_MS = 60_000;

export class ProgressLog {
  readonly #options: ProgressLogOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #before: { readonly at: number; readonly notifications: number; readonly spans: number };

  constructor(options: ProgressLogOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#before = this.#moment();
    this.#timer = setInterval(() => void this.write(), options.intervalMs ?? INTERVAL_MS);
    this.#timer.unref();
  }

  /** Writes a line now. Never rejects. */
  async write(): Promise<void> {
    const { bridge, log, lag } = this.#options;
    const { at, notifications, spans } = this.#before;
    const current = this.#moment();
    this.#before = current;
    const perSecond = (count: number) => rounded((count / Math.max(1, current.at - at)) * 1000);
    const lately = lag.take();
    log.info(
      {
        notificationsPerSecond: perSecond(current.notifications - notifications),
        spansPerSecond: perSecond(current.spans - spans),
        openPoints: bridge.openPoints,
        unacknowledged: bridge.unacknowledged,
        ...(lately === undefined
          ? {}
          : { lagSeconds: rounded(lately.mean), maxLagSeconds: rounded(lately.max) }),
        ...(await this.#queues()),
        ...this.#trouble(),
      },
      'progress',
    );
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #moment(): { at: number; notifications: number; spans: number } {
    const { counts } = this.#options.bridge;
    return { at: this.#now(), notifications: counts.received, spans: counts.spans };
  }

  /** What waits in all queues together; absent unless every broker says so. */
  async #queues(): Promise<{ readonly queued?: number }> {
    const asked = this.#options.receivers.flatMap(({ depth }) => (depth === undefined ? [] : [depth()]));
    const depths = await Promise.all(asked);
    if (depths.length === 0 || depths.includes(undefined)) return {};
    return { queued: depths.reduce((sum, found) => sum + (found?.messages ?? 0), 0) };
  }

  /** What is not as it should be: a line that says nothing of it means that all is well. */
  #trouble(): { readonly waiting?: readonly string[]; readonly backend?: string } {
    const { receivers, bridge } = this.#options;
    const { failure } = bridge.health;
    const waiting = receivers.flatMap(({ receiver }) => describe(receiver).reason ?? []);
    return {
      ...(waiting.length === 0 ? {} : { waiting }),
      ...(failure === undefined ? {} : { backend: describeFailure(failure) }),
    };
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
