/**
 * How the prefetch of a connection grows: small windows first.
 *
 * On a quorum queue every loss of a channel counts against all that it had been handed, looked at or not, and the
 * queue's delivery limit discards what was handed out too often. A bridge that dies soon after each start would run
 * a large prefetch into that limit. So a window is widened only when the bridge has shown that it gets through the
 * present one: nothing in it has been given out before (such messages come first, and are settled or renewed), and as
 * many messages as it holds are settled or renewed, or it has been calm for a while, since a window may be full of
 * starts that stay open. On a queue that is drained all of this takes a fraction of a second.
 */

import { type Clock, MACHINE_CLOCK } from '../pause.js';

interface Window {
  /** How many messages it holds. */
  readonly size: number;
  /** It is calm when it has lasted so long. */
  readonly calmMs: number;
}

const WINDOWS: readonly Window[] = [
  { size: 200, calmMs: 1_000 },
  { size: 2_000, calmMs: 5_000 },
];
/** Whatever has been given out before and is neither settled nor renewed by then does not keep the others away. */
const MOST_MS = 30_000;
const MS_BETWEEN_LOOKS = 25;

/** What caution watches and widens. */
export interface RampedConsumer {
  /** Deliveries that were settled or renewed. */
  readonly finished: number;
  /** Whether it holds anything unacknowledged that was given out so often before. */
  holdsDelivered(times: number): boolean;
  /** Lets the broker hand out so many messages more. Rejects when the channel has died. */
  grow(by: number): Promise<void>;
}

export interface PrefetchRamp {
  /** The whole of it. */
  readonly prefetch: number;
  /** What was given out so often before is renewed at once when it stays open. */
  readonly atDeliveries: number;
}

/** How many messages a connection is handed at first. */
export function firstWindow(prefetch: number): number {
  return Math.min(prefetch, WINDOWS[0]!.size);
}

/** Widens from {@link firstWindow} to the whole prefetch. Never rejects; ends early when `over` is aborted. */
export async function rampUp(
  cautious: RampedConsumer,
  caution: PrefetchRamp,
  over: AbortSignal,
  clock = MACHINE_CLOCK,
): Promise<void> {
  const { prefetch } = caution;
  for (const [index, window] of WINDOWS.entries()) {
    if (window.size >= prefetch) return;
    await untilPassed(window, cautious, caution, over, clock);
    if (over.aborted) return;
    const next = Math.min(prefetch, WINDOWS[index + 1]?.size ?? prefetch);
    try {
      await cautious.grow(next - window.size);
    } catch {
      // The channel has died, and the consumption has ended.
      return;
    }
  }
}

async function untilPassed(
  { size, calmMs }: Window,
  cautious: RampedConsumer,
  { atDeliveries }: PrefetchRamp,
  over: AbortSignal,
  clock: Clock,
): Promise<void> {
  const begun = clock.now();
  const finishedBefore = cautious.finished;
  while (!over.aborted) {
    const lasted = clock.now() - begun;
    if (lasted >= MOST_MS) return;
    const isThrough = cautious.finished - finishedBefore >= size || lasted >= calmMs;
    if (isThrough && !cautious.holdsDelivered(atDeliveries)) return;
    await clock.pause(MS_BETWEEN_LOOKS, over);
  }
}
