/**
 * amqplib's bodies are windows on the chunks that the socket read, 64 KiB with many messages in each: one start that
 * stays open for hours would keep its long settled neighbours in memory.
 */
import type { RabbitDelivery } from './rabbit-delivery.js';

/** Of a chunk: while more of it is open, a copy of each would for a time take more memory than it saves. */
const DENSE = 0.5;

/**
 * Gives those that came before a time bodies of their own where most of their chunk is no longer open. What is kept is
 * never more than about twice what is open.
 * @param outstanding in the order in which they came.
 * @param before monotonic milliseconds.
 */
export function keepSparseBodies(outstanding: Iterable<RabbitDelivery>, before: number): void {
  let chunk: Chunk | undefined;
  for (const delivery of outstanding) {
    const buffer = delivery.chunk;
    if (chunk?.buffer !== buffer) {
      keepIfSparse(chunk);
      chunk = undefined;
      if (delivery.since > before) return;
      chunk = { buffer, open: [], bytes: 0 };
    }
    chunk.open.push(delivery);
    chunk.bytes += delivery.size;
  }
  keepIfSparse(chunk);
}

interface Chunk {
  readonly buffer: ArrayBufferLike;
  readonly open: RabbitDelivery[];
  bytes: number;
}

function keepIfSparse(chunk: Chunk | undefined): void {
  if (chunk === undefined || chunk.bytes >= chunk.buffer.byteLength * DENSE) return;
  for (const delivery of chunk.open) delivery.keepBody();
}
