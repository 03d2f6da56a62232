/** Bytes in chunks → lines, in memory bounded by the longest line that is allowed. Pure: no I/O. */

/** A line without its end, or the length in bytes of one that was too long to keep. `number` counts from 1. */
export type Line =
  | { readonly kind: 'line'; readonly number: number; readonly bytes: Buffer }
  | { readonly kind: 'too long'; readonly number: number; readonly length: number };

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Splits one stream. Blank lines are counted and left out, as is a byte order mark at the beginning. */
export class LineSplitter {
  #number = 1;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(private readonly maxLineBytes: number) {}

  /** The lines that end in this chunk. They are views of it. */
  *push(chunk: Buffer): Generator<Line> {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      this.#add(chunk.subarray(from, end));
      from = end + 1;
      yield* this.#take();
    }
    this.#add(chunk.subarray(from));
  }

  /** The last line, when nothing ended it. */
  *end(): Generator<Line> {
    yield* this.#take();
  }

  #add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.maxLineBytes) {
      this.#parts = [];
    } else if (part.length > 0) {
      this.#parts.push(part);
    }
  }

  *#take(): Generator<Line> {
    const number = this.#number++;
    const [parts, length] = [this.#parts, this.#length];
    this.#parts = [];
    this.#length = 0;
    if (length > this.maxLineBytes) {
      yield { kind: 'too long', number, length };
      return;
    }
    const joined = parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
    const marked = number === 1 && joined.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const bytes = marked ? joined.subarray(3) : joined;
    if (!isBlank(bytes)) {
      yield { kind: 'line', number, bytes };
    }
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
