/**
 * Trace points of which nothing is to be known but that they are there: in 36 bytes each that the garbage collector never
 * looks at. As keys of a map, the ids of what left lately were a fifth of all that it had to mark again and again.
 */
import { putWords, UUID_WORDS } from '../uuid.js';
import type { PointId } from './point-table.js';

const FIRST_SLOTS = 1_024;
/** Of the slots; a look passes ever more of them beyond. */
const FULLEST = 0.8;
const EMPTY = 0;
/** Of both ids. */
const WORDS = 2 * UUID_WORDS;

export class PointSet {
  /** A power of two, less one. */
  private mask = FIRST_SLOTS - 1;
  /** The hash of what stands in each slot, never {@link EMPTY}. */
  private hashes = new Int32Array(FIRST_SLOTS);
  /** Both ids of it. */
  private words = new Int32Array(FIRST_SLOTS * WORDS);
  private readonly wanted = new Int32Array(WORDS);
  private lastBaseId: PointId['baseId'] = '';
  /** Slots that are taken, by what was deleted, too. */
  private taken = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** @returns false for ids that are no UUIDs as Python writes them: they are not taken in. */
  add(id: PointId): boolean {
    if (!this.want(id)) return false;
    let slot = this.slotOf(id.hash);
    if (this.hashes[slot] !== EMPTY) return true;
    if (this.taken >= (this.mask + 1) * FULLEST) {
      this.grow();
      slot = this.slotOf(id.hash);
    }
    this.hashes[slot] = id.hash;
    this.words.set(this.wanted, slot * WORDS);
    this.taken++;
    this.count++;
    return true;
  }

  has(id: PointId): boolean {
    return this.find(id) !== -1;
  }

  /** @returns whether it was there. */
  delete(id: PointId): boolean {
    const slot = this.find(id);
    if (slot === -1) return false;
    // No id has this hash and these words, and what lies behind it is still found.
    this.hashes[slot] = ~id.hash || 1;
    this.count--;
    return true;
  }

  /** Empties it, and keeps its memory for what comes. */
  clear(): void {
    this.hashes.fill(EMPTY);
    this.taken = 0;
    this.count = 0;
  }

  /** Its slot; -1 when it is not there. Nearly always that is seen before its ids are read. */
  private find(id: PointId): number {
    const { hash } = id;
    for (let at = hash & this.mask; this.hashes[at] !== EMPTY; at = (at + 1) & this.mask)
      if (this.hashes[at] === hash) {
        if (!this.want(id)) return -1;
        const slot = this.slotOf(hash);
        return this.hashes[slot] === EMPTY ? -1 : slot;
      }
    return -1;
  }

  /** Where what is wanted stands, or would. */
  private slotOf(hash: number): number {
    let at = hash & this.mask;
    while (this.hashes[at] !== EMPTY && !(this.hashes[at] === hash && this.isWanted(at)))
      at = (at + 1) & this.mask;
    return at;
  }

  private isWanted(slot: number): boolean {
    const begin = slot * WORDS;
    for (let at = 0; at < WORDS; at++) if (this.words[begin + at] !== this.wanted[at]) return false;
    return true;
  }

  /** Points of one trace come together: their base id is read once. @returns whether both ids are UUIDs. */
  private want({ baseId, traceId }: PointId): boolean {
    if (baseId !== this.lastBaseId) {
      this.lastBaseId = '';
      if (!putWords(baseId, this.wanted, 0)) return false;
      this.lastBaseId = baseId;
    }
    return putWords(traceId, this.wanted, UUID_WORDS);
  }

  private grow(): void {
    const { hashes, words } = this;
    this.mask = 2 * hashes.length - 1;
    this.hashes = new Int32Array(this.mask + 1);
    this.words = new Int32Array((this.mask + 1) * WORDS);
    for (let from = 0; from < hashes.length; from++) {
      if (hashes[from] === EMPTY) continue;
      let to = hashes[from]! & this.mask;
      while (this.hashes[to] !== EMPTY) to = (to + 1) & this.mask;
      this.hashes[to] = hashes[from]!;
      this.words.set(words.subarray(from * WORDS, (from + 1) * WORDS), to * WORDS);
    }
  }
}
