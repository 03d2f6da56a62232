/**
 * What amqplib made of frames, remembered by their bytes. Before the body of a message AMQP sends who consumes it, its
 * route and its properties, and one message after the other has the same but for its delivery tag and the size of its
 * body. Only those two numbers are decoded here: whatever else a frame says is what amqplib said of the same bytes.
 */

/** As amqplib has it. Content has no `id`. */
export interface Frame {
  readonly id?: number;
  readonly channel: number;
  /** Of the body that follows the properties. */
  readonly size?: number;
  readonly fields?: object;
  readonly content?: Buffer;
}

interface DeliverFields {
  readonly consumerTag: string;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
}

/** A frame that came before. */
interface CachedFrame {
  readonly bytes: Uint8Array;
  /** Where the eight bytes are that may be any: the delivery tag, or the size of the body. */
  readonly hole: number;
  readonly id: number;
  readonly fields: object;
}

/** AMQP 0-9-1, 2.3.5: type, channel, size; then the payload, and one more byte. */
const HEADER_BYTES = 7;
const SIZE_AT = 3;
const BODY = 3;
const FRAME_END = 0xce;
const BASIC_DELIVER = 0x3c_00_3c;
const BASIC_PROPERTIES = 0x3c;
const HOLE_BYTES = 8;
/** Behind class and method (or weight): the consumer's tag, which begins with its length, or the size of the body. */
const BEHIND_IDS = HEADER_BYTES + 4;
/** A connection has few consumers and routes: the latest new ones. */
const MOST_FRAMES = 8;
/** Longer ones hold what is different each time. */
const LONGEST_FRAME = 512;
const HIGH_WORD = 2 ** 32;

/** Where the frame that begins at `at` ends; no less than its header, and no more when it says that it is too large. */
export function frameEnd(bytes: Buffer, at: number, maxFrameSize: number): number {
  if (bytes.length - at < HEADER_BYTES) return at + HEADER_BYTES;
  const size = uint32At(bytes, at + SIZE_AT);
  return at + HEADER_BYTES + (maxFrameSize > 0 && size > maxFrameSize ? 0 : size + 1);
}

export class FrameCache {
  #delivers: readonly CachedFrame[] = [];
  #properties: readonly CachedFrame[] = [];

  /** @returns what amqplib would make of the whole frame there; undefined when it is not known. */
  find(bytes: Buffer, begin: number, end: number): Frame | undefined {
    if (end - begin <= HEADER_BYTES || bytes[end - 1] !== FRAME_END) return undefined;
    const type = bytes[begin];
    const channel = (bytes[begin + 1]! << 8) | bytes[begin + 2]!;
    if (type === BODY) return { channel, content: bytes.subarray(begin + HEADER_BYTES, end - 1) };
    const frames = type === 1 ? this.#delivers : this.#properties;
    const cached =
      type === 1 || type === 2 ? frames.find((each) => isSame(each, bytes, begin, end)) : undefined;
    if (cached === undefined) return undefined;
    const number = uint64At(bytes, begin + cached.hole);
    if (cached.id === BASIC_PROPERTIES)
      return { id: cached.id, channel, size: number, fields: cached.fields };
    const { consumerTag, redelivered, exchange, routingKey } = cached.fields as DeliverFields;
    const fields = { consumerTag, deliveryTag: number, redelivered, exchange, routingKey };
    return { id: cached.id, channel, fields };
  }

  /** Remembers what amqplib made of a whole frame. */
  add(bytes: Buffer, { id, fields }: Frame): void {
    if (bytes.length > LONGEST_FRAME || fields === undefined) return;
    const copy = new Uint8Array(bytes);
    if (id === BASIC_DELIVER) {
      const hole = BEHIND_IDS + 1 + bytes[BEHIND_IDS]!;
      this.#delivers = [...this.#delivers.slice(1 - MOST_FRAMES), { bytes: copy, hole, id, fields }];
    } else if (id === BASIC_PROPERTIES && isShareable(fields)) {
      const cached = { bytes: copy, hole: BEHIND_IDS, id, fields };
      this.#properties = [...this.#properties.slice(1 - MOST_FRAMES), cached];
    }
  }
}

/** What is before the payload need not be compared: its type and its size are the same, and the channel is read anew. */
function isSame({ bytes: others, hole }: CachedFrame, bytes: Buffer, begin: number, end: number): boolean {
  const { length } = others;
  if (length !== end - begin) return false;
  for (let at = HEADER_BYTES; at < hole; at++) if (others[at] !== bytes[begin + at]) return false;
  for (let at = hole + HOLE_BYTES; at < length; at++) if (others[at] !== bytes[begin + at]) return false;
  return true;
}

/** Headers may be changed by whoever has them; properties without any are frozen, and then shared. */
function isShareable(properties: { readonly headers?: object }): boolean {
  if (Object.keys(properties.headers ?? {}).length > 0) return false;
  Object.freeze(properties.headers);
  Object.freeze(properties);
  return true;
}

function uint32At(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Rounded beyond 2⁵³, as amqplib does. */
function uint64At(bytes: Buffer, at: number): number {
  return uint32At(bytes, at) * HIGH_WORD + uint32At(bytes, at + 4);
}
