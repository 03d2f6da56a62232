/** Secrets in XML: `<adminPass>…</adminPass>`, with a namespace or attributes, and the same with its marks escaped. */
import { bareEnd, type Cut, isSpace, MASK } from './extent.js';
import type { Key } from './field.js';

const TAG_BEGIN = /(?:<|&lt;)(?:[\w.-]{1,32}:)?$/;
const LONGEST_TAG_BEGIN = 37;
const ATTRIBUTES = /\s[^<>]{0,200}>/y;
/** libvirt's `<password value='…'/>` and the like. */
const VALUE_ATTRIBUTE =
  /\s(?:[^<>"']{0,60}(?:"[^"<>]{0,200}"|'[^'<>]{0,200}')){0,8}?[^<>"']{0,60}\bvalue\s*=\s*(["'])/y;
const CDATA = '<![CDATA[';

/**
 * The text of the element that this key is the tag of, undefined when it is none's. Elements within it are keys of
 * their own. A tag with attributes looks like the repr of a Python object, so only its end tag makes it one.
 */
export function elementOf(text: string, { from, to }: Key): Cut | undefined {
  const opening = TAG_BEGIN.exec(text.slice(Math.max(0, from - LONGEST_TAG_BEGIN), from))?.[0];
  if (opening === undefined) return undefined;
  const [open, close] = opening.startsWith('&') ? ['&lt;', '&gt;'] : ['<', '>'];
  const tag = text.slice(from - opening.length + open.length, to);
  if (text.startsWith(close, to)) return contentOf(text, to + close.length, open, tag);
  ATTRIBUTES.lastIndex = to;
  if (!ATTRIBUTES.test(text)) return undefined;
  const content = contentOf(text, ATTRIBUTES.lastIndex, open, tag);
  if (text.startsWith(`</${tag}`, content.end)) return content;
  VALUE_ATTRIBUTE.lastIndex = to;
  const quote = VALUE_ATTRIBUTE.exec(text)?.[1];
  if (quote === undefined) return undefined;
  const end = text.indexOf(quote, VALUE_ATTRIBUTE.lastIndex);
  return { start: VALUE_ATTRIBUTE.lastIndex, end: end === -1 ? text.length : end, replacement: MASK };
}

/** An element's text. Where no tag follows, it is cut off, or `<password>` stood for something in prose. */
function contentOf(text: string, start: number, open: string, tag: string): Cut {
  if (text.startsWith(CDATA, start)) {
    const end = text.indexOf(']]>', start);
    return { start, end: end === -1 ? text.length : end + 3, replacement: MASK };
  }
  const next = text.indexOf(open, start);
  if (isSpace(text.charCodeAt(start))) {
    const isElement = next !== -1 && text.startsWith(`${open}/${tag}`, next);
    return { start, end: isElement ? next : start, replacement: MASK };
  }
  return { start, end: next === -1 ? bareEnd(text, start, 'argument', undefined) : next, replacement: MASK };
}
