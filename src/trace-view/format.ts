/** Durations, counts and moments for people. Pure. */

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

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 days ago`. */
export function ago(ms: number): string {
  const age = formatAge(ms);
  return age === '' ? 'just now' : `${age} ago`;
}

/** `12 s`, `3 min`, `2 h`, `5 days`; empty below two seconds. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 2) return '';
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${formatCount(Math.floor(hours / 24))} days`;
}

/** `2026-11-22T07:16:10.147Z`; osprofiler's clocks are UTC. @param micros since the Unix epoch */
export function isoTime(micros: number): string {
  const date = new Date(micros / 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** `22 Nov 07:16:10`, in UTC. @param micros since the Unix epoch */
export function clockTime(micros: number): string {
  const iso = isoTime(micros);
  if (iso === '') return 'unknown';
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(11, 19)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
