/** Spans made up for tests, and a sink that answers as it is told. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, Sink } from '../../src/contracts.js';
import { SpanMapper } from '../../src/mapping/span.js';
import { start, stop } from './notifications.js';

const mapper = new SpanMapper();

/** A span of this name. */
export function span(name = 'work'): ReadableSpan {
  const changes = { name, traceId: `point ${name}` };
  return mapper.toSpan({ start: start(changes), stop: stop(changes) });
}

export const TAKEN: Outcome = { kind: 'accepted' };

/** A request of the bridge that has no answer yet. */
export interface Request {
  readonly names: readonly string[];
  answer(outcome: Outcome): void;
}

/** A sink whose requests wait for the test to answer them. */
export class HeldSink implements Sink {
  readonly requests: Request[] = [];
  isClosed = false;

  send(spans: readonly ReadableSpan[]): Promise<Outcome> {
    return new Promise((answer) => {
      this.requests.push({ names: spans.map(({ name }) => name), answer });
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** A sink that answers at once: by the spans' names, or always the same. */
export class PromptSink implements Sink {
  readonly batches: (readonly ReadableSpan[])[] = [];

  constructor(
    private readonly decide: (names: readonly string[], request: number) => Outcome = () => TAKEN,
  ) {}

  get names(): string[][] {
    return this.batches.map((batch) => batch.map(({ name }) => name));
  }

  async send(spans: readonly ReadableSpan[]): Promise<Outcome> {
    this.batches.push(spans);
    return this.decide(
      spans.map(({ name }) => name),
      this.batches.length,
    );
  }

  async close(): Promise<void> {}
}

/** Lets everything that is already decided happen. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Sends spans in the form that the sink takes. */
export function sendSpans(sink: Sink, spans: readonly ReadableSpan[]): Promise<Outcome> {
  const { encoding } = sink;
  return sink.send(encoding === undefined ? spans : spans.map((each) => encoding.encode(each)));
}
