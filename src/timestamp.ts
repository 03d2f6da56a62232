/** osprofiler's timestamps: naive UTC of microseconds, `datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f")`. */

/** Six fraction digits always come from osprofiler itself; its own report accepts fewer, and so do stored ones. */
const FORM = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?$/;
/** Digits of the date and time down to the second. */
const SECOND_LENGTH = 19;

/**
 * Microseconds since the epoch, exact; digits past the sixth are cut.
 * @returns undefined for what is not a moment between 1970 and 2254 (OTLP has no others; a double holds no more µs).
 */
export function parseTimestamp(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, sec, fraction = ''] = match;
  const moment = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +sec!);
  if (!isSameMoment(moment, text.slice(0, SECOND_LENGTH)) || +year! < 1970 || +year! > 2254) return undefined;
  return moment * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** Date.UTC rolls February 30th over to March: a calendar date must come back as it went in. */
function isSameMoment(moment: number, second: string): boolean {
  return new Date(moment).toISOString().slice(0, 19) === second.replace(' ', 'T');
}
