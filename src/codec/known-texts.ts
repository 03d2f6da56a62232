/**
 * A bounded memory of texts that come over and over in messages, looked up by their bytes: a text that is known need
 * not be made. What it gives back holds nothing else alive.
 *
 * They are looked up by a few of their bytes, and then compared: to hash all of a statement would take longer than to
 * compare it.
 */
import { isAscii } from 'node:buffer';

interface Known<Value> {
  readonly bytes: Uint8Array;
  readonly value: Value;
}

/** Bytes that are looked at, spread over all of it. */
const LOOKS = 8;
/** Up to here a loop compares sooner than a native function, which takes 80 ns for any length. */
const SHORT = 48;
/** Texts that look alike are searched through: who makes many of them on purpose gains nothing. */
const MOST_ALIKE = 8;

export class KnownTexts<Value> {
  /** Those with one fingerprint each. */
  private readonly known = new Map<number, Known<Value>[]>();
  private size = 0;

  /**
   * @param maxEntries when it is full it starts afresh, so that hostile variety costs time, not memory.
   * @param make makes the value from the text.
   */
  constructor(
    private readonly maxEntries: number,
    private readonly make: (text: string) => Value,
  ) {}

  /** Of the text that lies in `bytes` from `begin` to before `end`. @returns undefined when it is not ASCII. */
  of(bytes: Buffer, begin: number, end: number): Value | undefined {
    const fingerprint = fingerprintOf(bytes, begin, end);
    const alike = this.known.get(fingerprint);
    if (alike !== undefined) {
      for (let at = 0; at < alike.length; at++)
        if (isSame(alike[at]!.bytes, bytes, begin, end)) return alike[at]!.value;
    }
    const text = bytes.subarray(begin, end);
    return isAscii(text) ? this.remember(fingerprint, text) : undefined;
  }

  private remember(fingerprint: number, text: Buffer): Value {
    const value = this.make(text.toString('latin1'));
    if (this.size >= this.maxEntries) {
      this.known.clear();
      this.size = 0;
    }
    this.size++;
    const alike = this.known.get(fingerprint) ?? [];
    const made = { bytes: new Uint8Array(text), value };
    this.known.set(fingerprint, alike.length < MOST_ALIKE ? [...alike, made] : [made]);
    return value;
  }
}

/** From the end: there texts that begin alike differ. */
function fingerprintOf(bytes: Buffer, begin: number, end: number): number {
  const length = end - begin;
  const step = Math.max(1, Math.trunc(length / LOOKS));
  let print = length;
  for (let at = end - 1; at >= begin; at -= step) print = (Math.imul(print, 31) + bytes[at]!) | 0;
  return print;
}

function isSame(known: Uint8Array, bytes: Buffer, begin: number, end: number): boolean {
  const { length } = known;
  if (length !== end - begin) return false;
  if (length > SHORT) return bytes.compare(known, 0, length, begin, end) === 0;
  for (let at = 0; at < length; at++) if (bytes[begin + at] !== known[at]) return false;
  return true;
}
