/** What an answer of the backend means, as a value. Pure. */
import type { Outcome } from '../contracts.js';
import type { Exchange } from './exchange.js';
import { describe, explainNoAnswer, HINT_FOREIGN_ANSWER, hintForStatus } from './hints.js';

/** The batch itself is at fault, and sending it again is useless. Everything else may pass or be put right. */
const PERMANENT_STATUSES = new Set([400, 413, 422]);

/** OTLP's `ExportTraceServiceResponse`, as far as it is read. */
export interface TraceResponse {
  readonly partialSuccess?: {
    readonly rejectedSpans?: number | string | bigint | null | undefined;
    readonly errorMessage?: string | null | undefined;
  } | null;
}

/** Reads a response's body, or throws on what is none. */
export type ReadResponse = (body: Buffer) => TraceResponse;

/** The exporter called it a success: is the answer one of an OTLP backend? */
export function judgeSuccess(exchange: Exchange, read: ReadResponse): Outcome {
  const { status, contentType = '', body } = exchange;
  if (body === undefined) return retryable('the connection broke before the whole answer was there');
  if (body.length === 0) return { kind: 'accepted' };
  try {
    return judgeResponse(read(body));
  } catch {
    const type = contentType === '' ? 'no content type' : contentType;
    return retryable(
      `answered ${status} with ${type}, which is not OTLP: is the URL that of an OTLP receiver?`,
      HINT_FOREIGN_ANSWER,
    );
  }
}

function judgeResponse({ partialSuccess }: TraceResponse): Outcome {
  const refused = Number(partialSuccess?.rejectedSpans ?? 0);
  const message = partialSuccess?.errorMessage ?? '';
  return {
    kind: 'accepted',
    ...(refused > 0 ? { refused } : {}),
    ...(message === '' ? {} : { message }),
  };
}

/** The exporter called it a failure. */
export function judgeFailure(exchange: Exchange, error: unknown, now: number): Outcome {
  const { status } = exchange;
  if (status === undefined) {
    const explained = explainNoAnswer(error);
    return explained === undefined ? retryable(describe(error)) : { kind: 'retryable', ...explained };
  }
  const reason = `the backend answered ${status}${detailOf(exchange)}`;
  if (PERMANENT_STATUSES.has(status)) return { kind: 'permanent', reason };
  const retryAfterMs = parseRetryAfter(exchange.retryAfter, now);
  const outcome = retryable(reason, hintForStatus(status));
  return retryAfterMs === undefined ? outcome : { ...outcome, retryAfterMs };
}

/**
 * `Retry-After`: seconds or an HTTP date.
 * @returns milliseconds from now, not negative; undefined when absent or neither.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function retryable(reason: string, hint?: string): Extract<Outcome, { kind: 'retryable' }> {
  return { kind: 'retryable', reason, ...(hint === undefined ? {} : { hint }) };
}

/** A backend's own words help, when they are few and text. */
function detailOf({ body }: Exchange): string {
  const text = body?.toString('utf8').trim() ?? '';
  const isPlain =
    text !== '' && text.length <= 300 && !text.startsWith('<') && !/[^\t\n\r\x20-\x7e]/.test(text);
  return isPlain ? `: ${text}` : '';
}
