/**
 * Several sinks as one, each of which has one batch on its way at a time: what goes over a sink's connection meanwhile
 * belongs to that batch. There are as many as batches were ever on their way at once.
 */
import type { Outcome, Sink } from '../contracts.js';
import type { EncodedSpan, SpanEncoding } from '../encoded-span.js';

export interface Lane {
  readonly sink: Sink<EncodedSpan>;
  /** It was given up on, and may still be at work on a batch that has its outcome. */
  readonly isStuck: boolean;
}

export class Lanes implements Sink<EncodedSpan> {
  private readonly free: Lane[];
  private readonly taken = new Set<Lane>();

  /** @param open makes one more; the first at once. */
  constructor(
    readonly encoding: SpanEncoding,
    private readonly open: () => Lane,
  ) {
    this.free = [open()];
  }

  async send(spans: readonly EncodedSpan[]): Promise<Outcome> {
    const lane = this.free.pop() ?? this.open();
    this.taken.add(lane);
    const outcome = await lane.sink.send(spans);
    this.taken.delete(lane);
    // Nobody waits for it any more, however it ends.
    if (lane.isStuck) lane.sink.close().catch(() => undefined);
    else this.free.push(lane);
    return outcome;
  }

  async close(): Promise<void> {
    await Promise.all([...this.free, ...this.taken].map(({ sink }) => sink.close()));
  }
}
