/** A span as the demo shows it: what came out of the bridge and over OTLP, read back. */

export type SpanKindName = 'internal' | 'server' | 'client';

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Absent for a root. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKindName;
  /** Microseconds since the Unix epoch. */
  readonly startMicros: number;
  /** Microseconds since the Unix epoch, never before the start. */
  readonly endMicros: number;
  /** The SQL text, for a span that is a statement; may be empty. */
  readonly statement?: string;
  /** Present when the span's status is ERROR. */
  readonly error?: SpanError;
  /** Which half is missing, in words. */
  readonly incomplete?: string;
}

export interface SpanError {
  /** The exception's class, dotted; may be empty. */
  readonly type: string;
  /** May be empty, or a whole traceback. */
  readonly message: string;
}

/** Microseconds. */
export function durationOf({ startMicros, endMicros }: Span): number {
  return endMicros - startMicros;
}
