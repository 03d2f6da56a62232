/**
 * Follows one JSON document through chunks, byte by byte and without parsing it, to tell where it ends and whether it
 * is a report of osprofiler's: an object with an object `info` and a list `children`. Pure: no I/O.
 *
 * It is strict just where that tells early that lines are no document together: at brackets, commas, colons and the
 * ends of strings. A torn line of a recording is noticed two lines later at most.
 */

/**
 * What a chunk led to: the document goes on after it, ends before the byte at `at`, or is none.
 */
export type Scan =
  | { readonly kind: 'open' }
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'broken' };

const OPEN: Scan = { kind: 'open' };
const BROKEN: Scan = { kind: 'broken' };

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST = 0x5b;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Longer than the keys that matter. */
const MAX_KEY_LENGTH = 16;

export class DocumentScanner {
  /** The brackets that are open, outermost first. */
  readonly #brackets: number[] = [];
  /** The last byte that was no white space: a quote for a whole string. 0 before the document. */
  #last = 0;
  #inString = false;
  #escaped = false;
  /** The latest string of the outermost level. */
  #key = '';
  #hasInfo = false;
  #hasChildren = false;

  /** Enough has come to know that the document is a report, if it is a document at all. */
  get isReport(): boolean {
    return this.#hasInfo && this.#hasChildren;
  }

  /** Takes the next bytes. Not to be called again after anything but `open`. */
  push(chunk: Buffer): Scan {
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) at = this.#skipPlain(chunk, at);
      const byte = chunk[at];
      if (byte === undefined) break;
      const fits = this.#inString ? this.#string(byte) : isSpace(byte) || this.#token(byte);
      if (!fits) return BROKEN;
      if (this.#brackets.length === 0 && this.#last === OBJECT_END) return { kind: 'end', at: at + 1 };
    }
    return OPEN;
  }

  /** Most of a document is the inside of strings that nothing has to be known of: where the next other byte is. */
  #skipPlain(chunk: Buffer, from: number): number {
    if (this.#escaped || this.#brackets.length === 1) return from;
    let at = from;
    for (let byte = chunk[at]!; byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH; byte = chunk[at]!) at++;
    return at;
  }

  #string(byte: number): boolean {
    if (this.#escaped) {
      this.#escaped = false;
    } else if (byte === QUOTE) {
      this.#inString = false;
      return true;
    } else if (byte === BACKSLASH) {
      this.#escaped = true;
    }
    if (this.#brackets.length === 1 && this.#key.length < MAX_KEY_LENGTH) {
      this.#key += String.fromCharCode(byte);
    }
    return byte >= 0x20;
  }

  #token(byte: number): boolean {
    const isFit = this.#fits(byte);
    if (byte === OBJECT || byte === LIST) {
      this.#notice(byte);
      this.#brackets.push(byte);
    } else if (byte === OBJECT_END || byte === LIST_END) {
      this.#brackets.pop();
    } else if (byte === QUOTE) {
      this.#inString = true;
      if (this.#brackets.length === 1) this.#key = '';
    }
    if (this.#last !== 0 || !BYTE_ORDER_MARK.includes(byte)) this.#last = byte;
    return isFit;
  }

  /** The value of a top-level key begins. */
  #notice(bracket: number): void {
    if (this.#brackets.length !== 1) return;
    this.#hasInfo ||= this.#key === 'info' && bracket === OBJECT;
    this.#hasChildren ||= this.#key === 'children' && bracket === LIST;
  }

  /** Whether a byte may follow the last one. */
  #fits(byte: number): boolean {
    const inside = this.#brackets.at(-1);
    const last = this.#last;
    switch (byte) {
      case OBJECT:
      case LIST:
        if (inside === undefined) return last === 0 && byte === OBJECT;
        return last === COLON || (inside === LIST && (last === LIST || last === COMMA));
      case OBJECT_END:
        return inside === OBJECT && last !== COMMA && last !== COLON;
      case LIST_END:
        return inside === LIST && last !== COMMA;
      case QUOTE:
        return last === COLON || last === COMMA || last === inside;
      case COLON:
        return inside === OBJECT && last === QUOTE;
      case COMMA:
        return inside !== undefined && last !== COLON && last !== COMMA && last !== inside;
      default:
        return inside === undefined ? BYTE_ORDER_MARK.includes(byte) : this.#fitsLiteral(inside, last);
    }
  }

  /** Of a number, or a word such as true: its first byte or a further one. */
  #fitsLiteral(inside: number, last: number): boolean {
    const isEnd = last === QUOTE || last === OBJECT_END || last === LIST_END;
    return !isEnd && (inside === LIST || (last !== OBJECT && last !== COMMA));
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
