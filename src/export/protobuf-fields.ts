/** What a protobuf message is made of; see "Encoding" of protobuf.dev. Only what OTLP's messages hold is read here. */

/** A field of a message, and where it is in the bytes. */
export interface Field {
  readonly number: number;
  /** Of its tag. */
  readonly begin: number;
  /** Of what it holds: behind the tag, and behind the length where it has one. */
  readonly value: number;
  readonly end: number;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** A varint's bytes have seven bits each, the lowest first; the last one is below this. */
const MORE = 0x80;

/** The fields of a message, in their order. Throws on what is none. */
export function* fieldsOf(bytes: Uint8Array, begin: number, end: number): Generator<Field> {
  for (let at = begin; at < end; ) {
    const tag = readVarint(bytes, at);
    const value = valueBehind(bytes, tag.end, tag.value & 7);
    if (value.end > end) throw new RangeError('a field ends behind its message');
    yield { number: tag.value >>> 3, begin: at, ...value };
    at = value.end;
  }
}

function valueBehind(bytes: Uint8Array, at: number, type: number): Pick<Field, 'value' | 'end'> {
  switch (type) {
    case VARINT:
      return { value: at, end: readVarint(bytes, at).end };
    case FIXED_64:
      return { value: at, end: at + 8 };
    case FIXED_32:
      return { value: at, end: at + 4 };
    case LENGTH_DELIMITED: {
      const length = readVarint(bytes, at);
      return { value: length.end, end: length.end + length.value };
    }
    default:
      throw new RangeError(`no protobuf type has the number ${type}`);
  }
}

/** Exact below 2⁵³; what is larger is no tag or length. */
function readVarint(bytes: Uint8Array, begin: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = begin, unit = 1; at < bytes.length; at++, unit *= MORE) {
    const byte = bytes[at]!;
    value += (byte % MORE) * unit;
    if (byte < MORE) return { value, end: at + 1 };
  }
  throw new RangeError('a number ends behind its message');
}

/** Tag and length of a field of a low number that holds so many bytes. */
export function headOf(number: number, length: number): Uint8Array {
  const head = [(number << 3) | LENGTH_DELIMITED];
  let rest = length;
  for (; rest >= MORE; rest = Math.floor(rest / MORE)) head.push((rest % MORE) | MORE);
  head.push(rest);
  return Uint8Array.from(head);
}
