/** Which shard a message belongs to. Pure, and the same everywhere and for ever: halves must meet. */

import { decode } from '../codec/envelope.js';
import { peekBaseId } from '../codec/peek.js';
import type { MessageProperties } from '../contracts.js';

/** Where a message goes. */
export type Place =
  /** `hash`: 32 bits, of the trace's `base_id`, or of the body when that cannot be read. */
  | { readonly kind: 'shard'; readonly hash: number }
  /** A notification of another kind: it makes no span, in no shard. */
  | { readonly kind: 'foreign' };

const FOREIGN: Place = { kind: 'foreign' };
/** Of a body that cannot be read so much decides. */
const HASHED_BYTES = 1024;

/**
 * Finds a message's place. A body that is no notification has one, too: there it is set aside with its reason.
 * @param maxBytes what a body may hold, decompressed, to be decoded.
 */
export function placeOf(body: Buffer, properties: MessageProperties, maxBytes: number): Place {
  const peeked = peekBaseId(body, properties);
  if (peeked !== undefined) return { kind: 'shard', hash: hashText(peeked) };
  const decoded = decode(body, properties, maxBytes);
  if (decoded.kind === 'foreign') return FOREIGN;
  if (decoded.kind === 'malformed') return { kind: 'shard', hash: hashBytes(body) };
  return { kind: 'shard', hash: hashText(String(decoded.event.baseId)) };
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

/** The shard of a hash, 0 to below `shards`. */
export function shardOf(hash: number, shards: number): number {
  return hash % shards;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function hashBytes(bytes: Buffer): number {
  let hash = FNV_OFFSET;
  const end = Math.min(bytes.length, HASHED_BYTES);
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return finish(hash);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
