/** Waiting for what must become true, however slow the machine is. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Far beyond what anything takes; only a verdict of "never" waits that long. */
export const PATIENCE_MS = 120_000;
const PROBE_EVERY_MS = 25;

/**
 * Resolves with the first value that is neither undefined nor false.
 * @param what for the failure: what has not come true.
 * @param progress while this changes, patience begins anew.
 */
export async function until<T>(
  what: string | (() => string),
  probe: () => Promise<T> | T,
  progress: () => unknown = () => undefined,
): Promise<Exclude<T, undefined | false>> {
  let deadline = performance.now() + PATIENCE_MS;
  let last = progress();
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    const now = progress();
    if (now !== last) deadline = performance.now() + PATIENCE_MS;
    last = now;
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
