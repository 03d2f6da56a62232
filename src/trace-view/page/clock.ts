/** Moments for people: osprofiler's clocks are UTC, and so is everything here. Pure. */

/** `2026-11-22T07:16:10.147Z`. @param micros since the Unix epoch */
export function isoTime(micros: number): string {
  const date = new Date(micros / 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** `22 Nov 07:16:10`. @param micros since the Unix epoch */
export function clockTime(micros: number): string {
  const iso = isoTime(micros);
  if (iso === '') return 'unknown';
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(11, 19)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
