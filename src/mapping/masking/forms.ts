/** Secrets that their form gives away, wherever they stand. Each function looks at one place of a text. */
import { bareEnd, type Cut, endsUrl, isQuote, MASK, quoteAt, quotedEnd } from './extent.js';
import { matchEnd } from './field.js';

const FERNET = /[\w-]{10,}(?:=|%3D){0,2}/y;
const CRYPT = /(?:[\w./$+=-]|,(?=[a-z]=))+/y;
const CEPHX = /AQ[A-Za-z0-9+/]{36}==/y;
/** The first of its quantums makes this linear: one that is cut off, or longer, is none. */
const BASE64 = /(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?![A-Za-z0-9+/=])/y;
const LONGEST_BASIC = 1024;
/** The last command before a flag whose value is a password; a new line or `;` begins another command. */
const COMMAND = /\b(?:(mysql\w*)|(ipmitool|sshpass))\b[^\n;|]*[\s'"]$/;
const COMMAND_REACH = 300;
const KEY_BEGIN = '-----BEGIN ';
const KEY_LINE_END = /(?: BLOCK)?-----/y;
const KEY_END = '-----END ';
const LONGEST_KEY_KIND = 40;
/** Shorter is no hash: `$1$` may be an amount. */
const SHORTEST_HASH = 8;
const SHORTEST_JWT_PART = 8;
/** How far behind a host without a password to look for the rest of a password with an unescaped slash. */
const PASSWORD_REACH = 256;

/**
 * Behind the Fernet token (Keystone's tokens and encrypted credentials) whose `gAAAAA` begins at `start`;
 * -1 when there is none. The version byte 0x80 and the high bytes of a timestamp make these six letters until 2106.
 */
export function fernetEnd(text: string, start: number): number {
  if (!text.startsWith('gAAAAA', start)) return -1;
  return stickyEnd(FERNET, text, start + 6);
}

/**
 * Behind the password hash that begins at `start` (bcrypt, crypt(3), passlib's `$pbkdf2-…`, `$scrypt$…`); -1 when
 * what follows is too short for one.
 * @param content behind the `$` that ends the scheme's name.
 */
export function hashEnd(text: string, content: number): number {
  const end = stickyEnd(CRYPT, text, content);
  return end - content < SHORTEST_HASH ? -1 : end;
}

const stickyEnd = (pattern: RegExp, text: string, start: number): number =>
  matchEnd(pattern, text, start) ?? -1;

/** Behind the Cephx key that begins at `start`: 28 bytes, of which the first two are its type; -1 when there is none. */
export const cephxEnd = (text: string, start: number): number => stickyEnd(CEPHX, text, start);

/** Behind the credential of HTTP's Basic scheme at `start`: base64 of `user:password`; -1 when it is none. */
export function basicEnd(text: string, start: number): number {
  const end = stickyEnd(BASE64, text, start);
  if (end === -1 || end - start > LONGEST_BASIC) return -1;
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(atob(text.slice(start, end))) ? end : -1;
}

/**
 * The password of `mysql -psecret`, `ipmitool -P secret`, `['sshpass', '-p', 'secret']`; undefined when the flag is not
 * one of these commands'.
 * @param start where the flag is. @param end behind its letter.
 */
export function commandPassword(text: string, start: number, end: number): Cut | undefined {
  const before = text.slice(Math.max(0, start - COMMAND_REACH), start);
  const [, mysql, other] = COMMAND.exec(before) ?? [];
  if (mysql === undefined && (other === undefined || (other === 'ipmitool') !== (text[end - 1] === 'P')))
    return undefined;
  if (mysql !== undefined && text[end - 1] === 'P') return undefined;
  const isQuoted = isQuote(text.charCodeAt(start - 1));
  const separated = matchEnd(isQuoted ? /\\*["'],\s*\\*["']/y : /[ \t]+/y, text, end);
  // MySQL's clients take a password only right behind the flag, and ask for it otherwise.
  if (mysql !== undefined && separated !== undefined) return undefined;
  const value = separated ?? end;
  const quote = isQuoted ? quoteAt(text, start - 1) : quoteAt(text, value);
  if (quote === undefined || isQuoted)
    return {
      start: value,
      end: isQuoted && quote ? quotedEnd(text, value, quote) : bareEnd(text, value, 'argument', undefined),
      replacement: MASK,
    };
  const content = value + quote.backslashes + 1;
  return { start: content, end: quotedEnd(text, content, quote), replacement: MASK };
}

/**
 * The body of the PEM private key whose first line says `PRIVATE KEY` at `kind`, to its last line or to the end of a
 * cut text; undefined when there is none.
 * @param end behind those words.
 */
export function privateKeyBody(text: string, kind: number, end: number): Cut | undefined {
  const begin = text.slice(Math.max(0, kind - LONGEST_KEY_KIND), kind);
  KEY_LINE_END.lastIndex = end;
  if (!begin.includes(KEY_BEGIN) || !KEY_LINE_END.test(text)) return undefined;
  const last = text.indexOf(KEY_END, KEY_LINE_END.lastIndex);
  return { start: KEY_LINE_END.lastIndex, end: last === -1 ? text.length : last, replacement: MASK };
}

/**
 * Looks for JSON Web Tokens in one text, from its beginning to its end. It remembers the run of characters that it saw
 * last, so that many beginnings in one run cost no more than one.
 */
export class JwtFinder {
  #seenTo = -1;

  constructor(private readonly text: string) {}

  /** Behind the JWT whose `eyJ` (the beginning of `{"` in base64url) is at `start`; -1 when it is none. */
  end(start: number): number {
    if (start < this.#seenTo || !this.text.startsWith('eyJ', start)) return -1;
    const header = this.#runEnd(start);
    this.#seenTo = header;
    if (header - start < SHORTEST_JWT_PART || this.text[header] !== '.') return -1;
    let end = this.#runEnd(header + 1);
    if (end - header <= SHORTEST_JWT_PART) return -1;
    while (this.text[end] === '.') end = this.#runEnd(end + 1);
    return end;
  }

  #runEnd(start: number): number {
    let end = start;
    while (isBase64Url(this.text.charCodeAt(end))) end++;
    return end;
  }
}

function isBase64Url(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x2d
  );
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
