/**
 * Which keys hold secrets. A key is judged by its words, so that `adminPass`, `admin_pass`, `ADMIN-PASS` and
 * `nova_admin_pass_1` (SQLAlchemy numbers its binds) are one key. The starting point is the list of oslo.utils'
 * `mask_password` (`strutils._SANITIZE_KEYS`); the others are options and fields that OpenStack's services call secret.
 *
 * When in doubt a key is secret, unless its last word says that the value is only about a secret
 * (`password_expires_at`, `token_count`, `secret_ref`) or its first one asks a yes-or-no question (`is_secret`).
 */

import { memo } from '../memo.js';

/** Longer keys are judged by their end: what a key means stands in its last words. */
export const LONGEST_KEY = 128;

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

/** Last words of keys that are about a secret and do not hold it. */
const ABOUT = words(
  `at date time times id ids uuid uuids ref refs href url urls uri uris endpoint endpoints count counts number
  total limit quota type types method methods name names username algo algorithm algorithms alg length len size bits
  format policy policies regex pattern description day days hour hours minute minutes second seconds ms ttl timeout
  interval age expires expiry expiration expire expired lifetime lifespan duration valid validity enabled disabled
  required supported allowed history depth strength flavor flavors status state version versions option options
  provider driver backend plugin interface section strategy manager class module model schema path file files
  filename dir directory repository repo host hostname port field fields column columns label hint prompt usage mode
  error errors message reason scope scopes kind protocol domain project user owner role roles rule rules index table
  created changed updated locked attempts failures retries requests region issuer audience group groups category
  level source min max set exists present service`,
);
/** First words of keys whose value is a flag, a bound or a number. */
const ASKING = words(
  `is has had use uses no not max min num number count total enable disable allow allows require requires
  validate expire failed ignore supports without`,
);
/** The exceptions to {@link ABOUT}: Keystone's token id is the token, Vault's secret id and an access key id are half a login. */
const IDS_THAT_ARE_SECRET = /(?:token|secret|accesskey)id$|secretuuid$/;
/** Last words that say how the value is written, not what it is. */
const WRITTEN_AS = words(
  `base64 b64 encoded raw plain plaintext clear cleartext text string str hex bytes encrypted hashed hash hashes
  value values header headers payload body json dict list new old confirm confirmation again`,
);

const ANYWHERE = /passw(?:or)?d(?!less)|passphrase|passcode|pswd|secret(?!ar)|fernet/;
const AT_END = new RegExp(
  [
    'userdata',
    'authdata',
    'authinfo',
    'auth(?:orization)?code',
    'authori[sz]ations?',
    '(?:basic|http|proxy)auth',
    'credentials?',
    'cookies?',
    'cookiejar',
    'blob',
    'pwd',
    'tokens?',
    'tokendata',
    'tokenid',
    'tempurlkey',
    'passkeys?',
    'clientkeydata',
    'cephclusterfsid',
    'snmpcommunity',
    'authreceipt',
    'swifthash(?:path)?(?:suffix|prefix)',
    '(?:admin|new|old|rescue|root|user|db|sql|ssh|auth|chap|rabbit|guest|ipmi|key|store)pass',
    '(?:private|ssl|tls|api|access|hmac|encryption|encrypted|decryption|signing|session|shared|auth|ssh|rndc|heartbeat)keys?',
    'ceph[a-z]{0,20}key',
    'crypto(?:key|kek)',
  ]
    .map((end) => `(?:${end})$`)
    .join('|'),
);
/** Keys that are secret when this is their last word, or all there is. */
const LAST_WORDS = words('pass pw pin auth auths cred creds kek psk otp totp jwt bearer keyring');
/** `…_key` is a secret after these words only: a `key`, `public_key`, `sort_key` or `routing_key` is none. */
const SECRET_KEY_OF = words(
  `private priv ssl tls api access hmac encryption encrypted decryption signing master session shared auth
  authentication crypto cipher ceph cephx client admin rgw mds mon rndc heartbeat ssh rsa dsa ecdsa account storage
  wrapped aes store fixed swift cbc customer ca kg`,
);
/** Whole keys. `injected_files` and `personality` are what users put into a server, like its user data. */
const WHOLE = words('injectedfiles personality samlresponse payload cyphertext ciphertext chpasswd');
/** Last words that sign a request: whoever has the URL may use it. They are secret in URL queries only. */
const SIGNATURES = words('signature sig');

/**
 * Whether the value under this key is a secret.
 * @param key as it was written: any case, dashes, underscores or camelCase; of a dotted key the last part counts.
 */
export const isSecretKey = memo((key) => judge(wordsOf(key)));

/** The same for a list or an object, which is masked as a whole: a `payload` of these is seldom that of a secret. */
export const isSecretContainerKey = (key: string): boolean => isSecretKey(key) && !/payload$/i.test(key);

/** Whether the value under this key of a URL query is a secret; `key` is percent-decoded. */
export function isSecretQueryKey(key: string): boolean {
  return isSecretKey(key) || SIGNATURES.has(wordsOf(key).at(-1) ?? '');
}

function judge(parts: string[]): boolean {
  if (parts.length > 1 && ASKING.has(parts[0]!)) return false;
  if (parts.join('').endsWith('keyhash')) return true;
  // `configdrive` is Ironic's content of one; Nova's `config_drive` says only whether there is one.
  if (parts.join('').endsWith('configdrive')) return parts.at(-1)!.endsWith('configdrive');
  if (WHOLE.has(parts.join(''))) return true;
  while (parts.length > 1 && WRITTEN_AS.has(parts.at(-1)!)) parts.pop();
  const whole = parts.join('');
  const last = parts.at(-1) ?? '';
  if (IDS_THAT_ARE_SECRET.test(whole) || WHOLE.has(whole)) return true;
  if (ABOUT.has(last) || (parts.length === 1 && /.(?:uuid|ref|expiresat|createdat|count)$/.test(last)))
    return false;
  if (LAST_WORDS.has(last) || ANYWHERE.test(whole)) return true;
  if (last === 'key' || last === 'keys') return SECRET_KEY_OF.has(parts.at(-2) ?? '') || AT_END.test(whole);
  return parts.includes('token') || AT_END.test(whole);
}

/** The key's words in lower case, without the numbers at its end. */
export function wordsOf(key: string): string[] {
  const tail = key.slice(-LONGEST_KEY).replace(/(?:\.\d{1,9})$/, '');
  const parts = tail
    .slice(tail.lastIndexOf('.') + 1)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\x00-\x2f\x3a-\x60\x7b-\x7f]+/)
    .filter((word) => word !== '');
  while (parts.length > 1 && /^m?\d+$/.test(parts.at(-1)!)) parts.pop();
  const last = parts.pop();
  if (last !== undefined)
    parts.push(WRITTEN_AS.has(last) ? last : last.replace(/(?<!\d)\d{1,9}$/, '') || last);
  return parts;
}

/** Keys of a row or an object that say what its value is: `{"name": "password", "value": "x"}`. */
const NAMES_VALUE = words('name key option property param parameter field setting attribute variable');
const NAMED_VALUE = words('value val content default');

/** Whether the value under `key` is a secret because another member of the same object names it so. */
export function isNamedSecret(
  key: string,
  members: readonly (readonly [key: string, value: unknown])[],
): boolean {
  return (
    NAMED_VALUE.has(key.toLowerCase()) &&
    members.some(
      ([name, value]) =>
        typeof value === 'string' && NAMES_VALUE.has(name.toLowerCase()) && isSecretKey(value),
    )
  );
}
