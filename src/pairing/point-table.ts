/**
 * Trace points by their identity. A `Map` would do, were it not for the many: it makes itself anew when it has seen as many
 * deletions as it has entries, which with a million open points holds everything up for a fifth of a second, and costs
 * each half as much again. Here the places of deleted entries are closed at once (linear probing, backward-shift
 * deletion), so that nothing is ever made anew but for growth.
 */
import type { Id } from '../codec/trace-event.js';

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
  /**
   * For each slot the hash of what stands there, never {@link EMPTY}, and its place among the entries. Side by side, so
   * that finding one of a million costs one miss of the processor's cache.
   */
  private slots = new Int32Array(2 * FIRST_SLOTS);
  /** Without order. Places are used again, the last one first: what is at work stays together in the cache. */
  private readonly entries: (Entry | undefined)[] = [];
  private readonly freePlaces: number[] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(id: PointId): Entry | undefined {
    const slot = this.slotOf(id);
    return this.slots[slot] === EMPTY ? undefined : this.entries[this.slots[slot + 1]!];
  }

  /** Takes the place of the point's former entry, if it had one. */
  set(entry: Entry): void {
    let slot = this.slotOf(entry);
    if (this.slots[slot] !== EMPTY) {
      this.entries[this.slots[slot + 1]!] = entry;
      return;
    }
    if (this.count >= (this.mask + 1) * FULLEST) {
      this.grow();
      slot = this.slotOf(entry);
    }
    const place = this.freePlaces.pop() ?? this.entries.length;
    this.entries[place] = entry;
    this.put(slot, entry.hash, place);
    this.count++;
  }

  /** @returns whether it was there. */
  delete(id: PointId): boolean {
    const { slots, mask } = this;
    let hole = this.slotOf(id);
    if (slots[hole] === EMPTY) return false;
    const place = slots[hole + 1]!;
    this.entries[place] = undefined;
    this.freePlaces.push(place);
    this.count--;
    // What comes behind moves up when the hole lies on its way from where it belongs to where it stands.
    const last = 2 * mask + 1;
    for (let at = (hole + 2) & last; slots[at] !== EMPTY; at = (at + 2) & last) {
      const home = 2 * (slots[at]! & mask);
      if (((at - home) & last) < ((at - hole) & last)) continue;
      this.put(hole, slots[at]!, slots[at + 1]!);
      hole = at;
    }
    slots[hole] = EMPTY;
    return true;
  }

  /** In no order. */
  *values(): Generator<Entry> {
    for (const entry of this.entries) if (entry !== undefined) yield entry;
  }

  /** Where the point's hash stands, or would. */
  private slotOf({ baseId, traceId, hash }: PointId): number {
    const { slots } = this;
    const last = 2 * this.mask + 1;
    let at = 2 * (hash & this.mask);
    for (; slots[at] !== EMPTY; at = (at + 2) & last) {
      if (slots[at] !== hash) continue;
      const entry = this.entries[slots[at + 1]!]!;
      if (entry.traceId === traceId && entry.baseId === baseId) return at;
    }
    return at;
  }

  private put(slot: number, hash: number, place: number): void {
    this.slots[slot] = hash;
    this.slots[slot + 1] = place;
  }

  private grow(): void {
    const former = this.slots;
    this.slots = new Int32Array(2 * former.length);
    this.mask = former.length - 1;
    const last = 2 * this.mask + 1;
    for (let from = 0; from < former.length; from += 2) {
      const hash = former[from]!;
      if (hash === EMPTY) continue;
      let at = 2 * (hash & this.mask);
      while (this.slots[at] !== EMPTY) at = (at + 2) & last;
      this.put(at, hash, former[from + 1]!);
    }
  }
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
