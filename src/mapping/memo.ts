/**
 * A bounded memory for a pure function of one text. OpenStack says the same few hundred statements, paths and names
 * over and over; what is new when the memory is full starts it afresh, so that hostile variety costs time, not memory.
 */
const MAX_ENTRIES = 2_000;
/** Longer texts are seldom the same twice, and would let few entries take much memory. */
const MAX_KEY_LENGTH = 16_384;

export function memo<Value>(compute: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const value = compute(text);
    if (text.length <= MAX_KEY_LENGTH) {
      if (known.size >= MAX_ENTRIES) known.clear();
      known.set(text, value);
    }
    return value;
  };
}
