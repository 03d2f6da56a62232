/** What the backend said lately: whether it takes spans, and how far behind the services they are. */
import type { Sent } from '../export/observed-sink.js';
import { formatDuration } from '../settings/units.js';

/** For so long after it took something a backend that fails counts as one that will recover by itself. */
const LATELY_MS = 30_000;

/** How long spans took from their end to the backend, in seconds. */
export interface Lag {
  readonly mean: number;
  readonly max: number;
}

export class BackendWatch {
  #takenAt: number | undefined;
  /** Of the first refusal since, and the last one's reason. */
  #failure: { readonly since: number; readonly reason: string } | undefined;
  #lag = { count: 0, sum: 0, max: 0 };

  /** @param now a monotonic clock in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * A batch that can be taken later was not taken: nothing gets through. A permanent refusal is about the batch itself,
   * which is set aside, and the backend that says so is there.
   */
  observe({ outcome }: Pick<Sent, 'outcome'>): void {
    if (outcome.kind === 'accepted') {
      this.#takenAt = this.now();
      this.#failure = undefined;
    } else if (outcome.kind === 'retryable') {
      this.#failure = { since: this.#failure?.since ?? this.now(), reason: outcome.reason };
    }
  }

  /** @param seconds from a span's end until it was taken */
  addLag(seconds: number): void {
    this.#lag.count++;
    this.#lag.sum += seconds;
    this.#lag.max = Math.max(this.#lag.max, seconds);
  }

  /** Since the last call; undefined when nothing was taken. */
  takeLag(): Lag | undefined {
    const { count, sum, max } = this.#lag;
    this.#lag = { count: 0, sum: 0, max: 0 };
    return count === 0 ? undefined : { mean: sum / count, max };
  }

  /** Why the backend takes nothing, in words; undefined while it takes what there is, or there is nothing. */
  get refusal(): string | undefined {
    if (this.#failure === undefined) return undefined;
    const now = this.now();
    if (this.#takenAt !== undefined && now - this.#takenAt < LATELY_MS) return undefined;
    const since = formatDuration(Math.round((now - this.#failure.since) / 1000) * 1000 || 1);
    return `the backend has taken nothing for ${since}: ${this.#failure.reason}`;
  }
}
