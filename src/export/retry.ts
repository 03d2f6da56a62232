/**
 * Sends a batch until every span of it has a final outcome. A retryable failure is tried again for as long as it
 * takes, since exhausted retries must not look like success; a permanent one is halved until the single bad span is
 * found, so that it takes no other with it.
 */

import type { Outcome, Sink } from '../contracts.js';
import type { OutgoingSpan } from '../encoded-span.js';

/** An outcome that will not change. */
export type FinalOutcome = Exclude<Outcome, { kind: 'retryable' }>;

/** Pauses between attempts, of which there is no limit. */
export interface RetryOptions {
  /** The first pause, ms. @default 500 */
  readonly initialDelayMs?: number;
  /** The longest pause of our own; a backend's `Retry-After` may be longer. @default 30,000 */
  readonly maxDelayMs?: number;
  /** The longest pause that a backend may ask for. @default ten minutes */
  readonly maxRetryAfterMs?: number;
  /** 0 to below 1. @default Math.random */
  readonly random?: () => number;
  /** Waits, or returns early when the signal fires. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onRetry?: (reason: string, delayMs: number, attempt: number) => void;
}

/** Told for each part of the batch, `from` inclusive to `to` exclusive. */
export type OnFinal = (from: number, to: number, outcome: FinalOutcome) => void;

export class Retrier {
  private readonly options: Required<RetryOptions>;

  constructor(
    private readonly sink: Sink,
    options: RetryOptions = {},
  ) {
    this.options = {
      initialDelayMs: 500,
      maxDelayMs: 30_000,
      maxRetryAfterMs: 600_000,
      random: Math.random,
      sleep,
      onRetry: () => {},
      ...options,
    };
  }

  /**
   * Resolves when each span's outcome has been told, or soon after the signal fires; then the rest is never told.
   */
  async deliver(spans: readonly OutgoingSpan[], onFinal: OnFinal, signal: AbortSignal): Promise<void> {
    await this.part(spans, 0, spans.length, onFinal, signal);
  }

  private async part(
    spans: readonly OutgoingSpan[],
    from: number,
    to: number,
    onFinal: OnFinal,
    signal: AbortSignal,
  ): Promise<void> {
    const outcome = await this.persist(
      from === 0 && to === spans.length ? spans : spans.slice(from, to),
      signal,
    );
    if (outcome === undefined) return;
    if (outcome.kind === 'accepted' || to - from === 1) return onFinal(from, to, outcome);
    const middle = from + Math.ceil((to - from) / 2);
    await this.part(spans, from, middle, onFinal, signal);
    await this.part(spans, middle, to, onFinal, signal);
  }

  private async persist(
    spans: readonly OutgoingSpan[],
    signal: AbortSignal,
  ): Promise<FinalOutcome | undefined> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const outcome = await this.sink.send(spans);
      if (outcome.kind !== 'retryable') return outcome;
      const delayMs = this.delay(attempt, outcome.retryAfterMs);
      const { reason, hint } = outcome;
      this.options.onRetry(hint === undefined ? reason : `${reason}; ${hint}`, delayMs, attempt);
      await this.options.sleep(delayMs, signal);
    }
    return undefined;
  }

  /** Exponential with full jitter, never below a tenth, so that nothing spins; or what the backend asked for. */
  private delay(attempt: number, retryAfterMs = 0): number {
    const { initialDelayMs, maxDelayMs, maxRetryAfterMs, random } = this.options;
    const ceiling = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(attempt - 1, 30));
    const own = Math.max(ceiling * random(), ceiling / 10);
    return Math.max(own, Math.min(retryAfterMs, maxRetryAfterMs));
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
