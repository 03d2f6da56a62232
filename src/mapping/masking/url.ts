/** Secrets in URLs: the values of secret keys in a query, and passwords before a host. */
import { type Cut, endsUrl, MASK } from './extent.js';
import { isSecretQueryKey } from './keys.js';

const NOT_IN_NAMES = /[\s"'{}(),<>\\*]/;
/** How far behind a host without a password to look for the rest of a password with an unescaped slash. */
const PASSWORD_REACH = 256;

/**
 * The query with the values of secret keys masked. Order, keys and all other bytes stay as they are.
 * @param query without its `?`; a `?` in it separates like `&`, since a URL may stand in a URL unescaped.
 * @param maskRest masks the text of the other values. One whose decoded text holds a secret goes as a whole.
 */
export function maskQueryWith(query: string, maskRest: (text: string) => string): string {
  let out = '';
  let from = 0;
  while (from <= query.length) {
    let end = from;
    while (end < query.length && query[end] !== '&' && query[end] !== '?') end++;
    out += maskField(query.slice(from, end), maskRest) + query.slice(end, end + 1);
    from = end + 1;
  }
  return out;
}

function maskField(field: string, maskRest: (text: string) => string): string {
  const equals = field.indexOf('=');
  const name = decoded(field.slice(0, Math.max(0, equals)));
  // JSON or a repr may hold an `=` too: what stands before that one is no name.
  const value = equals === -1 || NOT_IN_NAMES.test(name) ? 0 : equals + 1;
  if (value > 0 && isSecretQueryKey(name))
    return field.slice(0, value) + (value === field.length ? '' : MASK);
  const written = field.slice(value);
  const plain = decoded(written);
  const hidesSecret = plain !== written && maskRest(plain) !== plain;
  return hidesSecret ? field.slice(0, value) + MASK : maskRest(field);
}

/** Percent escapes as single characters: names of keys and the marks round them are ASCII, the rest does not matter. */
function decoded(part: string): string {
  if (!part.includes('%') && !part.includes('+')) return part;
  return part
    .replace(/\+/g, ' ')
    .replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The authority of a URL (`user:password@host:port`, several with commas between them as in oslo.messaging's
 * transport URLs) with its passwords masked, up to the last `@`; undefined when it holds none.
 * @param start behind `//`.
 */
export function maskUserInfo(text: string, start: number): Cut | undefined {
  const end = userInfoEnd(text, start);
  if (end === start) return undefined;
  const userInfos = text.slice(start, end);
  let masked = '';
  let from = 0;
  for (let at = userInfos.indexOf('@'); at !== -1; at = userInfos.indexOf('@', from)) {
    const comma = userInfos.indexOf(',', at);
    // The last `@` of this host: a password may hold one unescaped.
    if (comma === -1) at = userInfos.length - 1;
    else at = userInfos.lastIndexOf('@', comma);
    const colon = userInfos.indexOf(':', from);
    const hasPassword = colon !== -1 && colon < at - 1;
    const next = comma === -1 ? userInfos.length : comma + 1;
    masked += hasPassword ? `${userInfos.slice(from, colon + 1)}${MASK}` : userInfos.slice(from, at);
    masked += userInfos.slice(at, next);
    from = next;
  }
  return { start, end, replacement: masked };
}

/** Behind the last `@` of the authority at `start`; `start` when there is none. */
function userInfoEnd(text: string, start: number): number {
  let end = start;
  let lastAt = -1;
  for (; end < text.length && !endsUrl(text, end); end++) {
    const character = text[end];
    if (character === '/' || character === '?') {
      if (lastAt === -1) lastAt = unescapedAt(text, start, end);
      break;
    }
    if (character === '@') lastAt = end;
  }
  return lastAt === -1 ? start : lastAt + 1;
}

/**
 * The last `@` behind a slash or question mark that was meant as part of a password, -1 when there is none: what
 * stands before the slash (at `slash`) is then neither a host alone nor a host and port.
 */
function unescapedAt(text: string, start: number, slash: number): number {
  const host = text.slice(start, Math.min(slash, start + PASSWORD_REACH));
  const colon = host.lastIndexOf(':');
  if (host.startsWith('[') || colon === -1 || /^\d*$/.test(host.slice(colon + 1))) return -1;
  let lastAt = -1;
  for (let at = slash; at < slash + PASSWORD_REACH && at < text.length && !endsUrl(text, at); at++) {
    if (text[at] === '@') lastAt = at;
  }
  return lastAt;
}
