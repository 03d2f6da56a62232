/**
 * A place in the bytes of an ASCII text that moves over what is expected there. A message read so need not become a
 * string first, which would be longer than all that is wanted of it. Nor is it asked before whether it is ASCII, which
 * takes a few hundredths of reading it: what the place has moved over by any way but {@link AsciiReader.seek} is.
 *
 * Whatever is not as expected leaves the place where it was.
 */
import { isAscii } from 'node:buffer';

export const QUOTE = 0x22;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
const BACKSLASH = 0x5c;

/** By byte: 1 for what JSON's strings hold as it is. Control characters are no JSON. */
const PLAIN = Uint8Array.from({ length: 256 }, (_none, byte) =>
  Number(byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH),
);
/** The same of a text that stands between quotes. */
export const PLAIN_PATTERN = String.raw`[\x20\x21\x23-\x5b\x5d-\x7f]*`;

/** The bytes of a text that is expected. */
export function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export class AsciiReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** The byte `ahead` of the place; undefined behind the end. */
  peek(ahead = 0): number | undefined {
    return this.bytes[this.at + ahead];
  }

  /** @returns whether `wanted` stood there. A loop: it is short, and to call a native function takes 80 ns. */
  skip(wanted: Uint8Array): boolean {
    const { bytes, at: begin } = this;
    const { length } = wanted;
    if (begin + length > bytes.length) return false;
    for (let at = 0; at < length; at++) if (bytes[begin + at] !== wanted[at]) return false;
    this.at = begin + length;
    return true;
  }

  /** @returns whether that byte stood there. */
  skipByte(wanted: number): boolean {
    if (this.bytes[this.at] !== wanted) return false;
    this.at++;
    return true;
  }

  /** Over a text without escapes, to the quote behind it. @returns false when it is none. */
  skipPlain(): boolean {
    const { bytes } = this;
    const { length } = bytes;
    let { at } = this;
    while (at < length && PLAIN[bytes[at]!] === 1) at++;
    if (bytes[at] !== QUOTE) return false;
    this.at = at;
    return true;
  }

  /** To where that stands next. @returns false when it does not. */
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
}
