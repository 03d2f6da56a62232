/**
 * What is known of trace points, by their identity. A `Map` would do, were there not so many: it makes itself anew when it
 * has seen as many deletions as it has entries, which holds everything up for a fifth of a second with a million open
 * points, and its keys are texts that the garbage collector visits again and again. Here an id is 32 bytes in an array,
 * and a deleted entry's place is closed at once (linear probing, backward-shift deletion).
 */
import { type PointId, pointKey } from '../trace-point.js';
import { putWords, UUID_WORDS } from '../uuid.js';

const FIRST_SLOTS = 1_024;
/** Of the slots; past it neighbours begin to stand in each other's way. */
const FULLEST = 0.5;
const EMPTY = 0;
/** Of the two ids. */
const WORDS = 2 * UUID_WORDS;

export class PointMap<Value> {
  /** A power of two, less one. */
  private mask = FIRST_SLOTS - 1;
  /**
   * For each slot the hash of what stands there, never {@link EMPTY}, and its place below. Side by side, so that finding
   * one of a million costs one miss of the processor's cache.
   */
  private slots = new Int32Array(2 * FIRST_SLOTS);
  /** By place: both ids, and the value. Places are used again, the last one first. */
  private words = new Int32Array(FIRST_SLOTS * FULLEST * WORDS);
  private readonly entries: (Value | undefined)[] = [];
  private readonly freePlaces: number[] = [];
  private count = 0;
  /** Points whose ids are no UUIDs as Python writes them. */
  private readonly others = new Map<string, Value>();

  get size(): number {
    return this.count + this.others.size;
  }

  get(id: PointId): Value | undefined {
    const slot = this.slotOf(id);
    if (this.slots[slot] !== EMPTY) return this.entries[this.slots[slot + 1]!];
    return this.others.size === 0 ? undefined : this.others.get(pointKey(id));
  }

  /** Takes the place of the point's former value, if it had one. */
  set(id: PointId, value: Value): void {
    if (!read(id)) {
      this.others.set(pointKey(id), value);
      return;
    }
    let slot = this.slotOf(id);
    if (this.slots[slot] !== EMPTY) {
      this.entries[this.slots[slot + 1]!] = value;
      return;
    }
    if (this.count >= (this.mask + 1) * FULLEST) {
      this.grow();
      slot = this.slotOf(id);
    }
    const place = this.freePlaces.pop() ?? this.entries.length;
    this.entries[place] = value;
    this.words.set(ids, place * WORDS);
    this.slots[slot] = id.hash;
    this.slots[slot + 1] = place;
    this.count++;
  }

  /** @returns whether it was there. */
  delete(id: PointId): boolean {
    const { slots, mask } = this;
    let hole = this.slotOf(id);
    if (slots[hole] === EMPTY) return this.others.size > 0 && this.others.delete(pointKey(id));
    const place = slots[hole + 1]!;
    this.entries[place] = undefined;
    this.freePlaces.push(place);
    this.count--;
    // What comes behind moves up when the hole lies on its way from where it belongs to where it stands.
    const last = 2 * mask + 1;
    for (let at = (hole + 2) & last; slots[at] !== EMPTY; at = (at + 2) & last) {
      const home = 2 * (slots[at]! & mask);
      if (((at - home) & last) < ((at - hole) & last)) continue;
      slots[hole] = slots[at]!;
      slots[hole + 1] = slots[at + 1]!;
      hole = at;
    }
    slots[hole] = EMPTY;
    return true;
  }

  /** In no order. */
  *values(): Generator<Value> {
    for (const value of this.entries) if (value !== undefined) yield value;
    yield* this.others.values();
  }

  /** Empties it, and keeps its memory for what comes. */
  clear(): void {
    this.slots.fill(EMPTY);
    this.entries.length = 0;
    this.freePlaces.length = 0;
    this.others.clear();
    this.count = 0;
  }

  /** Where the point's hash stands, or would. Nearly always that is seen before its ids are read. */
  private slotOf(id: PointId): number {
    const { slots } = this;
    const last = 2 * this.mask + 1;
    let at = 2 * (id.hash & this.mask);
    for (; slots[at] !== EMPTY; at = (at + 2) & last)
      if (slots[at] === id.hash && read(id) && this.isRead(slots[at + 1]!)) return at;
    return at;
  }

  /** Whether the ids that were read last stand at that place. */
  private isRead(place: number): boolean {
    const begin = place * WORDS;
    for (let at = 0; at < WORDS; at++) if (this.words[begin + at] !== ids[at]) return false;
    return true;
  }

  private grow(): void {
    const { slots: former, words } = this;
    this.words = new Int32Array(2 * words.length);
    this.words.set(words);
    this.slots = new Int32Array(2 * former.length);
    this.mask = former.length - 1;
    const last = 2 * this.mask + 1;
    for (let from = 0; from < former.length; from += 2) {
      if (former[from] === EMPTY) continue;
      let at = 2 * (former[from]! & this.mask);
      while (this.slots[at] !== EMPTY) at = (at + 2) & last;
      this.slots[at] = former[from]!;
      this.slots[at + 1] = former[from + 1]!;
    }
  }
}

/** The ids that were read last. Points of one trace come together, and one point is looked for several times. */
const ids = new Int32Array(WORDS);
let baseIdRead: PointId['baseId'] | undefined;
let traceIdRead: PointId['traceId'] | undefined;

/** Puts the bits of both ids into {@link ids}. @returns whether both are UUIDs. */
function read({ baseId, traceId }: PointId): boolean {
  if (baseId !== baseIdRead) {
    baseIdRead = undefined;
    if (!putWords(baseId, ids, 0)) return false;
    baseIdRead = baseId;
  }
  if (traceId === traceIdRead) return true;
  traceIdRead = undefined;
  if (!putWords(traceId, ids, UUID_WORDS)) return false;
  traceIdRead = traceId;
  return true;
}
