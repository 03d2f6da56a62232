/** What carries a request's bytes to the backend. Each answer belongs to the request that was made. */
import type { Outcome } from '../contracts.js';

export interface Transport {
  /** Sends one request, once. Never rejects: failure is an outcome. */
  send(body: Uint8Array): Promise<Outcome>;
  close(): void;
}

/** Where spans go over OTLP, and how. */
export interface OtlpConnection {
  /** Over HTTP with its path (`/v1/traces`); for gRPC scheme, host and port. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds from a request's beginning to the end of its answer. */
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
}

/** More of an answer than this is not read. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
