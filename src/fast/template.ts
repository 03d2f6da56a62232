/**
 * The bytes of a span, and the places in them where its ids and times stand. A template is found by looking for marks:
 * ids and times that the specification was given, in whatever form they turn up in what it wrote. Nothing here knows
 * an encoding.
 */
import { digitsOf, LOW_BITS, lowDigitsOf, UUID_LENGTH } from '../uuid.js';

/** What varies from span to span of one template. The ids are UUIDs as Python writes them. */
export interface Variables {
  readonly baseId: string;
  readonly traceId: string;
  readonly parentId: string;
  /** Microseconds since the Unix epoch, of 16 digits. */
  readonly start: number;
  readonly stop: number;
}

/** Forms of an id: its text, its hex digits and their low half, its bytes and their low half. */
const TEXT = 0;
const DIGITS = 1;
const LOW_DIGITS = 2;
const BYTES = 3;
const LOW_BYTES = 4;
/** Forms of a time: its digits, as the beginning of its nanoseconds', and its nanoseconds in 64 bits, lowest byte first. */
const DECIMAL = 5;
const FIXED_64 = 6;

/** Variables to look for, and each form of each of them. */
export interface Marks extends Variables {
  readonly patterns: readonly Pattern[];
}

interface Pattern extends Omit<Place, 'at'> {
  readonly bytes: Buffer;
}

/** Where a variable stands, and in what form. */
interface Place {
  readonly of: keyof Variables;
  readonly form: number;
  readonly at: number;
}

const DASH = 0x2d;
const ZERO = 0x30;
const DECIMAL_DIGITS = 16;
const SECOND_DIGITS = 10;
const MICROS = 1e6;
const TWO_WORDS = 2 ** 32;

export class Template {
  readonly length: number;
  private readonly bytes: Buffer;
  /** The places of the base id, which is put into {@link bytes} once for all spans of a trace. */
  private readonly basePlaces: readonly Place[];
  private readonly places: readonly Place[];
  private lastBaseId = '';

  /** @param bytes what was written of `marks`. */
  constructor(bytes: Buffer, marks: Marks) {
    this.bytes = Buffer.from(bytes);
    this.length = bytes.length;
    const places = findPlaces(bytes, marks);
    this.basePlaces = places.filter(({ of }) => of === 'baseId');
    this.places = places.filter(({ of }) => of !== 'baseId');
  }

  /** Writes a span. `target` has room for {@link length} bytes at `begin`. */
  write(variables: Variables, target: Buffer, begin: number): void {
    const { bytes, places } = this;
    if (variables.baseId !== this.lastBaseId) {
      this.lastBaseId = variables.baseId;
      for (const place of this.basePlaces) put(bytes, place.at, place.form, variables.baseId);
    }
    target.set(bytes, begin);
    for (let index = 0; index < places.length; index++) {
      const { at, form, of } = places[index]!;
      put(target, begin + at, form, variables[of]);
    }
  }
}

function findPlaces(bytes: Buffer, { patterns }: Marks): Place[] {
  const places: (Place & { readonly end: number })[] = [];
  for (const { of, form, bytes: pattern } of patterns)
    for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at + 1)) {
      const end = at + pattern.length;
      if (places.every((other) => end <= other.at || at >= other.end)) places.push({ of, form, at, end });
    }
  return places.map(({ of, form, at }) => ({ of, form, at }));
}

export function marksOf(marks: Variables): Marks {
  const ofIds = (['baseId', 'traceId', 'parentId'] as const)
    // The parent of a root is its trace: that is one variable.
    .filter((of) => of === 'baseId' || marks[of] !== marks.baseId)
    .flatMap((of) => [
      { of, form: TEXT, bytes: Buffer.from(marks[of]) },
      { of, form: DIGITS, bytes: Buffer.from(digitsOf(marks[of])) },
      { of, form: LOW_DIGITS, bytes: Buffer.from(lowDigitsOf(marks[of])) },
      { of, form: BYTES, bytes: Buffer.from(digitsOf(marks[of]), 'hex') },
      { of, form: LOW_BYTES, bytes: Buffer.from(lowDigitsOf(marks[of]), 'hex') },
    ]);
  const ofTimes = (['start', 'stop'] as const).flatMap((of) => {
    const nanos = Buffer.alloc(8);
    nanos.writeBigUInt64LE(BigInt(marks[of]) * 1_000n);
    return [
      { of, form: DECIMAL, bytes: Buffer.from(String(marks[of])) },
      { of, form: FIXED_64, bytes: nanos },
    ];
  });
  // What stands within a longer pattern is no place of its own.
  const patterns = [...ofIds, ...ofTimes].sort((one, other) => other.bytes.length - one.bytes.length);
  return { ...marks, patterns };
}

function put(bytes: Buffer, at: number, form: number, value: string | number): void {
  if (typeof value === 'number') {
    if (form === DECIMAL) putDecimal(bytes, at, value);
    else putFixed64(bytes, at, value);
  } else if (form === TEXT) putText(bytes, at, value);
  else if (form === DIGITS) putDigits(bytes, at, value, 0);
  else if (form === LOW_DIGITS) putDigits(bytes, at, value, LOW_BITS);
  else putBytes(bytes, at, value, form === BYTES ? 0 : LOW_BITS);
}

function putText(bytes: Buffer, at: number, id: string): void {
  for (let index = 0; index < UUID_LENGTH; index++) bytes[at + index] = id.charCodeAt(index);
}

function putDigits(bytes: Buffer, at: number, id: string, from: number): void {
  for (let index = from, to = at; index < UUID_LENGTH; index++) {
    const character = id.charCodeAt(index);
    if (character !== DASH) bytes[to++] = character;
  }
}

function putBytes(bytes: Buffer, at: number, id: string, from: number): void {
  for (let index = from, to = at; index < UUID_LENGTH; index += 2) {
    if (id.charCodeAt(index) === DASH) index++;
    bytes[to++] = (digitAt(id.charCodeAt(index)) << 4) | digitAt(id.charCodeAt(index + 1));
  }
}

/** Of a hex digit: letters have one bit more than digits, and begin at 1. */
function digitAt(character: number): number {
  return (character & 0xf) + 9 * (character >> 6);
}

/** In two parts, which are small integers: those are quicker than numbers of sixteen digits. */
function putDecimal(bytes: Buffer, at: number, micros: number): void {
  const seconds = Math.floor(micros / MICROS);
  putInteger(bytes, at, SECOND_DIGITS, seconds);
  putInteger(bytes, at + SECOND_DIGITS, DECIMAL_DIGITS - SECOND_DIGITS, micros - seconds * MICROS);
}

function putInteger(bytes: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let to = at + digits - 1; to >= at; to--) {
    const next = Math.floor(rest / 10);
    bytes[to] = ZERO + rest - next * 10;
    rest = next;
  }
}

/** Nanoseconds of microseconds, in two halves, since numbers have 53 bits. */
function putFixed64(bytes: Buffer, at: number, micros: number): void {
  const high = Math.floor(micros / TWO_WORDS);
  const low = (micros - high * TWO_WORDS) * 1_000;
  putWord(bytes, at, low);
  putWord(bytes, at + 4, high * 1_000 + Math.floor(low / TWO_WORDS));
}

/** The low 32 bits of an integer. */
function putWord(bytes: Buffer, at: number, integer: number): void {
  const word = integer >>> 0;
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}
