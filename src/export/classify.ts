/** What an answer of the backend means for a batch, whatever carried it. Pure. */
import type { Outcome } from '../contracts.js';
import { describe, explainNoAnswer } from './hints.js';

/** OTLP's `ExportTraceServiceResponse`, as far as it is read. */
export interface TraceResponse {
  readonly partialSuccess?: {
    readonly rejectedSpans?: number | string | bigint | null | undefined;
    readonly errorMessage?: string | null | undefined;
  } | null;
}

type Failure = Exclude<Outcome, { kind: 'accepted' }>;

/** No answer came: the connection failed, or time ran out. */
export function classifyNoAnswer(error: unknown): Failure {
  return { kind: 'retryable', ...(explainNoAnswer(error) ?? { reason: describe(error) }) };
}

/** The backend accepted the batch, and said this. */
export function classifyResponse({ partialSuccess }: TraceResponse): Outcome {
  const refused = Number(partialSuccess?.rejectedSpans ?? 0);
  const message = partialSuccess?.errorMessage ?? '';
  return {
    kind: 'accepted',
    ...(refused > 0 ? { refused } : {}),
    ...(message === '' ? {} : { message }),
  };
}

/** The backend accepted the batch, and said something else than OTLP's response: sending it again would store it twice. */
export function acceptedWithout(what: string): Outcome {
  return {
    kind: 'accepted',
    message: `accepted, but its answer is ${what}: refused spans cannot be counted`,
  };
}

/** An outcome with a hint, when there is one. */
export function withHint<Kind extends Failure>(outcome: Kind, hint: string | undefined): Kind {
  return hint === undefined ? outcome : { ...outcome, hint };
}

/** The backend's own words help when they are few and text. @returns with a colon in front, or nothing. */
export function wordsOf(text: string): string {
  const words = text.trim();
  const isPlain = words !== '' && words.length <= 300 && !/[^\t\n\r\x20-\x7e]/.test(words);
  return isPlain && !words.startsWith('<') ? `: ${words}` : '';
}
