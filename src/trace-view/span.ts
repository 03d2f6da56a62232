/** The one form of a span that is shown: on the page, at a terminal, in reports. */

export type SpanKindName = 'internal' | 'server' | 'client';

export type Value = string | number | boolean | readonly Value[];

export type Attributes = Readonly<Record<string, Value>>;

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
  /** Present while the trace point is open: the end is then the moment of looking. */
  readonly isOpen?: true;
  /** Which notification is missing, in words. */
  readonly incomplete?: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** The attributes of its resource: the service and the host. */
  readonly resource: Attributes;
}

export interface SpanError {
  /** The exception's class, dotted; may be empty. */
  readonly type: string;
  /** May be empty, or a whole traceback. */
  readonly message: string;
}

export interface SpanEvent {
  readonly name: string;
  /** Microseconds since the Unix epoch. */
  readonly micros: number;
  readonly attributes: Attributes;
}

/** Microseconds. */
export function durationOf({ startMicros, endMicros }: Span): number {
  return endMicros - startMicros;
}

/** `NotFound: The resource could not be found.` */
export function errorText({ error }: Span): string {
  if (error === undefined) return '';
  const type = error.type.slice(error.type.lastIndexOf('.') + 1);
  return [type, error.message].filter(Boolean).join(': ') || 'failed';
}
