/**
 * How the bytes of a connection become frames for amqplib, which goes on with them as ever. Its own way (seen with
 * 2.3.1) puts together what is left and what came whenever the socket was read, and leaves two windows for each frame;
 * with what `known-frames.ts` says that was a sixth of all CPU of a drain. Here only a frame that came in two parts is put
 * together, and frames that came before are known.
 *
 * amqplib's interface has no place for this: its connection's `recvFrame` is replaced, of those alone that are opened
 * here. Whatever is not known is left to amqplib's, frame by frame, and so is whatever is wrong with it. An amqplib that
 * is built differently is left as it is.
 */
import { FRAME_HEADER_BYTES, type Frame, KnownFrames, uint32At } from './known-frames.js';

/** amqplib's own connection, below the one that it hands over. */
interface Connection {
  /** What was read from the socket and is in no frame yet. */
  rest: Buffer;
  /** Set whenever the socket was read: the broker is alive. */
  recvSinceLastCheck: boolean;
  readonly maxFrameSize: number;
  readonly stream: { read(): Buffer | null };
  /** @returns false when no whole frame has come. Throws when what has come is none. */
  recvFrame(): Frame | false;
}

const NOTHING = Buffer.alloc(0);
/** Of the byte that ends a frame. */
const FRAME_END_BYTES = 1;

/** From now on the connection's frames are read here, where it is as amqplib's are. */
export function readFrames(connection: object): void {
  if (!isAmqplibs(connection)) return;
  const reader = new FrameReader(connection);
  connection.recvFrame = () => reader.next();
}

function isAmqplibs(connection: object): connection is Connection {
  const { rest, recvSinceLastCheck, maxFrameSize, stream, recvFrame } = connection as Partial<Connection>;
  return (
    Buffer.isBuffer(rest) &&
    typeof recvSinceLastCheck === 'boolean' &&
    typeof maxFrameSize === 'number' &&
    typeof stream?.read === 'function' &&
    typeof recvFrame === 'function'
  );
}

class FrameReader {
  readonly #known = new KnownFrames();
  readonly #amqplibs: () => Frame | false;
  /** Frames begin here, at {@link #at}. */
  #bytes: Buffer;
  #at = 0;
  /** What comes behind {@link #bytes} and was read with a part of them. */
  #ahead: Buffer = NOTHING;

  constructor(private readonly connection: Connection) {
    this.#amqplibs = connection.recvFrame;
    this.#bytes = connection.rest;
  }

  next(): Frame | false {
    for (;;) {
      const begin = this.#at;
      const end = begin + this.#length();
      const missing = end - this.#bytes.length;
      if (missing <= 0) {
        const known = this.#known.read(this.#bytes, begin, end);
        if (known === undefined) return this.#learned(begin, end);
        this.#at = end;
        return known;
      }
      if (!this.#readOn(missing)) return false;
    }
  }

  /** Bytes of the frame that begins there; those of its header, while that is not all there or says too much. */
  #length(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes.length - at < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
    const size = uint32At(bytes, at + FRAME_HEADER_BYTES - 4);
    const most = this.connection.maxFrameSize;
    return FRAME_HEADER_BYTES + (most > 0 && size > most ? 0 : size + FRAME_END_BYTES);
  }

  /** @param missing bytes without which nothing can be said. @returns false when nothing has come. */
  #readOn(missing: number): boolean {
    const incoming = this.#incoming();
    if (incoming === null) return false;
    const left = this.#bytes.subarray(this.#at);
    const taken = left.length === 0 ? incoming.length : Math.min(missing, incoming.length);
    this.#bytes = left.length === 0 ? incoming : Buffer.concat([left, incoming.subarray(0, taken)]);
    this.#ahead = incoming.subarray(taken);
    this.#at = 0;
    return true;
  }

  #incoming(): Buffer | null {
    if (this.#ahead.length > 0) return this.#ahead;
    const read = this.connection.stream.read();
    if (read !== null) this.connection.recvSinceLastCheck = true;
    return read;
  }

  /** What amqplib makes of it. Throws what that throws. */
  #learned(begin: number, end: number): Frame | false {
    const bytes = this.#bytes.subarray(begin, end);
    this.connection.rest = bytes;
    try {
      const frame = this.#amqplibs.call(this.connection);
      if (frame !== false) this.#known.learn(bytes, frame);
      return frame;
    } finally {
      // It goes past what it cannot decode, and stays before what is no frame.
      this.#at = end - this.connection.rest.length;
    }
  }
}
