/**
 * A bounded memory of texts that come over and over. What it gives back holds nothing else alive: a part of a string
 * keeps the whole of it in memory, and a part of a message would keep the message.
 *
 * A map of texts reads every character of a new string for its hash. Long ones, such as statements, are looked up by a
 * few of their characters instead, and then compared.
 */
interface Known<Value> {
  readonly text: string;
  readonly value: Value;
}

/** Below this a hash is as quick. */
const LONG = 64;
/** Characters that are looked at of a long text, spread over all of it. */
const LOOKS = 8;
/** Texts that look alike are searched through: who makes many of them on purpose gains nothing. */
const MOST_ALIKE = 8;

export class Interned<Value> {
  private readonly short = new Map<string, Known<Value>>();
  /** Those with one fingerprint each. */
  private readonly long = new Map<number, Known<Value>[]>();
  private size = 0;
  /** The same text often comes again at once, and comparing takes less than a hash. */
  private lastText: string | undefined;
  private lastValue: Value | undefined;

  /**
   * @param maxEntries when it is full it starts afresh, so that hostile variety costs time, not memory.
   * @param make makes the value from a text that is no part of another.
   */
  constructor(
    private readonly maxEntries: number,
    private readonly make: (text: string) => Value,
  ) {}

  /** @param text ASCII. */
  of(text: string): Value {
    if (text.length > LONG) return this.ofLong(text);
    if (text === this.lastText) return this.lastValue as Value;
    const known = this.short.get(text) ?? this.rememberShort(text);
    this.lastText = known.text;
    this.lastValue = known.value;
    return known.value;
  }

  private rememberShort(text: string): Known<Value> {
    const made = this.remember(text);
    this.short.set(made.text, made);
    return made;
  }

  private ofLong(text: string): Value {
    const fingerprint = fingerprintOf(text);
    const alike = this.long.get(fingerprint);
    if (alike !== undefined) {
      for (let at = 0; at < alike.length; at++) if (alike[at]!.text === text) return alike[at]!.value;
    }
    const made = this.remember(text);
    const others = this.long.get(fingerprint) ?? [];
    this.long.set(fingerprint, others.length < MOST_ALIKE ? [...others, made] : [made]);
    return made.value;
  }

  /** Makes room, and what is to be kept of a new text. */
  private remember(text: string): Known<Value> {
    const own = Buffer.from(text, 'latin1').toString('latin1');
    const value = this.make(own);
    if (this.size >= this.maxEntries) {
      this.short.clear();
      this.long.clear();
      this.size = 0;
    }
    this.size++;
    return { text: own, value };
  }
}

/** @param text longer than {@link LOOKS}. */
function fingerprintOf(text: string): number {
  const step = Math.floor(text.length / LOOKS);
  let print = text.length;
  for (let at = text.length - 1; at >= 0; at -= step)
    print = (Math.imul(print, 31) + text.charCodeAt(at)) | 0;
  return print;
}
