/**
 * Any OpenTelemetry `SpanProcessor` as a sink.
 *
 * A processor takes a span and says nothing of its fate. What it does promise is that `forceFlush` resolves when it has
 * done what it can for the spans so far, and rejects when that failed: that is the outcome here. It is as good as the
 * processor's word. The `BatchSpanProcessor` of the SDK drops spans without a word when its queue is full, and does not
 * tell of batches that it sent by itself; so batches here are small, and one is on its way at a time.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, Sink } from '../contracts.js';
import { messageOf } from '../errors.js';
import type { BatchOptions } from './batcher.js';

/** `SpanProcessor` of SDK 2.x or 3.x, as far as it is called: spans come whole, and are never started here. */
export interface AnySpanProcessor {
  onEnd(span: ReadableSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Below the `BatchSpanProcessor`'s own batch of 512, at which it begins to send by itself. */
export const PROCESSOR_BATCH: Pick<BatchOptions, 'maxSize' | 'maxInFlight'> = {
  maxSize: 256,
  maxInFlight: 1,
};

export class ProcessorSink implements Sink<ReadableSpan> {
  /**
   * @param deadlineMs milliseconds after which a flush that has not ended counts as failed.
   * @param shutdown whether closing shuts the processor down, or only flushes it.
   */
  constructor(
    private readonly processor: AnySpanProcessor,
    private readonly deadlineMs: number,
    private readonly shutdown: boolean,
  ) {}

  async send(spans: readonly ReadableSpan[]): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Outcome>((resolve) => {
      const outcome = retryable(`no end to the processor's flush within ${this.deadlineMs} ms`);
      timer = setTimeout(() => resolve(outcome), this.deadlineMs);
    });
    try {
      return await Promise.race([this.process(spans), late]);
    } catch (error) {
      return retryable(messageOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await (this.shutdown ? this.processor.shutdown() : this.processor.forceFlush());
  }

  private async process(spans: readonly ReadableSpan[]): Promise<Outcome> {
    for (const span of spans) this.processor.onEnd(span);
    await this.processor.forceFlush();
    return { kind: 'accepted' };
  }
}

function retryable(reason: string): Outcome {
  return { kind: 'retryable', reason };
}
