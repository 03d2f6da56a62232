/**
 * Objects as the parameters of SQL nearly always are: texts without escapes, short integers, true, false and null, one
 * level deep, with Python's blanks. Such a one is seen to be well formed in a fraction of the time that it takes to make
 * it. Longer integers are no such: some are refused, as Python does.
 */
import { type AsciiReader, ascii, CLOSE, OPEN, QUOTE } from './ascii-reader.js';

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = ascii(': ');
const COMMA = ascii(', ');
const MOST_DIGITS = 15;
const WORDS = ['true', 'false', 'null'].map(ascii);

/** Over the object that begins there. @returns false when it is any different; the place is then anywhere. */
export function skipPlainObject(reader: AsciiReader): boolean {
  if (!reader.skipByte(OPEN)) return false;
  if (reader.skipByte(CLOSE)) return true;
  do {
    if (!skipText(reader) || !reader.skip(COLON) || !skipValue(reader)) return false;
  } while (reader.skip(COMMA));
  return reader.skipByte(CLOSE);
}

function skipText(reader: AsciiReader): boolean {
  return reader.skipByte(QUOTE) && reader.skipPlain() && reader.skipByte(QUOTE);
}

function skipValue(reader: AsciiReader): boolean {
  if (reader.peek() === QUOTE) return skipText(reader);
  return skipInteger(reader) || WORDS.some((word) => reader.skip(word));
}

/** As JSON has it, but not of many digits. */
function skipInteger(reader: AsciiReader): boolean {
  const { bytes } = reader;
  const begin = reader.peek() === MINUS ? reader.at + 1 : reader.at;
  let at = begin;
  while (at < bytes.length && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
  const digits = at - begin;
  if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && bytes[begin] === ZERO)) return false;
  reader.at = at;
  return true;
}
