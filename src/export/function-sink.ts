/** A function of the caller's as a sink. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, Sink } from '../contracts.js';
import { messageOf } from '../errors.js';

/**
 * Takes a batch of spans. Their notifications are settled when it has returned: nothing, or `{ kind: 'accepted' }`, says
 * that the spans are safe. Throwing or rejecting says that they are not, and the same batch comes again after a pause,
 * for as long as it takes; `{ kind: 'permanent', reason }` says that they never will be.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is one of these.
export type SendSpans = (spans: readonly ReadableSpan[]) => Outcome | void | Promise<Outcome | void>;

export class FunctionSink implements Sink<ReadableSpan> {
  constructor(private readonly take: SendSpans) {}

  async send(spans: readonly ReadableSpan[]): Promise<Outcome> {
    try {
      return (await this.take(spans)) ?? { kind: 'accepted' };
    } catch (error) {
      return { kind: 'retryable', reason: messageOf(error) };
    }
  }

  async close(): Promise<void> {}
}
