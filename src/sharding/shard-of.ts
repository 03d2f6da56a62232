/** Which shard a message belongs to. Pure, and the same everywhere and for ever: the events of a trace must meet. */
import { decode } from '../codec/envelope.js';
import { peekBaseId } from '../codec/peek.js';
import type { MessageProperties } from '../contracts.js';

/** Of a body that cannot be read, the first bytes decide. */
const HASHED_BYTES = 1024;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The shard of a hash: 0 to below `shards`. */
export function shardOf(hash: number, shards: number): number {
  return hash % shards;
}

/**
 * 32 bits: the hash of the trace's `base_id`, or of the body when that cannot be read. Such a body has a shard, too:
 * whoever reads that shard sends it to the dead letters, with the reason.
 * @param maxBytes what a body may hold, decompressed, to be decoded.
 * @returns undefined for a notification of another kind: it makes no span.
 */
export function hashOf(body: Buffer, properties: MessageProperties, maxBytes: number): number | undefined {
  const peeked = peekBaseId(body, properties);
  if (peeked !== undefined) return hashText(peeked);
  const decoded = decode(body, properties, maxBytes);
  if (decoded.kind === 'foreign') return undefined;
  if (decoded.kind === 'malformed') return hashBytes(body);
  return hashText(String(decoded.event.baseId));
}

/**
 * FNV-1a over the UTF-8 bytes of the text as it was sent, 32 bits, then the finalizer of MurmurHash3: FNV alone
 * spreads its low bits, which the remainder takes, less well over ids that differ in a few characters.
 */
export function hashText(text: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return hashBytes(Buffer.from(text, 'utf8'));
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return finish(hash);
}

function hashBytes(bytes: Buffer): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes.subarray(0, HASHED_BYTES)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return finish(hash);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
