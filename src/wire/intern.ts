/**
 * A bounded memory of texts that come over and over. What it gives back holds nothing else alive: a part of a string
 * keeps the whole of it in memory, and a part of a message would keep the message.
 */
export class Interned<Value> {
  private readonly known = new Map<string, Value>();

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
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const own = Buffer.from(text, 'latin1').toString('latin1');
    const value = this.make(own);
    if (this.known.size >= this.maxEntries) this.known.clear();
    this.known.set(own, value);
    return value;
  }
}
