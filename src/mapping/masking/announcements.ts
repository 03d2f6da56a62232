/** Where in a text a secret may be announced. Most texts hold no such place, so this search is what masking costs. */

/** What was found: forms that are secrets by themselves, and syllables, one of which every secret key has. */
export type Announces =
  | 'userinfo'
  | 'fernet'
  | 'jwt'
  | 'hash'
  | 'private key'
  | 'cephx'
  | 'aws'
  | 'basic'
  | 'flag'
  | 'sql'
  | 'key';

export interface Announcement {
  readonly announces: Announces;
  readonly start: number;
  readonly end: number;
}

/** In lower case; found in any. Of two that begin alike the longer one stands first. */
const NEEDLES: Readonly<Record<Announces, readonly string[]>> = {
  userinfo: ['://'],
  fernet: ['gaaaaa'],
  jwt: ['eyj'],
  hash: (
    '$1$ $2$ $2a$ $2b$ $2x$ $2y$ $5$ $6$ $7$ $y$ $gy$ $apr1$ $sha1$ $md5$ $argon2 $scrypt$ $pbkdf2 ' +
    '$bcrypt'
  ).split(' '),
  'private key': ['private key'],
  cephx: ['aq'],
  aws: ['aws4-hmac-sha256 '],
  basic: ['basic '],
  // `mysql -psecret`, `ipmitool -P secret`.
  flag: ['-p'],
  sql: ['[parameters: (', '[parameters: ['],
  key: (
    'pass pw pswd pin secret token auth cred cookie fernet blob key kek psk otp jwt bearer sig userdata user_data ' +
    'user-data configdrive injected_files injected-files injectedfiles personality fsid samlresponse saml_response ' +
    'saml-response hash_suffix hash_prefix hashsuffix hashprefix path_suffix path_prefix pathsuffix pathprefix ' +
    'community cypher cipher receipt payload'
  ).split(' '),
};

const ANNOUNCES = new Map(
  Object.entries(NEEDLES).flatMap(([announces, needles]) =>
    needles.map((needle) => [needle, announces as Announces] as const),
  ),
);
const SEARCH = new RegExp(
  [...ANNOUNCES.keys()].map((needle) => needle.replace(/[$[(]/g, '\\$&')).join('|'),
  'gi',
);

/** The first announcement at or behind `from`. */
export function findAnnouncement(text: string, from: number): Announcement | undefined {
  SEARCH.lastIndex = from;
  const found = SEARCH.exec(text);
  if (found === null) return undefined;
  return { announces: ANNOUNCES.get(found[0].toLowerCase())!, start: found.index, end: SEARCH.lastIndex };
}
