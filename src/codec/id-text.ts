/**
 * The ids in a message, as texts. An id comes many times: in both halves of its point, as the parent of others, as the
 * trace of all. The text of a UUID that was read lately is given again, which takes less than to make it, and whoever
 * compares such texts sees at once that they are the same.
 */
import { putWordsAt, UUID_LENGTH, UUID_WORDS } from '../uuid.js';
import { type AsciiReader, QUOTE } from './ascii-reader.js';

/** A power of two. With their texts they take half a megabyte at most. */
const SLOTS = 4_096;
const SLOT_SHIFT = 32 - Math.log2(SLOTS);
/** Of a multiplicative hash: 2³² divided by the golden ratio. */
const SPREAD = 0x9e3779b1;

/** The UUID of each slot's text: the last one that belongs there. */
const words = new Int32Array(SLOTS * UUID_WORDS);
const texts = new Array<string>(SLOTS).fill('');
const wanted = new Int32Array(UUID_WORDS);

/**
 * Over the id that begins there and ends before a quote.
 * @returns its text, which keeps nothing else in memory; undefined when anything in it is escaped.
 */
export function readIdText(reader: AsciiReader): string | undefined {
  const begin = reader.at;
  if (reader.peek(UUID_LENGTH) === QUOTE && putWordsAt(reader.bytes, begin, wanted)) {
    reader.at = begin + UUID_LENGTH;
    return uuidText(reader, begin);
  }
  return reader.skipPlain() ? reader.textFrom(begin) : undefined;
}

function uuidText(reader: AsciiReader, begin: number): string {
  const slot = Math.imul(wanted[0]! ^ wanted[3]!, SPREAD) >>> SLOT_SHIFT;
  if (texts[slot] === '' || !isWanted(slot * UUID_WORDS)) {
    words.set(wanted, slot * UUID_WORDS);
    texts[slot] = reader.bytes.toString('latin1', begin, reader.at);
  }
  return texts[slot]!;
}

function isWanted(at: number): boolean {
  return (
    words[at] === wanted[0] &&
    words[at + 1] === wanted[1] &&
    words[at + 2] === wanted[2] &&
    words[at + 3] === wanted[3]
  );
}
