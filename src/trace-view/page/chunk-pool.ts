/**
 * Reuses the bytes that the page's memory is made of. V8 frees those of an evicted trace only in a full collection, and
 * begins one when there are too many: in a drain that was a third of all full collections.
 */
export const CHUNK_BYTES = 64 * 1024;
/** More than these are left to the garbage collector. */
const MOST_FREE = 64;

export class ChunkPool {
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
