/**
 * What amqplib made of frames, remembered by their bytes. Of a message that is handed out, AMQP sends who consumes it,
 * the route it took and its properties before the body, and one message after the other has the same but for its
 * delivery tag and the size of its body. amqplib (seen with 2.3.1) makes three frames, six windows on bytes and five
 * strings of that each time, most of what it costs; here they are compared with those that came before.
 *
 * Nothing is decoded here but those two numbers: whatever else a frame says is what amqplib said of the same bytes.
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
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
}

/** A frame that came before. */
interface Known<Fields> {
  /** With what is before and behind its payload. */
  readonly bytes: Uint8Array;
  /** Where the eight bytes are that may be any. */
  readonly hole: number;
  readonly fields: Fields;
}

/** AMQP 0-9-1, 2.3.5: type, channel, size; then the payload, and one more byte. */
export const FRAME_HEADER_BYTES = 7;
const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const FRAME_END = 0xce;
const BASIC_DELIVER = 0x3c_00_3c;
const BASIC_PROPERTIES = 0x3c;
/** Of a delivery tag, and of the size of a body. */
const HOLE_BYTES = 8;
/** Behind class, method and the consumer's tag, which begins with its length. */
const CONSUMER_TAG = FRAME_HEADER_BYTES + 4;
/** Behind class and weight. */
const SIZE_HOLE = FRAME_HEADER_BYTES + 4;
/** A connection has few consumers and routes: the latest new ones. */
const MOST_KNOWN = 8;
/** Longer ones hold what is different each time. */
const LONGEST_KNOWN = 512;
const HIGH_WORD = 2 ** 32;

export class KnownFrames {
  readonly #delivers = new FewFrames<DeliverFields>();
  readonly #properties = new FewFrames<object>();

  /**
   * @param begin of a frame, which ends before `end`.
   * @returns what amqplib would make of it; undefined when it is not known, or no whole frame.
   */
  read(bytes: Buffer, begin: number, end: number): Frame | undefined {
    if (end - begin <= FRAME_HEADER_BYTES || bytes[end - 1] !== FRAME_END) return undefined;
    switch (bytes[begin]) {
      case METHOD:
        return this.#deliver(bytes, begin, end);
      case HEADER:
        return this.#header(bytes, begin, end);
      case BODY: {
        const content = bytes.subarray(begin + FRAME_HEADER_BYTES, end - 1);
        return { channel: channelAt(bytes, begin), content };
      }
      default:
        return undefined;
    }
  }

  /** Remembers what amqplib made of a whole frame. */
  learn(bytes: Buffer, { id, fields }: Frame): void {
    if (bytes.length > LONGEST_KNOWN || fields === undefined) return;
    if (id === BASIC_DELIVER) {
      const hole = CONSUMER_TAG + 1 + bytes[CONSUMER_TAG]!;
      this.#delivers.add({ bytes: new Uint8Array(bytes), hole, fields: fields as DeliverFields });
    } else if (id === BASIC_PROPERTIES) {
      const properties = shared(fields);
      if (properties === undefined) return;
      this.#properties.add({ bytes: new Uint8Array(bytes), hole: SIZE_HOLE, fields: properties });
    }
  }

  #deliver(bytes: Buffer, begin: number, end: number): Frame | undefined {
    const known = this.#delivers.find(bytes, begin, end);
    if (known === undefined) return undefined;
    const deliveryTag = uint64At(bytes, begin + known.hole);
    const { consumerTag, redelivered, exchange, routingKey } = known.fields;
    const fields = { consumerTag, deliveryTag, redelivered, exchange, routingKey };
    return { id: BASIC_DELIVER, channel: channelAt(bytes, begin), fields };
  }

  #header(bytes: Buffer, begin: number, end: number): Frame | undefined {
    const known = this.#properties.find(bytes, begin, end);
    if (known === undefined) return undefined;
    const size = uint64At(bytes, begin + SIZE_HOLE);
    return { id: BASIC_PROPERTIES, channel: channelAt(bytes, begin), size, fields: known.fields };
  }
}

/** A few, none of them for ever. */
class FewFrames<Fields> {
  #frames: readonly Known<Fields>[] = [];

  add(known: Known<Fields>): void {
    this.#frames = [...this.#frames.slice(1 - MOST_KNOWN), known];
  }

  find(bytes: Buffer, begin: number, end: number): Known<Fields> | undefined {
    for (const known of this.#frames) if (isSame(known, bytes, begin, end)) return known;
    return undefined;
  }
}

/** What is before the payload need not be compared: its kind and its size are the same, and the channel is read anew. */
function isSame<Fields>(known: Known<Fields>, bytes: Buffer, begin: number, end: number): boolean {
  const { bytes: others, hole } = known;
  const { length } = others;
  if (length !== end - begin) return false;
  for (let at = FRAME_HEADER_BYTES; at < hole; at++) if (others[at] !== bytes[begin + at]) return false;
  for (let at = hole + HOLE_BYTES; at < length; at++) if (others[at] !== bytes[begin + at]) return false;
  return true;
}

/** What is in a table of headers may be changed by whoever has it, and one with nothing in it is frozen. */
function shared(properties: object): object | undefined {
  const { headers } = properties as { readonly headers?: object };
  if (headers !== undefined && Object.keys(headers).length > 0) return undefined;
  if (headers !== undefined) Object.freeze(headers);
  return Object.freeze(properties);
}

function channelAt(bytes: Buffer, begin: number): number {
  return (bytes[begin + 1]! << 8) | bytes[begin + 2]!;
}

export function uint32At(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Rounded beyond 2⁵³, as amqplib does. */
function uint64At(bytes: Buffer, at: number): number {
  return uint32At(bytes, at) * HIGH_WORD + uint32At(bytes, at + 4);
}
