/** Secrets in URLs and their queries. */
import { MASK } from './extent.js';
import { isSecretQueryKey } from './keys.js';
import { maskText } from './text.js';

const NOT_IN_NAMES = /[\s"'{}(),<>\\*]/;

/**
 * The query with the values of secret keys masked. Order, keys and all other bytes stay as they are.
 * @param query without its `?`; a `?` in it separates like `&`, since a URL may stand in a URL unescaped.
 * Other values are masked as text; one whose decoded text holds a secret goes as a whole.
 */
export function maskQuery(query: string): string {
  let out = '';
  let from = 0;
  while (from <= query.length) {
    let end = from;
    while (end < query.length && query[end] !== '&' && query[end] !== '?') end++;
    out += maskField(query.slice(from, end)) + query.slice(end, end + 1);
    from = end + 1;
  }
  return out;
}

function maskField(field: string): string {
  const equals = field.indexOf('=');
  const name = decoded(field.slice(0, Math.max(0, equals)));
  // JSON or a repr may hold an `=` too: what stands before that one is no name.
  const value = equals === -1 || NOT_IN_NAMES.test(name) ? 0 : equals + 1;
  if (value > 0 && isSecretQueryKey(name))
    return field.slice(0, value) + (value === field.length ? '' : MASK);
  const written = field.slice(value);
  const plain = decoded(written);
  const hidesSecret = plain !== written && maskText(plain) !== plain;
  return hidesSecret ? field.slice(0, value) + MASK : maskText(field);
}

/** Percent escapes as single characters: names of keys and the marks round them are ASCII, the rest does not matter. */
function decoded(part: string): string {
  if (!part.includes('%') && !part.includes('+')) return part;
  return part
    .replace(/\+/g, ' ')
    .replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A URL with the password before its host, and secrets in its path, query and fragment masked. */
export function maskUrl(url: string): string {
  const hash = url.indexOf('#');
  const beforeFragment = hash === -1 ? url : url.slice(0, hash);
  // OAuth's answers carry their tokens in the fragment, written as a query is.
  const fragment = hash === -1 ? '' : `#${maskQuery(url.slice(hash + 1))}`;
  const mark = beforeFragment.indexOf('?');
  if (mark === -1) return maskBase(beforeFragment) + fragment;
  return `${maskBase(beforeFragment.slice(0, mark))}?${maskQuery(beforeFragment.slice(mark + 1))}${fragment}`;
}

/** Scheme, authority and path. Without a scheme, as in `//user:password@host`, there is an authority all the same. */
function maskBase(base: string): string {
  return base.startsWith('//') ? maskText(`x:${base}`).slice(2) : maskText(base);
}
