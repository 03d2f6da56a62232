/** Says what the receiver waits for once when it changes, and again now and then while it stays so. */
import type { Log } from '../contracts.js';

const REPEAT_MS = 60_000;
/** More different messages than hosts and reasons can make; a bound all the same. */
const MOST_REMEMBERED = 256;

export class StatusLogger {
  readonly #saidAt = new Map<string, number>();

  /** @param now - a monotonic clock in milliseconds. */
  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Logs unless the same message was logged within the last minute. */
  say(level: 'info' | 'warn' | 'error', fields: Record<string, unknown>, message: string): void {
    const time = this.now();
    const before = this.#saidAt.get(message);
    if (before !== undefined && time - before < REPEAT_MS) return;
    if (this.#saidAt.size >= MOST_REMEMBERED) this.#saidAt.clear();
    this.#saidAt.set(message, time);
    this.log[level](fields, message);
  }

  /** What was wrong is over: should it come back, it is news. */
  forget(): void {
    this.#saidAt.clear();
  }
}
