/**
 * A place in a message's bytes that moves over what is expected there. What it has moved over by any method but
 * {@link ByteReader.seek} is ASCII. Where something else stands the place stays, and the answer is false.
 */
import { isAscii } from 'node:buffer';
import { parseTimestamp } from '../timestamp.js';

export const QUOTE = 0x22;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** Longer integers are left to the full parser: Python refuses some, and a double cannot hold others. */
const MAX_DIGITS = 15;

/** By byte: 1 for what strings of JSON hold as it is. */
const PLAIN = Uint8Array.from({ length: 256 }, (_none, byte) =>
  Number(byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH),
);
/** The same of a text that stands between quotes. */
export const PLAIN_PATTERN = String.raw`[\x20\x21\x23-\x5b\x5d-\x7f]*`;

/** The bytes of a text that is expected. */
export function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

const COLON = ascii(': ');
const COMMA = ascii(', ');
const WORDS = ['true', 'false', 'null'].map(ascii);

export class ByteReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  /** A loop: what is expected is short, and to call a native function takes 80 ns. */
  skip(expected: Uint8Array): boolean {
    const { bytes, at: begin } = this;
    const { length } = expected;
    if (begin + length > bytes.length) return false;
    for (let at = 0; at < length; at++) if (bytes[begin + at] !== expected[at]) return false;
    this.at = begin + length;
    return true;
  }

  skipByte(expected: number): boolean {
    if (this.bytes[this.at] !== expected) return false;
    this.at++;
    return true;
  }

  /** Over a text without escapes, to the quote behind it. */
  skipPlain(): boolean {
    const { bytes } = this;
    const { length } = bytes;
    let { at } = this;
    while (at < length && PLAIN[bytes[at]!] === 1) at++;
    if (bytes[at] !== QUOTE) return false;
    this.at = at;
    return true;
  }

  /** To where that stands next. */
  seek(wanted: number | Uint8Array): boolean {
    const found = this.bytes.indexOf(wanted, this.at);
    if (found === -1) return false;
    this.at = found;
    return true;
  }

  /** The text from there to the place. @returns undefined when it is not ASCII. */
  textFrom(begin: number): string | undefined {
    const text = this.bytes.subarray(begin, this.at);
    return isAscii(text) ? text.toString('latin1') : undefined;
  }

  /**
   * Over an object as the parameters of SQL nearly always are, which is quicker than to make it: texts without escapes,
   * short integers, true, false and null, with Python's blanks. When it is false the place is anywhere.
   */
  skipFlatObject(): boolean {
    if (!this.skipByte(OPEN)) return false;
    if (this.skipByte(CLOSE)) return true;
    do {
      if (!this.skipText() || !this.skip(COLON) || !this.skipValue()) return false;
    } while (this.skip(COMMA));
    return this.skipByte(CLOSE);
  }

  private skipText(): boolean {
    return this.skipByte(QUOTE) && this.skipPlain() && this.skipByte(QUOTE);
  }

  private skipValue(): boolean {
    if (this.bytes[this.at] === QUOTE) return this.skipText();
    return this.skipInteger() || WORDS.some((word) => this.skip(word));
  }

  private skipInteger(): boolean {
    const { bytes } = this;
    const begin = bytes[this.at] === MINUS ? this.at + 1 : this.at;
    let at = begin;
    while (at < bytes.length && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
    const digits = at - begin;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[begin] === ZERO)) return false;
    this.at = at;
    return true;
  }
}

/** Digits of date and time down to the second, and with a fraction of six. */
const SECOND_LENGTH = 19;
const USUAL_LENGTH = 26;
const POINT = 0x2e;

/** Timestamps come by the hundred from one second: the last second is remembered. */
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
