/**
 * Spans → batches, several on their way at once. A batch carries, beside each span, the caller's item for it, and
 * gives the items back with their outcome.
 */
import type { OutgoingSpan } from '../encoded-span.js';
import type { FinalOutcome, Retrier } from './retry.js';

/** How spans are gathered into batches: the first bound that is met sends one. */
export interface BatchOptions {
  /** Spans in a batch at most. @default 512 */
  readonly maxSize: number;
  /** Bytes of the notifications that a batch was made of at most, which its encoding roughly equals. @default 4 MiB */
  readonly maxBytes: number;
  /** Milliseconds that a span waits for others. @default 200 */
  readonly delayMs: number;
  /** Batches on their way at once. @default 4 */
  readonly maxInFlight: number;
}

export const DEFAULT_BATCH: BatchOptions = {
  maxSize: 512,
  maxBytes: 4 * 1024 * 1024,
  delayMs: 200,
  maxInFlight: 4,
};

interface Entry<Item> {
  readonly span: OutgoingSpan;
  readonly item: Item;
  readonly bytes: number;
}

export type OnOutcome<Item> = (items: readonly Item[], outcome: FinalOutcome) => void;

export class Batcher<Item> {
  private queue: Entry<Item>[] = [];
  private queuedBytes = 0;
  private inFlight = 0;
  private timer: NodeJS.Timeout | undefined;
  private isDue = false;
  private readonly abort = new AbortController();
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly retrier: Retrier,
    private readonly options: BatchOptions,
    private readonly onOutcome: OnOutcome<Item>,
  ) {}

  /** Spans that have no outcome yet: those that wait are the caller's to bound, by what it takes in. */
  get pending(): number {
    return this.queue.length + this.spansInFlight;
  }
  private spansInFlight = 0;

  add(span: OutgoingSpan, item: Item, bytes: number): void {
    this.queue.push({ span, item, bytes });
    this.queuedBytes += bytes;
    if (this.isFull) this.sendWhatIsDue();
    else this.startTimer();
  }

  /** Sends what waits without waiting for more. */
  flushNow(): void {
    this.isDue = this.queue.length > 0;
    this.sendWhatIsDue();
  }

  /** Sends what waits without waiting for more. @returns when everything added so far has its outcome. */
  flush(): Promise<void> {
    this.flushNow();
    return new Promise((resolve) => {
      if (this.pending === 0) resolve();
      else this.idleWaiters.push(resolve);
    });
  }

  /** Gives up: no further request begins, and what has no outcome yet never gets one. */
  stop(): void {
    this.abort.abort();
    clearTimeout(this.timer);
    this.queue = [];
    this.queuedBytes = 0;
  }

  private get isFull(): boolean {
    return this.queue.length >= this.options.maxSize || this.queuedBytes >= this.options.maxBytes;
  }

  private sendWhatIsDue(): void {
    while (
      this.inFlight < this.options.maxInFlight &&
      (this.isFull || (this.isDue && this.queue.length > 0))
    ) {
      void this.send(this.takeBatch());
    }
    // What a full batch left behind may never have seen a timer: it was added while everything was on its way.
    if (this.queue.length > 0) {
      this.startTimer();
      return;
    }
    this.isDue = false;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private startTimer(): void {
    this.timer ??= setTimeout(() => this.flushNow(), this.options.delayMs);
  }

  private takeBatch(): Entry<Item>[] {
    let count = 0;
    let bytes = 0;
    for (const entry of this.queue) {
      if (count === this.options.maxSize || (count > 0 && bytes + entry.bytes > this.options.maxBytes)) break;
      bytes += entry.bytes;
      count++;
    }
    this.queuedBytes -= bytes;
    return this.queue.splice(0, count);
  }

  private async send(batch: readonly Entry<Item>[]): Promise<void> {
    this.inFlight++;
    this.spansInFlight += batch.length;
    await this.retrier.deliver(
      batch.map(({ span }) => span),
      (from, to, outcome) => {
        this.spansInFlight -= to - from;
        this.onOutcome(
          batch.slice(from, to).map(({ item }) => item),
          outcome,
        );
      },
      this.abort.signal,
    );
    this.inFlight--;
    if (this.abort.signal.aborted) return;
    this.sendWhatIsDue();
    if (this.pending === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}
