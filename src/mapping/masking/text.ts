/**
 * Masks secrets in any text: Python reprs, JSON, both in each other, `key=value`, headers, command lines, XML, URLs.
 *
 * One search finds the places where a secret may be announced; what stands there is then looked at. Nothing is parsed
 * from the beginning, so a text may be cut off anywhere. Each place is looked at once and the search goes on behind
 * what was masked, so the time is linear in the length.
 */
import { type Announcement, findAnnouncement } from './announcements.js';
import { type Cut, containerEnd, isKeyCharacter, lineEnd, MASK } from './extent.js';
import { fieldOf, isQueryField, matchEnd } from './field.js';
import {
  basicEnd,
  cephxEnd,
  commandPassword,
  fernetEnd,
  hashEnd,
  JwtFinder,
  maskUserInfo,
  privateKeyBody,
} from './forms.js';
import { isSecretKey, isSecretQueryKey, LONGEST_KEY } from './keys.js';
import { elementOf } from './xml.js';

/** Values that hide nothing, and those that are masked already. `<?>` is what Nova's objects print for an unset field. */
const NOTHING = /^(?:none|null|nil|undefined|<\?>|\[\]|\{\}|\(\)|\*\*\*)?$/i;
/** A place for a bind, as SQL has them behind a column's name. */
const BIND = /^(?:\?|%s|%\([\w.]{1,64}\)s)$/;
/** A name in a statement; what is left of a word that was masked is none. */
const COLUMN = /\b\w+\b(?!\*)/g;
const LONGEST_BIND = 72;
/** A segment of a path that is no word of the Identity API. */
const TOKEN_ID = /(?!OS-PKI|revoked)[\w.~%+=-]+/y;

/** The text with all secrets replaced by `***`. Never throws; masking again changes nothing. */
export function maskText(text: string): string {
  const first = findAnnouncement(text, 0);
  return first === undefined ? text : new TextMasker(text).mask(first);
}

class TextMasker {
  #out = '';
  /** The text before this is in `#out`. */
  #taken = 0;
  /** Where to look for the next announcement. */
  #next = 0;
  /** End of the last key that was judged: another syllable of it says nothing new. */
  #judgedTo = 0;
  /** Where the last list of SQL parameters began. */
  #sqlTo = 0;
  /** Whether the statement before it names a secret column. */
  #sqlNamesSecret = false;
  readonly #jwt: JwtFinder;

  constructor(private readonly text: string) {
    this.#jwt = new JwtFinder(text);
  }

  mask(first: Announcement): string {
    let found: Announcement | undefined = first;
    while (found !== undefined) {
      // Announcements may overlap: `-p` begins in `--password`.
      this.#next = found.announces === 'key' ? found.end : found.start + 1;
      this.#cut(this.#look(found));
      found = findAnnouncement(this.text, this.#next);
    }
    return this.#taken === 0 ? this.text : this.#out + this.text.slice(this.#taken);
  }

  /** Makes the cut, unless there is nothing to hide, and goes on behind it. */
  #cut(cut: Cut | undefined): void {
    if (cut === undefined) return;
    this.#next = Math.max(this.#next, cut.end);
    if (hidesNothing(this.text, cut)) return;
    this.#out += this.text.slice(this.#taken, cut.start) + cut.replacement;
    this.#taken = cut.end;
  }

  #look({ announces, start, end }: Announcement): Cut | undefined {
    const { text } = this;
    switch (announces) {
      case 'userinfo':
        return maskUserInfo(text, end);
      case 'fernet':
        return cutTo(start, fernetEnd(text, start));
      case 'jwt':
        return cutTo(start, this.#jwt.end(start));
      case 'hash':
        return cutTo(start, hashEnd(text, end));
      case 'private key':
        return privateKeyBody(text, start, end) ?? this.#keyed(end - 'key'.length, end);
      case 'cephx':
        return cutTo(start, cephxEnd(text, start));
      case 'basic':
        return cutTo(end, basicEnd(text, end));
      case 'flag':
        return commandPassword(text, start, end);
      case 'aws':
        return cutTo(end, lineEnd(text, end, undefined));
      case 'sql':
        return this.#sqlParameters(start, end - 1);
      case 'key':
        return this.#keyed(start, end);
    }
  }

  /**
   * SQLAlchemy's errors: `[SQL: INSERT INTO user (…, password) …]` and then `[parameters: (…)]` in the columns' order.
   * When a column's name is secret the whole list goes; parameters by name are found as any other key is.
   */
  #sqlParameters(start: number, list: number): Cut | undefined {
    const before = this.text.slice(this.#sqlTo, start);
    this.#sqlTo = start;
    const statement = before.lastIndexOf('[SQL: ');
    if (statement !== -1) {
      const names = before.slice(statement).match(COLUMN) ?? [];
      this.#sqlNamesSecret = names.some((name) => isSecretKey(name));
    }
    if (!this.#sqlNamesSecret || this.text[list + 1] === '{') return undefined;
    return cutTo(list, containerEnd(this.text, list, undefined));
  }

  /** The value of the key that the syllable from `start` to `end` is part of, when that key is secret. */
  #keyed(start: number, end: number): Cut | undefined {
    if (start < this.#judgedTo) return undefined;
    const { text } = this;
    let from = start;
    while (from > this.#taken && isKeyCharacter(text.charCodeAt(from - 1))) from--;
    // What is left of a percent escape is no part of the key.
    if (text[from - 1] === '%' && /^[0-9a-f]{2}/i.test(text.slice(from, from + 2))) from += 2;
    let to = end;
    while (isKeyCharacter(text.charCodeAt(to))) to++;
    this.#judgedTo = to;
    const key = { name: text.slice(Math.max(from, to - LONGEST_KEY), to), from, to };
    if (text[from - 1] === '/' && key.name.toLowerCase() === 'tokens') return tokenInPath(text, to);
    const isSecret =
      key.name === '--key' ||
      isSecretKey(key.name) ||
      (isQueryField(text, key) && isSecretQueryKey(key.name));
    return isSecret ? (elementOf(text, key) ?? fieldOf(text, key)) : undefined;
  }
}

/** The id behind `/tokens/`, which is the token itself in the Identity API's version 2. */
function tokenInPath(text: string, to: number): Cut | undefined {
  const end = matchEnd(TOKEN_ID, text, to + 1);
  return text[to] === '/' && end !== undefined ? { start: to + 1, end, replacement: MASK } : undefined;
}

/** The part from `start` to `end`, if there is any, masked. */
const cutTo = (start: number, end: number): Cut | undefined =>
  end > start ? { start, end, replacement: MASK } : undefined;

function hidesNothing(text: string, { start, end }: Cut): boolean {
  if (end - start > LONGEST_BIND) return false;
  const value = text.slice(start, end);
  if (NOTHING.test(value) || BIND.test(value)) return true;
  return /^:\w+$/.test(value) && isSecretKey(value.slice(1));
}
