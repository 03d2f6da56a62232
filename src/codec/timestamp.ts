/** osprofiler's timestamps: naive UTC of microseconds, `datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f")`. */

/** Six fraction digits always come from osprofiler itself; its own report accepts fewer, and so do stored ones. */
const FORM = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?$/;
/** Digits of the date and time down to the second, and of all with six more for the fraction. */
const SECOND_LENGTH = 19;
const USUAL_LENGTH = 26;
const POINT = 0x2e;

/** Notifications come by the hundred from one second: the last one is remembered, as its text has it. */
let lastSecond: Uint8Array = Buffer.from('1970-01-01T00:00:00');
let lastSecondMicros = 0;

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

/** {@link parseTimestamp} of what lies in the bytes of an ASCII text from `begin` to before `end`. */
export function parseTimestampAt(bytes: Buffer, begin: number, end: number): number | undefined {
  const micros = end - begin === USUAL_LENGTH ? microsOfLastSecond(bytes, begin) : -1;
  if (micros >= 0) return lastSecondMicros + micros;
  const timestamp = parseTimestamp(bytes.toString('latin1', begin, end));
  if (timestamp === undefined) return undefined;
  lastSecond = new Uint8Array(bytes.subarray(begin, begin + SECOND_LENGTH));
  lastSecondMicros = timestamp - (timestamp % 1e6);
  return timestamp;
}

/** The six digits behind the remembered second; -1 for any other text. */
function microsOfLastSecond(bytes: Uint8Array, begin: number): number {
  if (bytes[begin + SECOND_LENGTH] !== POINT) return -1;
  for (let at = 0; at < SECOND_LENGTH; at++) if (bytes[begin + at] !== lastSecond[at]) return -1;
  let micros = 0;
  for (let at = begin + SECOND_LENGTH + 1; at < begin + USUAL_LENGTH; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    micros = micros * 10 + digit;
  }
  return micros;
}

/** Date.UTC rolls February 30th over to March: a calendar date must come back as it went in. */
function isSameMoment(moment: number, second: string): boolean {
  return new Date(moment).toISOString().slice(0, 19) === second.replace(' ', 'T');
}
