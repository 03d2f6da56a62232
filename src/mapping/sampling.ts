/**
 * Keeps a ratio of traces. All points of a trace meet the same fate, on every replica and after every redelivery,
 * because only the trace id decides: its last 56 bits against a threshold, as OpenTelemetry's consistent probability
 * sampling has it (opentelemetry specification, "TraceState: probability sampling"; W3C trace context level 2).
 */

/** 56 bits do not fit a double; their first 52 decide as well as anybody could tell. */
const RANDOM_DIGITS = 13;
const RANGE = 16 ** RANDOM_DIGITS;

/** @param ratio 0 to 1. @param traceId 32 hex digits. */
export function isSampled(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  const random = Number.parseInt(traceId.slice(18, 18 + RANDOM_DIGITS), 16);
  return random >= (1 - ratio) * RANGE;
}
