/**
 * The bytes that the page's memory is made of, used again. V8 sees only in a full collection that those of a trace that
 * went are free, and begins one when there are too many of them: in a drain that was a third of all full collections.
 */
export const CHUNK_BYTES = 64 * 1024;
/** Beyond these the garbage collector may have them. */
const MOST_FREE = 64;

export class Chunks {
  private readonly free: Buffer[] = [];

  /** So many bytes, with anything in them. */
  take(size: number): Buffer {
    return (size === CHUNK_BYTES ? this.free.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
  }

  /** Nobody reads or writes these any more. */
  giveBack(chunks: readonly Buffer[]): void {
    for (const chunk of chunks)
      if (chunk.length === CHUNK_BYTES && this.free.length < MOST_FREE) this.free.push(chunk);
  }
}
