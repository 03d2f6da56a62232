/**
 * Where in a text a secret may be announced. Most texts hold no such place, so this search is what masking costs.
 *
 * All needles are looked for at once, in any case, by the automaton of Aho and Corasick: one step a character whatever
 * the text is. (A regular expression of the same alternatives takes three times as long.)
 */

/** What was found: forms that are secrets by themselves, and syllables, one of which every secret key has. */
export type Announces = 'userinfo' | 'fernet' | 'jwt' | 'hash' | 'private key' | 'aws' | 'sql' | 'key';

export interface Announcement {
  readonly announces: Announces;
  readonly start: number;
  readonly end: number;
}

const NEEDLES: Readonly<Record<Announces, readonly string[]>> = {
  userinfo: ['://'],
  fernet: ['gaaaaa'],
  jwt: ['eyj'],
  hash: (
    '$1$ $2$ $2a$ $2b$ $2x$ $2y$ $5$ $6$ $7$ $y$ $gy$ $apr1$ $sha1$ $md5$ $argon2 $scrypt$ $pbkdf2 ' +
    '$bcrypt'
  ).split(' '),
  'private key': ['private key'],
  aws: ['aws4-hmac-sha256 '],
  sql: ['[parameters: (', '[parameters: ['],
  key: (
    'pass pwd pswd secret token auth cred cookie fernet blob key kek psk otp jwt bearer sig userdata user_data ' +
    'user-data configdrive injected_files injected-files injectedfiles personality fsid samlresponse saml_response ' +
    'saml-response hash_suffix hash_prefix hashsuffix hashprefix path_suffix path_prefix pathsuffix pathprefix'
  ).split(' '),
};

/** A table of the automaton's steps: `next[state + class of the character]` is the state that follows. */
interface Automaton {
  readonly next: Int16Array;
  /** By character code up to 127; all others are of class 0, which is in no needle. */
  readonly classes: Uint8Array;
  /** What a state has found, the longest needle that ends there. Found states are complemented in `next`. */
  readonly found: readonly ({ readonly announces: Announces; readonly length: number } | undefined)[];
  /** Length of a row of `next`; states are counted in it. */
  readonly width: number;
}

const AUTOMATON = buildAutomaton();

/** The first announcement that ends behind `from`, looking at nothing before it. */
export function findAnnouncement(text: string, from: number): Announcement | undefined {
  const { next, classes, found, width } = AUTOMATON;
  let state = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    state = next[state + (code < 128 ? classes[code]! : 0)]!;
    if (state < 0) {
      const { announces, length } = found[~state / width]!;
      return { announces, start: at + 1 - length, end: at + 1 };
    }
  }
  return undefined;
}

function buildAutomaton(): Automaton {
  const classes = new Uint8Array(128);
  let width = 1;
  for (const character of new Set(Object.values(NEEDLES).flat().join(''))) {
    classes[character.charCodeAt(0)] = width;
    classes[character.toUpperCase().charCodeAt(0)] = width++;
  }
  const rows: Int16Array[] = [new Int16Array(width)];
  const found: Automaton['found'][number][] = [undefined];
  for (const [announces, needles] of Object.entries(NEEDLES) as [Announces, readonly string[]][]) {
    for (const needle of needles) {
      let state = 0;
      for (let at = 0; at < needle.length; at++) {
        const step = classes[needle.charCodeAt(at)]!;
        if (rows[state]![step] === 0) rows[state]![step] = rows.push(new Int16Array(width)) - 1;
        state = rows[state]![step]!;
      }
      found[state] = { announces, length: needle.length };
    }
  }
  linkFailures(rows, found);
  const next = new Int16Array(rows.length * width);
  rows.forEach((row, state) => {
    row.forEach((target, step) => {
      next[state * width + step] = found[target] === undefined ? target * width : ~(target * width);
    });
  });
  return { next, classes, found, width };
}

/**
 * Completes the rows, breadth first: where no needle goes on, the automaton goes on as if from the longest end of what
 * it has read that begins another needle.
 */
function linkFailures(rows: Int16Array[], found: Automaton['found'][number][]): void {
  const failures = new Int16Array(rows.length);
  const queue = [...rows[0]!].filter((state) => state !== 0);
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at]!;
    const failure = failures[state]!;
    found[state] ??= found[failure];
    rows[state]!.forEach((target, step) => {
      const elsewhere = rows[failure]![step]!;
      if (target === 0) rows[state]![step] = elsewhere;
      else {
        failures[target] = elsewhere;
        queue.push(target);
      }
    });
  }
}
