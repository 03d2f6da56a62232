/** JSON text → bytes, piece by piece: to put a megabyte of text together first, and then encode it, takes thrice as long. */
const FIRST_BYTES = 64 * 1024;
/** UTF-8's bytes for one UTF-16 unit at most. */
const MOST_BYTES_A_UNIT = 3;

export class JsonBytes {
  private bytes: Buffer;
  private length = 0;

  /** @param expected bytes; more are made room for. */
  constructor(expected = FIRST_BYTES) {
    this.bytes = Buffer.allocUnsafe(expected);
  }

  /** @param isAscii whether the text is known to be. */
  write(text: string, isAscii: boolean): void {
    this.makeRoom(isAscii ? text.length : text.length * MOST_BYTES_A_UNIT);
    this.length += this.bytes.write(text, this.length, isAscii ? 'latin1' : 'utf8');
  }

  /** All that was written. */
  taken(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
