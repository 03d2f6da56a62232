/** Waiting for what must become true, however slow the machine is. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Far beyond what anything takes; only a verdict of "never" waits that long. */
export const PATIENCE_MS = 120_000;
const PROBE_EVERY_MS = 25;

/**
 * Resolves with the first value that is neither undefined nor false.
 * @param what for the failure: what has not come true.
 */
export async function until<T>(
  what: string | (() => string),
  probe: () => Promise<T> | T,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > deadline) {
      throw new Error(`within ${PATIENCE_MS / 1000} s: not ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(PROBE_EVERY_MS);
  }
}

/** Lets time pass, where the moment is to be a random one. Nothing is concluded from how long it took. */
export function moment(ms: number): Promise<void> {
  return sleep(ms);
}
