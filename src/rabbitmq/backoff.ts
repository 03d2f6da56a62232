/** How long to wait before the next attempt: exponential, with full jitter so that many bridges do not come as one. */

/** Milliseconds, both. */
export interface BackoffBounds {
  /** The first wait is at most this long. Default 250. */
  readonly initialMs: number;
  /** No wait is longer than this. Default 30,000. */
  readonly maximumMs: number;
}

export const DEFAULT_BACKOFF: BackoffBounds = { initialMs: 250, maximumMs: 30_000 };

export class Backoff {
  #ceiling: number;

  /** @param random - uniform in [0, 1); injectable for tests. */
  constructor(
    private readonly bounds: BackoffBounds,
    private readonly random: () => number = Math.random,
  ) {
    this.#ceiling = bounds.initialMs;
  }

  /** The longest that the next wait can be, in milliseconds. */
  get ceilingMs(): number {
    return this.#ceiling;
  }

  /** The next wait in milliseconds: anything from nothing to the ceiling, which then doubles up to the maximum. */
  next(): number {
    const wait = this.random() * this.#ceiling;
    this.#ceiling = Math.min(this.#ceiling * 2, this.bounds.maximumMs);
    return wait;
  }

  reset(): void {
    this.#ceiling = this.bounds.initialMs;
  }
}
