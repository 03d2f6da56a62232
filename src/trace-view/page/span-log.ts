/**
 * The spans of one trace as they were sent, one behind the other: the resource's number, the length, the bytes. An
 * object for each span would be copied twice by the garbage collector, and few spans are ever looked at.
 */
import { decoded, type EncodedSpan } from '../encoded-spans.js';
import type { Span } from '../span.js';
import { CHUNK_BYTES, type ChunkPool } from './chunk-pool.js';

/** The first chunk of a trace; each further one is twice as large, up to {@link CHUNK_BYTES}. */
const FIRST_CHUNK = 4 * 1024;
const HEADER_BYTES = 8;

export class SpanLog {
  /** Spans. */
  count = 0;
  /** Of all chunks, also where nothing is written yet. */
  bytes = 0;
  private readonly chunks: { readonly bytes: Buffer; used: number }[] = [];
  private readonly resources: EncodedSpan['resource'][] = [];

  constructor(private readonly pool: ChunkPool) {}

  append({ resource, bytes, begin, end }: EncodedSpan): void {
    const chunk = this.chunkFor(HEADER_BYTES + end - begin);
    chunk.bytes.writeUInt32LE(this.numberOf(resource), chunk.used);
    chunk.bytes.writeUInt32LE(end - begin, chunk.used + 4);
    chunk.used += HEADER_BYTES + bytes.copy(chunk.bytes, chunk.used + HEADER_BYTES, begin, end);
    this.count++;
  }

  /** @param from the first one, by the order of coming. */
  *read(from = 0): Generator<Span> {
    let index = 0;
    for (const { bytes, used } of this.chunks) {
      for (let at = 0; at < used; index++) {
        const begin = at + HEADER_BYTES;
        const end = begin + bytes.readUInt32LE(at + 4);
        const resource = this.resources[bytes.readUInt32LE(at)]!;
        const span = index < from ? undefined : decoded(bytes.subarray(begin, end), resource);
        if (span !== undefined) yield span;
        at = end;
      }
    }
  }

  /**
   * Whether a word is anywhere in the bytes, whatever the case: in a name, an attribute or an error, without reading
   * the spans. @param word in lower case
   */
  mentions(word: string): boolean {
    const bytes = Buffer.from(word).toString('latin1').toLowerCase();
    return this.chunks.some((chunk) =>
      chunk.bytes.toString('latin1', 0, chunk.used).toLowerCase().includes(bytes),
    );
  }

  /** Gives the bytes back; the log is not used afterwards. */
  free(): void {
    this.pool.giveBack(this.chunks.map(({ bytes }) => bytes));
    this.chunks.length = 0;
  }

  /** Spans of one service and host share one object. */
  private numberOf(resource: EncodedSpan['resource']): number {
    const known = this.resources.lastIndexOf(resource);
    return known === -1 ? this.resources.push(resource) - 1 : known;
  }

  /** The last chunk, when it has room for so many bytes. */
  private chunkFor(length: number): { readonly bytes: Buffer; used: number } {
    const last = this.chunks.at(-1);
    if (last !== undefined && last.bytes.length - last.used >= length) return last;
    const size = Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK, 2 * (last?.bytes.length ?? 0)));
    const next = { bytes: this.pool.take(Math.max(size, length)), used: 0 };
    this.chunks.push(next);
    this.bytes += next.bytes.length;
    return next;
  }
}
