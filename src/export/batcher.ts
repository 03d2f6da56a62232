/**
 * Spans → batches, several in flight at once. A batch carries, beside each span, the caller's item for it, and gives the
 * items back with their outcome.
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
  /** Batches in flight at once. @default 4 */
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

/** So long batches stay smaller after the backend refused one for its size and accepted a part of it. */
const SMALLER_FOR_MS = 10 * 60_000;
/** Batches that are refused again and again make room for others: so many times {@link BatchOptions.maxInFlight}. */
const STUCK_SHARE = 3;

export type OnOutcome<Item> = (items: readonly Item[], outcome: FinalOutcome) => void;

export class Batcher<Item> {
  private queue: Entry<Item>[] = [];
  private queuedBytes = 0;
  private inFlight = 0;
  /** Batches in flight that are refused again and again, and not among {@link inFlight}. */
  private stuck = 0;
  private maxSize: number;
  private smallerUntil = 0;
  private timer: NodeJS.Timeout | undefined;
  private isDue = false;
  private readonly abort = new AbortController();
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly retrier: Retrier,
    private readonly options: BatchOptions,
    private readonly onOutcome: OnOutcome<Item>,
    /** Told when batches become smaller, since the backend refuses larger ones. */
    private readonly onSmaller: (maxSize: number) => void = () => {},
  ) {
    this.maxSize = options.maxSize;
  }

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
    return this.queue.length >= this.maxSize || this.queuedBytes >= this.options.maxBytes;
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
    if (this.maxSize < this.options.maxSize && performance.now() > this.smallerUntil)
      this.maxSize = this.options.maxSize;
    let count = 0;
    let bytes = 0;
    for (const entry of this.queue) {
      if (count === this.maxSize || (count > 0 && bytes + entry.bytes > this.options.maxBytes)) break;
      bytes += entry.bytes;
      count++;
    }
    this.queuedBytes -= bytes;
    return this.queue.splice(0, count);
  }

  private async send(batch: readonly Entry<Item>[]): Promise<void> {
    this.inFlight++;
    this.spansInFlight += batch.length;
    let isStuck = false;
    await this.retrier.deliver(
      batch,
      {
        onFinal: (entries, outcome) => {
          this.spansInFlight -= entries.length;
          this.onOutcome(
            entries.map(({ item }) => item),
            outcome,
          );
        },
        onStuck: () => {
          if (this.stuck >= this.options.maxInFlight * STUCK_SHARE) return;
          isStuck = true;
          this.stuck++;
          this.inFlight--;
          this.sendWhatIsDue();
        },
        onTooMany: (count) => this.limit(Math.ceil(count / 2)),
      },
      this.abort.signal,
    );
    if (isStuck) this.stuck--;
    else this.inFlight--;
    if (this.abort.signal.aborted) return;
    this.sendWhatIsDue();
    if (this.pending === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }

  /** For a while no batch is larger. */
  private limit(size: number): void {
    this.smallerUntil = performance.now() + SMALLER_FOR_MS;
    if (size >= this.maxSize) return;
    this.maxSize = size;
    this.onSmaller(size);
  }
}
