/** Microseconds → OpenTelemetry's HrTime, exact. */
import type { HrTime } from '@opentelemetry/api';

const MICROS_PER_SECOND = 1_000_000;

/** @param micros a whole number of microseconds, not negative. */
export function toHrTime(micros: number): HrTime {
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  return [seconds, (micros - seconds * MICROS_PER_SECOND) * 1000];
}
