/** A sink that others may watch: same interface, and what is seen changes nothing of what is sent. */
import type { Outcome, Sink } from '../contracts.js';
import type { OutgoingSpan } from '../encoded-span.js';

/** One answer of the backend. A batch that is sent again is seen again. */
export interface Sent {
  readonly spans: readonly OutgoingSpan[];
  readonly outcome: Outcome;
  /** From the moment it was sent until its outcome, in milliseconds. */
  readonly durationMs: number;
}

export class ObservedSink implements Sink {
  readonly encoding: Sink['encoding'];
  readonly probe: Sink['probe'];
  private waiting = 0;

  /** @param observe called once for each {@link send}, after its outcome; must not throw. */
  constructor(
    private readonly sink: Sink,
    private readonly observe: (sent: Sent) => void,
  ) {
    this.encoding = sink.encoding;
    this.probe = sink.probe && (() => sink.probe!());
  }

  /** Batches that were sent and have no outcome yet. */
  get inFlight(): number {
    return this.waiting;
  }

  async send(spans: readonly OutgoingSpan[]): Promise<Outcome> {
    const begun = performance.now();
    this.waiting++;
    const outcome = await this.sink.send(spans);
    this.waiting--;
    this.observe({ spans, outcome, durationMs: performance.now() - begun });
    return outcome;
  }

  close(): Promise<void> {
    return this.sink.close();
  }
}
