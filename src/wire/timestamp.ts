/** osprofiler's timestamps: naive UTC of microseconds, `datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f")`. */

/** Six fraction digits always come from osprofiler itself; its own report accepts fewer, and so do stored ones. */
const FORM = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?$/;
/** Digits of the date and time down to the second, and of all with six more for the fraction. */
const SECOND_LENGTH = 19;
const USUAL_LENGTH = 26;
const POINT = 0x2e;

/** Notifications come by the hundred from one second: the last one is remembered. */
let lastSecond = '1970-01-01T00:00:00';
let lastSecondMicros = 0;

/**
 * Microseconds since the epoch, exact; digits past the sixth are cut.
 * @returns undefined for what is not a moment between 1970 and 2254 (OTLP has no others; a double holds no more µs).
 */
export function parseTimestamp(text: string): number | undefined {
  const micros = microsOfLastSecond(text);
  if (micros >= 0) return lastSecondMicros + micros;
  const second = text.slice(0, SECOND_LENGTH);
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, sec, fraction = ''] = match;
  const moment = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +sec!);
  if (!isSameMoment(moment, second) || +year! < 1970 || +year! > 2254) return undefined;
  lastSecond = second;
  lastSecondMicros = moment * 1000;
  return lastSecondMicros + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** The six digits behind the remembered second; -1 for any other text. */
function microsOfLastSecond(text: string): number {
  if (text.length !== USUAL_LENGTH || text.charCodeAt(SECOND_LENGTH) !== POINT) return -1;
  if (!text.startsWith(lastSecond)) return -1;
  let micros = 0;
  for (let at = SECOND_LENGTH + 1; at < USUAL_LENGTH; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    micros = micros * 10 + digit;
  }
  return micros;
}

/** Date.UTC rolls February 30th over to March: a calendar date must come back as it went in. */
function isSameMoment(moment: number, second: string): boolean {
  return new Date(moment).toISOString().slice(0, 19) === second.replace(' ', 'T');
}
