/**
 * A protobuf message → the object that is its JSON, by a table of its fields.
 * Sources: protobuf's "Encoding"; opentelemetry-proto `trace/v1/trace.proto` and `common/v1/common.proto`.
 */

type Form = 'hex' | 'base64' | 'text' | 'number' | 'boolean' | 'double' | 'nanos' | Message;
/** The fields by their numbers: name, form, and whether there are several. */
type Message = { readonly [field: number]: readonly [name: string, form: Form, repeated?: 'repeated'] };

const LIST: { [field: number]: readonly [string, Form, 'repeated'] } = {};
const MAP: { [field: number]: readonly [string, Form, 'repeated'] } = {};
const ANY_VALUE: Message = {
  1: ['stringValue', 'text'],
  2: ['boolValue', 'boolean'],
  3: ['intValue', 'number'],
  4: ['doubleValue', 'double'],
  5: ['arrayValue', LIST],
  6: ['kvlistValue', MAP],
  7: ['bytesValue', 'base64'],
};
const KEY_VALUE: Message = { 1: ['key', 'text'], 2: ['value', ANY_VALUE] };
LIST[1] = ['values', ANY_VALUE, 'repeated'];
MAP[1] = ['values', KEY_VALUE, 'repeated'];
const EVENT: Message = {
  1: ['timeUnixNano', 'nanos'],
  2: ['name', 'text'],
  3: ['attributes', KEY_VALUE, 'repeated'],
};
const STATUS: Message = { 2: ['message', 'text'], 3: ['code', 'number'] };

export const SPAN: Message = {
  1: ['traceId', 'hex'],
  2: ['spanId', 'hex'],
  4: ['parentSpanId', 'hex'],
  5: ['name', 'text'],
  6: ['kind', 'number'],
  7: ['startTimeUnixNano', 'nanos'],
  8: ['endTimeUnixNano', 'nanos'],
  9: ['attributes', KEY_VALUE, 'repeated'],
  11: ['events', EVENT, 'repeated'],
  15: ['status', STATUS],
};

/** Fields that the table lacks are skipped. Throws a `RangeError` on bytes that end too early. */
export function readMessage(bytes: Buffer, message: Message): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (let at = 0; at < bytes.length; ) {
    const tag = varintAt(bytes, at);
    const content = contentAt(bytes, tag.end, Number(tag.value & 7n));
    at = content.end;
    const field = message[Number(tag.value >> 3n)];
    if (field === undefined) continue;
    const [name, form, repeated] = field;
    const value = readValue(content.value, form);
    const former = read[name];
    if (repeated === undefined) read[name] = value;
    else if (Array.isArray(former)) former.push(value);
    else read[name] = [value];
  }
  return read;
}

interface Content<Value> {
  readonly value: Value;
  /** Of what follows. */
  readonly end: number;
}

/** @param wireType 0: varint, 1: eight bytes, 2: a length and as many bytes, 5: four bytes. */
function contentAt(bytes: Buffer, at: number, wireType: number): Content<Buffer | bigint> {
  if (wireType === 0) return varintAt(bytes, at);
  const length = wireType === 2 ? varintAt(bytes, at) : undefined;
  const begin = length?.end ?? at;
  const end = begin + (length === undefined ? (wireType === 1 ? 8 : 4) : Number(length.value));
  if (end > bytes.length) throw new RangeError('a protobuf field ends behind its message');
  return { value: bytes.subarray(begin, end), end };
}

function varintAt(bytes: Buffer, begin: number): Content<bigint> {
  let value = 0n;
  for (let end = begin; ; end++) {
    const byte = bytes.readUInt8(end);
    value |= BigInt(byte & 0x7f) << BigInt(7 * (end - begin));
    if (byte < 0x80) return { value, end: end + 1 };
  }
}

function readValue(content: Buffer | bigint, form: Form): unknown {
  if (typeof content === 'bigint')
    return form === 'boolean' ? content !== 0n : Number(BigInt.asIntN(64, content));
  if (typeof form === 'object') return readMessage(content, form);
  if (form === 'double') return content.readDoubleLE();
  if (form === 'nanos') return String(content.readBigUInt64LE());
  return content.toString(form === 'text' ? 'utf8' : (form as 'hex' | 'base64'));
}
