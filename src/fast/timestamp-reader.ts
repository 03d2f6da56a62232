/** Timestamps in the bytes of a message. They come by the hundred from one second: the last second is remembered. */
import { parseTimestamp } from '../timestamp.js';

/** Digits of date and time down to the second, and with a fraction of six. */
const SECOND_LENGTH = 19;
const USUAL_LENGTH = 26;
const POINT = 0x2e;

export class TimestampReader {
  private lastSecond: Uint8Array = Buffer.from('1970-01-01T00:00:00');
  private lastSecondMicros = 0;

  /** {@link parseTimestamp} of the ASCII text from `begin` to before `end`. */
  read(bytes: Buffer, begin: number, end: number): number | undefined {
    const micros = end - begin === USUAL_LENGTH ? this.microsOfLastSecond(bytes, begin) : -1;
    if (micros >= 0) return this.lastSecondMicros + micros;
    const timestamp = parseTimestamp(bytes.toString('latin1', begin, end));
    if (timestamp === undefined) return undefined;
    this.lastSecond = new Uint8Array(bytes.subarray(begin, begin + SECOND_LENGTH));
    this.lastSecondMicros = timestamp - (timestamp % 1e6);
    return timestamp;
  }

  /** The six digits behind the remembered second; -1 for any other text. */
  private microsOfLastSecond(bytes: Uint8Array, begin: number): number {
    if (bytes[begin + SECOND_LENGTH] !== POINT) return -1;
    const { lastSecond } = this;
    for (let at = 0; at < SECOND_LENGTH; at++) if (bytes[begin + at] !== lastSecond[at]) return -1;
    let micros = 0;
    for (let at = begin + SECOND_LENGTH + 1; at < begin + USUAL_LENGTH; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return -1;
      micros = micros * 10 + digit;
    }
    return micros;
  }
}
