/** Waiting that can be cut short, as a value: nothing here rejects, and nothing stays behind on what was waited for. */

/** Where time comes from and how it passes: the machine's, or a test's. */
export interface Clock {
  /** Milliseconds from any fixed moment. */
  now(): number;
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own time. */
export const MACHINE_CLOCK: Clock = { now: () => performance.now(), pause };

/** Resolves after `ms` milliseconds, or as soon as one of the signals is aborted. */
export function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, ms);
    function finish(): void {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', finish);
      resolve();
    }
    for (const signal of signals) signal.addEventListener('abort', finish);
    if (signals.some((signal) => signal.aborted)) finish();
  });
}

/** Resolves with what `promise` resolves with, or with undefined as soon as `signal` is aborted or it rejects. */
export function settledOrAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const finish = (value: T | undefined): void => {
      signal.removeEventListener('abort', giveUp);
      resolve(value);
    };
    const giveUp = (): void => finish(undefined);
    signal.addEventListener('abort', giveUp);
    promise.then(finish, giveUp);
    if (signal.aborted) giveUp();
  });
}

/** Resolves like {@link settledOrAborted}, with a limit of `ms` milliseconds. */
export async function settledWithin<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), ms);
  const value = await settledOrAborted(promise, deadline.signal);
  clearTimeout(timer);
  return value;
}
