/** Whether the backend accepts spans: the one place that knows, for probes, metrics, the page and the log. */
import type { Log, Refusal } from '../contracts.js';

/** The backend accepts nothing now. */
export interface BackendFailure extends Pick<Refusal, 'reason' | 'hint'> {
  /** Milliseconds since the first refusal after the last acceptance. */
  readonly forMs: number;
}

/** A failure that was shorter is not worth a line when it is over. */
const WORTH_A_LINE_MS = 1_000;

export class BackendHealth {
  #accepted = 0;
  #acceptedAt: number | undefined;
  #failure: { readonly since: number; readonly refusal: Pick<Refusal, 'reason' | 'hint'> } | undefined;

  /** @param now a monotonic clock in milliseconds */
  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Requests with spans that were accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Milliseconds since the last of them; undefined before the first. */
  get acceptedMsAgo(): number | undefined {
    return this.#acceptedAt === undefined ? undefined : this.now() - this.#acceptedAt;
  }

  /** Undefined while the backend accepts what there is, or there was nothing to send yet. */
  get failure(): BackendFailure | undefined {
    if (this.#failure === undefined) return undefined;
    const { since, refusal } = this.#failure;
    return { ...refusal, forMs: this.now() - since };
  }

  /** A request with spans was accepted. */
  accept(): void {
    const { failure } = this;
    this.#accepted++;
    this.#acceptedAt = this.now();
    this.#failure = undefined;
    if (failure === undefined || failure.forMs < WORTH_A_LINE_MS) return;
    this.log.info(
      { seconds: Math.round(failure.forMs / 1000), reason: failure.reason },
      'the backend accepts spans again',
    );
  }

  /** Spans are held, and sent again after a pause. */
  retry(reason: string, delayMs: number, attempt: number): void {
    this.log.warn({ reason, delayMs: Math.round(delayMs), attempt }, 'export failed, retrying');
  }

  /** The backend refuses batches for their size: they are smaller for a while. */
  limit(maxSize: number): void {
    this.log.warn(
      { maxSize },
      'the backend refuses larger batches, sending smaller ones for ten minutes; see --batch-max-size',
    );
  }

  /** A request was refused, and its spans are held. */
  refuse({ reason, hint }: Pick<Refusal, 'reason' | 'hint'>): void {
    const since = this.#failure?.since ?? this.now();
    this.#failure = { since, refusal: hint === undefined ? { reason } : { reason, hint } };
  }
}
