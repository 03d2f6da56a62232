/**
 * Trace points by their identity. A `Map` would do, were it not for the many: it makes itself anew when it has seen as many
 * deletions as it has entries, which with a million open points holds everything up for a fifth of a second, and costs
 * each half as much again. Here the places of deleted entries are closed at once (linear probing, backward-shift
 * deletion), so that nothing is ever made anew but for growth.
 */
export interface PointId {
  /** No two points share one. */
  readonly key: string;
  /** The same for the same key, and computed once for all tables: {@link hashOf} of the key, or of a part of it. */
  readonly hash: number;
}

const FIRST_SLOTS = 1_024;
/** Of the slots; past it neighbours begin to stand in each other's way. */
const FULLEST = 0.5;
/** FNV-1a's. Whoever makes keys meet on purpose makes looking slower, by no more than what is open. */
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const EMPTY = 0;

export class PointTable<Value> {
  /** A power of two, less one. */
  private mask = FIRST_SLOTS - 1;
  /** The hash of what stands in each slot, never {@link EMPTY}; beside the keys, so that looking costs one access. */
  private hashes = new Int32Array(FIRST_SLOTS);
  private keys: (string | undefined)[] = slots(FIRST_SLOTS);
  private held: (Value | undefined)[] = slots(FIRST_SLOTS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(id: PointId): Value | undefined {
    return this.held[this.slotOf(id)];
  }

  /** Takes the place of what the point had, if it had anything. */
  set(id: PointId, value: Value): void {
    let slot = this.slotOf(id);
    if (this.hashes[slot] === EMPTY) {
      if (this.count >= (this.mask + 1) * FULLEST) {
        this.grow();
        slot = this.slotOf(id);
      }
      this.count++;
    }
    this.put(slot, id.hash, id.key, value);
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
      this.put(hole, this.hashes[at]!, this.keys[at], this.held[at]);
      hole = at;
    }
    this.put(hole, EMPTY, undefined, undefined);
    return true;
  }

  /** In no order. */
  *values(): Generator<Value> {
    for (const value of this.held) if (value !== undefined) yield value;
  }

  /** Where the key stands, or would. */
  private slotOf({ key, hash }: PointId): number {
    let at = hash & this.mask;
    for (; this.hashes[at] !== EMPTY; at = (at + 1) & this.mask)
      if (this.hashes[at] === hash && this.keys[at] === key) return at;
    return at;
  }

  private put(slot: number, hash: number, key: string | undefined, value: Value | undefined): void {
    this.hashes[slot] = hash;
    this.keys[slot] = key;
    this.held[slot] = value;
  }

  private grow(): void {
    const { hashes, keys, held } = this;
    const count = 2 * keys.length;
    this.mask = count - 1;
    this.hashes = new Int32Array(count);
    this.keys = slots(count);
    this.held = slots(count);
    for (let from = 0; from < hashes.length; from++) {
      if (hashes[from] === EMPTY) continue;
      let at = hashes[from]! & this.mask;
      while (this.hashes[at] !== EMPTY) at = (at + 1) & this.mask;
      this.put(at, hashes[from]!, keys[from], held[from]);
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
