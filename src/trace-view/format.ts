/** Durations and counts for people. Pure. */

/** Three digits and the unit: `412 µs`, `8.4 ms`, `875 ms`, `1.05 s`, `12.3 s`, `3 m 05 s`. */
export function formatMicros(micros: number): string {
  if (micros < 1000) return micros === 0 ? '0' : `${micros} µs`;
  const millis = micros / 1000;
  if (millis < 99.95) return `${millis.toFixed(1)} ms`;
  if (millis < 999.5) return `${Math.round(millis)} ms`;
  const seconds = millis / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
}

/** `1,761`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 root`, `13 roots`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
