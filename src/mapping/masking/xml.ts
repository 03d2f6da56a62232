/** Secrets in XML: `<adminPass>…</adminPass>`, with a namespace or attributes. */
import { bareEnd, type Cut, isSpace, MASK } from './extent.js';
import type { Key } from './field.js';

const TAG_BEGIN = /<(?:[\w.-]{1,32}:)?$/;
const LONGEST_TAG_BEGIN = 34;
const ATTRIBUTES = /\s[^<>]{0,200}>/y;
const CDATA = '<![CDATA[';

/**
 * The text of the element that this key is the tag of, undefined when it is none's. Elements within it are keys of
 * their own. A tag with attributes looks like the repr of a Python object, so only its end tag makes it one.
 */
export function elementOf(text: string, { from, to }: Key): Cut | undefined {
  const opening = TAG_BEGIN.exec(text.slice(Math.max(0, from - LONGEST_TAG_BEGIN), from));
  if (opening === null) return undefined;
  let start = to + 1;
  if (text[to] !== '>') {
    ATTRIBUTES.lastIndex = to;
    if (!ATTRIBUTES.test(text)) return undefined;
    start = ATTRIBUTES.lastIndex;
    const tag = text.slice(from - opening[0].length + 1, to);
    if (!text.startsWith(`</${tag}`, textEnd(text, start))) return undefined;
  }
  return { start, end: textEnd(text, start), replacement: MASK };
}

/** Where an element's text ends. Where no tag follows, it is cut off, or `<password>` stood for something in prose. */
function textEnd(text: string, start: number): number {
  if (text.startsWith(CDATA, start)) {
    const end = text.indexOf(']]>', start);
    return end === -1 ? text.length : end + 3;
  }
  if (isSpace(text.charCodeAt(start))) return start;
  const tag = text.indexOf('<', start);
  return tag === -1 ? bareEnd(text, start, 'argument', undefined) : tag;
}
