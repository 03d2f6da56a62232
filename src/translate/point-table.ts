/**
 * Trace points by their identity. A `Map` would do, were it not for the many: it makes itself anew when it has seen as many
 * deletions as it has entries, which with a million open points holds everything up for a fifth of a second, and costs
 * each half as much again. Here the places of deleted entries are closed at once (linear probing, backward-shift
 * deletion), so that nothing is ever made anew but for growth.
 */
import type { Id } from '../wire/notification.js';

/** The identity of a trace point: its trace and itself, whatever text or number they are. */
export interface PointId {
  readonly baseId: Id;
  /** A symbol in that of the span that gathers a trace's roots, which is no trace point. */
  readonly traceId: Id | symbol;
  /** The same for the same ids, and computed once for all tables: {@link hashOf} of them, or of one. Never zero. */
  readonly hash: number;
}

const FIRST_SLOTS = 1_024;
/** Of the slots; past it neighbours begin to stand in each other's way. */
const FULLEST = 0.5;
/** FNV-1a's. Whoever makes keys meet on purpose makes looking slower, by no more than what is open. */
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const EMPTY = 0;

export class PointTable<Entry extends PointId> {
  /** A power of two, less one. */
  private mask = FIRST_SLOTS - 1;
  /** The hash of what stands in each slot, never {@link EMPTY}; beside the entries, so that looking costs one access. */
  private hashes = new Int32Array(FIRST_SLOTS);
  private entries: (Entry | undefined)[] = slots(FIRST_SLOTS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(id: PointId): Entry | undefined {
    return this.entries[this.slotOf(id)];
  }

  /** Takes the place of the point's former entry, if it had one. */
  set(entry: Entry): void {
    let slot = this.slotOf(entry);
    if (this.hashes[slot] === EMPTY) {
      if (this.count >= (this.mask + 1) * FULLEST) {
        this.grow();
        slot = this.slotOf(entry);
      }
      this.count++;
    }
    this.put(slot, entry.hash, entry);
  }

  /** @returns whether it was there. */
  delete(id: PointId): boolean {
    let hole = this.slotOf(id);
    if (this.hashes[hole] === EMPTY) return false;
    this.count--;
    // What comes behind moves up when the hole lies on its way from where it belongs to where it stands.
    for (let at = (hole + 1) & this.mask; this.hashes[at] !== EMPTY; at = (at + 1) & this.mask) {
      const home = this.hashes[at]! & this.mask;
      if (((at - home) & this.mask) < ((at - hole) & this.mask)) continue;
      this.put(hole, this.hashes[at]!, this.entries[at]);
      hole = at;
    }
    this.put(hole, EMPTY, undefined);
    return true;
  }

  /** In no order. */
  *values(): Generator<Entry> {
    for (const entry of this.entries) if (entry !== undefined) yield entry;
  }

  /** Where the point's entry stands, or would. */
  private slotOf({ baseId, traceId, hash }: PointId): number {
    let at = hash & this.mask;
    for (; this.hashes[at] !== EMPTY; at = (at + 1) & this.mask) {
      if (this.hashes[at] !== hash) continue;
      const entry = this.entries[at]!;
      if (entry.traceId === traceId && entry.baseId === baseId) return at;
    }
    return at;
  }

  private put(slot: number, hash: number, entry: Entry | undefined): void {
    this.hashes[slot] = hash;
    this.entries[slot] = entry;
  }

  private grow(): void {
    const { hashes, entries } = this;
    const count = 2 * entries.length;
    this.mask = count - 1;
    this.hashes = new Int32Array(count);
    this.entries = slots(count);
    for (let from = 0; from < hashes.length; from++) {
      if (hashes[from] === EMPTY) continue;
      let at = hashes[from]! & this.mask;
      while (this.hashes[at] !== EMPTY) at = (at + 1) & this.mask;
      this.put(at, hashes[from]!, entries[from]);
    }
  }
}

function slots<Value>(count: number): (Value | undefined)[] {
  return new Array<Value | undefined>(count).fill(undefined);
}

/** A hash of all of a text: never zero. */
export function hashOf(key: string): number {
  const { length } = key;
  let hash = SEED;
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), PRIME);
  // The low bits choose the slot: let all others have their say.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return hash === EMPTY ? 1 : hash;
}
