/** A sink that others may watch: same interface, and what is seen changes nothing of what is sent. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, SpanSink } from '../delivery.js';

/** One answer of the backend. A batch that is sent again is seen again. */
export interface Sent {
  readonly spans: readonly ReadableSpan[];
  readonly outcome: Outcome;
  /** From the moment it was sent until its outcome, in milliseconds. */
  readonly durationMs: number;
}

export class ObservedSink implements SpanSink {
  /** @param observe called once for each {@link send}, after its outcome; must not throw. */
  constructor(
    private readonly sink: SpanSink,
    private readonly observe: (sent: Sent) => void,
  ) {}

  async send(spans: readonly ReadableSpan[]): Promise<Outcome> {
    const begun = performance.now();
    const outcome = await this.sink.send(spans);
    this.observe({ spans, outcome, durationMs: performance.now() - begun });
    return outcome;
  }

  close(): Promise<void> {
    return this.sink.close();
  }
}
