/**
 * Values of texts that come over and over in messages, found by the bytes of the text: a text that is known need not be
 * made. What is given back keeps nothing else in memory.
 */
import { isAscii } from 'node:buffer';
import { putWordsAt, UUID_LENGTH, UUID_WORDS } from '../uuid.js';

interface Known<Value> {
  readonly bytes: Uint8Array;
  readonly value: Value;
}

/** Bytes that make the hash, spread over the text. To hash all of a statement would take longer than to compare it. */
const HASHED_BYTES = 8;
/** Up to here a loop compares sooner than a native function, which takes 80 ns for any length. */
const SHORT = 48;
/** Texts of one hash, which are searched through. Those beyond are found by their text. */
const MAX_OF_ONE_HASH = 8;

export class Interner<Value> {
  private readonly byHash = new Map<number, Known<Value>[]>();
  private readonly byText = new Map<string, Value>();
  private size = 0;

  /**
   * @param maxEntries when it is full it starts afresh, so that hostile variety costs time, not memory.
   * @param maxLength longer texts are not read: they are seldom the same twice, and few would take much memory.
   * @param make makes the value from the text.
   */
  constructor(
    private readonly maxEntries: number,
    private readonly maxLength: number,
    private readonly make: (text: string) => Value,
  ) {}

  /** Of the text in `bytes` from `begin` to before `end`. @returns undefined when it is too long, or not ASCII. */
  valueOf(bytes: Buffer, begin: number, end: number): Value | undefined {
    if (end - begin > this.maxLength) return undefined;
    const hash = hashOf(bytes, begin, end);
    const known = this.byHash.get(hash);
    if (known !== undefined) {
      for (let at = 0; at < known.length; at++)
        if (isSame(known[at]!.bytes, bytes, begin, end)) return known[at]!.value;
    }
    const text = bytes.subarray(begin, end);
    return isAscii(text) ? this.find(hash, text) : undefined;
  }

  private find(hash: number, bytes: Buffer): Value {
    const text = bytes.toString('latin1');
    const others = this.byHash.get(hash);
    const isFull = others !== undefined && others.length === MAX_OF_ONE_HASH;
    const known = isFull ? this.byText.get(text) : undefined;
    if (known !== undefined) return known;
    const value = this.make(text);
    if (++this.size > this.maxEntries) {
      this.byHash.clear();
      this.byText.clear();
      this.size = 1;
    }
    if (isFull && this.size > 1) this.byText.set(text, value);
    else this.byHash.set(hash, [...(this.byHash.get(hash) ?? []), { bytes: new Uint8Array(bytes), value }]);
    return value;
  }
}

/** From the end, where texts that begin alike differ. */
function hashOf(bytes: Buffer, begin: number, end: number): number {
  const length = end - begin;
  const step = Math.max(1, Math.trunc(length / HASHED_BYTES));
  let hash = length;
  for (let at = end - 1; at >= begin; at -= step) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return hash;
}

function isSame(known: Uint8Array, bytes: Buffer, begin: number, end: number): boolean {
  const { length } = known;
  if (length !== end - begin) return false;
  if (length > SHORT) return bytes.compare(known, 0, length, begin, end) === 0;
  for (let at = 0; at < length; at++) if (bytes[begin + at] !== known[at]) return false;
  return true;
}

/** A power of two. With their texts they take half a megabyte at most. */
const SLOTS = 4_096;
const SLOT_SHIFT = 32 - Math.log2(SLOTS);
/** Of a multiplicative hash: 2³² divided by the golden ratio. */
const SPREAD = 0x9e3779b1;

/**
 * Texts of UUIDs. An id comes many times: in both events of its point, as the parent of others, as the trace of all. The
 * same text is given again, which takes less than to make it, and comparing it takes next to nothing.
 */
export class UuidInterner {
  /** Of each slot the last UUID that belongs there. */
  private readonly words = new Int32Array(SLOTS * UUID_WORDS);
  private readonly texts = new Array<string>(SLOTS).fill('');
  private readonly wanted = new Int32Array(UUID_WORDS);

  /**
   * Of the UUID that begins there, as Python writes it.
   * @returns undefined for anything else, and for one whose low half is zero: OTLP has no such span id.
   */
  textAt(bytes: Buffer, begin: number): string | undefined {
    const { wanted, words } = this;
    if (!putWordsAt(bytes, begin, wanted) || (wanted[2] === 0 && wanted[3] === 0)) return undefined;
    const slot = Math.imul(wanted[0]! ^ wanted[3]!, SPREAD) >>> SLOT_SHIFT;
    const at = slot * UUID_WORDS;
    const isKnown =
      words[at] === wanted[0] &&
      words[at + 1] === wanted[1] &&
      words[at + 2] === wanted[2] &&
      words[at + 3] === wanted[3];
    if (!isKnown) {
      words.set(wanted, at);
      this.texts[slot] = bytes.toString('latin1', begin, begin + UUID_LENGTH);
    }
    return this.texts[slot];
  }
}

/** Numbers for what events say besides their ids and times: events with one number say the same. */
let lastKey = 0;

/** The numbers of events that say the same in their `info`, but for the host. */
export class TemplateKeys<Name, Sender> {
  private readonly keys = new Map<Sender, Map<Name, number>>();
  private size = 0;

  /** @param maxSize keys; past it they are all given anew. */
  constructor(private readonly maxSize: number) {}

  /** @param name and `sender`: the same object for the same values; another one at worst gets another number. */
  keyOf(name: Name, sender: Sender): number {
    return this.keys.get(sender)?.get(name) ?? this.add(name, sender);
  }

  private add(name: Name, sender: Sender): number {
    if (this.size >= this.maxSize) {
      this.keys.clear();
      this.size = 0;
    }
    this.size++;
    const names = this.keys.get(sender) ?? new Map<Name, number>();
    this.keys.set(sender, names.set(name, ++lastKey));
    return lastKey;
  }
}
