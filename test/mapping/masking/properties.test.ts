import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskQuery, maskText, maskUrl } from '../../../src/mapping/masking/mask.js';

/** Stand at both ends of every generated secret, and nowhere else. */
const HEAD = 'Zq9';
const TAIL = 'Wx7';

type Value = string | number | null | readonly Value[] | { readonly [key: string]: Value };

const secretKey = fc.constantFrom(
  'password',
  'admin_password',
  'adminPass',
  'X-Auth-Token',
  'OS_PASSWORD',
  'client_secret',
  'private_key',
  'credentials',
  'user_data',
  'password_hash_1',
);
const plainKey = fc.constantFrom('name', 'id', 'key_name', 'auth_url', 'secret_ref', 'flavor', 'host', 'x');
const nasty = fc.string({
  unit: fc.constantFrom(...`ab1'"\\,:=&?/<>(){}[] $%;#é\n`.split(''), 'name', "', '", '": "', '\\n'),
  maxLength: 12,
});
const anySecret = nasty.map((middle) => HEAD + middle + TAIL);
const wordSecret = fc.string({ unit: fc.constantFrom(...'abXY019_-+/.'.split('')), maxLength: 12 });
const plainText = fc.string({ unit: fc.constantFrom(...`abc 1'",:.-é`.split('')), maxLength: 8 });
const notations = fc.array(fc.constantFrom('python', 'json'), { minLength: 1, maxLength: 3 });

/** A string as Python's `repr` writes it. */
function reprText(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\n]/g, (c) => (c === '\n' ? '\\n' : '\\\\')).replaceAll(mark, `\\${mark}`);
  return mark + body + mark;
}

function repr(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return reprText(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  const entries = Object.entries(value as Record<string, Value>);
  return `{${entries.map(([key, item]) => `${reprText(key)}: ${repr(item)}`).join(', ')}}`;
}

const write = (value: Value, notation: string): string =>
  notation === 'json' ? JSON.stringify(value) : repr(value);

/** The value among others, as deep as there are notations: each is the text of one inside the next. */
const nested = fc
  .tuple(
    secretKey,
    fc.oneof<fc.Arbitrary<Value>[]>(
      anySecret,
      anySecret.map((secret) => ['a', secret]),
      anySecret.map((secret) => ({ user: 'a', pw: [secret, 1] })),
    ),
    notations,
    plainKey,
    plainText,
  )
  .map(([key, secret, kinds, other, text]) => {
    let value: Value = { [other]: text, [key]: secret, after: text };
    for (const kind of kinds) value = { first: [1, text], body: write(value, kind), last: 'end-mark' };
    return write((value as { body: Value }).body as string, 'json');
  })
  .map((json) => JSON.parse(json) as string);

function assertHidden(text: string): void {
  const masked = maskText(text);
  assert.ok(!masked.includes(HEAD) && !masked.includes(TAIL), `${text}\n→ ${masked}`);
}

test('a secret nested in Python reprs and JSON, one inside the other, never survives', () => {
  fc.assert(fc.property(nested, assertHidden), { seed: 1, numRuns: 3_000 });
});

test('nor does it in the JSON of a whole notification', () => {
  fc.assert(
    fc.property(nested, (text) => assertHidden(JSON.stringify({ payload: { info: { kwargs: text } } }))),
    { seed: 2, numRuns: 1_000 },
  );
});

test('a text may be cut anywhere', () => {
  fc.assert(
    fc.property(nested, fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
      const cut = text.slice(0, Math.floor(text.length * share));
      assert.ok(!maskText(cut).includes(HEAD), cut);
    }),
    { seed: 3, numRuns: 2_000 },
  );
});

test('a secret without quotes never survives in objects, headers, command lines, XML and URLs', () => {
  const forms = [
    (k: string, s: string) => `Thing(id=1,${k}=${s},name='x')`,
    (k: string, s: string) => `<Thing id=1 ${k}=${s}>`,
    (k: string, s: string) => `curl -H '${k}: ${s}' http://h`,
    (k: string, s: string) => `cmd --${k} ${s} --debug`,
    (k: string, s: string) => `cmd --${k}=${s} --debug`,
    (k: string, s: string) => `<a><${k}>${s}</${k}></a>`,
    (k: string, s: string) => `http://h/p?a=1&${k}=${s}&b=2`,
    (_: string, s: string) => `rabbit://user:${s.replaceAll('/', '')}@host:5672/v`,
  ];
  fc.assert(
    fc.property(secretKey, wordSecret, fc.constantFrom(...forms), (key, middle, form) => {
      assertHidden(form(key, HEAD + middle + TAIL));
    }),
    { seed: 4, numRuns: 2_000 },
  );
});

test('a secret in a query never survives, however its key is escaped, and all else stays', () => {
  const escaped = (key: string, every: number): string =>
    [...key].map((c, at) => (at % every === 0 ? `%${c.charCodeAt(0).toString(16)}` : c)).join('');
  const query = fc.tuple(secretKey, anySecret, fc.integer({ min: 1, max: 20 }), plainKey, plainText);
  fc.assert(
    fc.property(query, ([key, secret, every, other, text]) => {
      const rest = `${other}=${encodeURIComponent(text)}`;
      const name = escaped(key, every);
      const full = `${rest}&${name}=${encodeURIComponent(secret)}&z=1`;
      assert.equal(maskQuery(full), `${rest}&${name}=***&z=1`);
      assert.equal(maskUrl(`http://h/p?${full}`), `http://h/p?${rest}&${name}=***&z=1`);
    }),
    { seed: 5, numRuns: 1_000 },
  );
});

test('a text without secret keys and forms stays as it is', () => {
  const value = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      plainText,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(plainKey, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(value, notations, (inner, kinds) => {
      let text = '';
      for (const kind of kinds) text = write(text === '' ? inner : text, kind);
      assert.equal(maskText(text), text);
      assert.equal(maskQuery(encodeURIComponent(text)), encodeURIComponent(text));
    }),
    { seed: 6, numRuns: 1_000 },
  );
});

/** Pieces that mean something to the masker, thrown together. */
const piece = fc.constantFrom(
  ...[
    'password',
    'token',
    "'auth'",
    '"secret"',
    '--password',
    'Authorization',
    'Cookie',
    'name',
    'sig',
    'private key',
  ],
  ...[
    ': ',
    '=',
    ', ',
    ' ',
    '\n',
    '"',
    "'",
    '\\',
    '\\"',
    "\\\\'",
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '/',
    '&',
    '?',
  ],
  ...[
    'None',
    '***',
    'x',
    '12',
    "b'",
    'Bearer ',
    'http://',
    'u:p@h',
    '@',
    ',',
    ';',
    '%s',
    '%41',
    '#',
    'é',
    '</',
    '|',
  ],
  ...[
    'gAAAAABabcdefghijkl',
    '$2b$12$abcdefghij',
    'eyJhbGciOiJIU.eyJzdWIiOi.x',
    '[SQL: ',
    '[parameters: (',
    '$1$',
  ],
  ...[
    '-----BEGIN PRIVATE KEY-----',
    '-----END ',
    'AWS4-HMAC-SHA256 ',
    '<token>',
    '</token>',
    '\\n',
    '.',
    '-',
    ':p',
  ],
);

test('masking again changes nothing, and no text is refused', () => {
  const text = fc.oneof(
    fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
    nested,
  );
  fc.assert(
    fc.property(text, (any) => {
      const once = maskText(any);
      assert.equal(maskText(once), once);
    }),
    { seed: 7, numRuns: 20_000 },
  );
  fc.assert(
    fc.property(text, (any) => {
      maskUrl(any);
      const once = maskQuery(any);
      assert.equal(maskQuery(once), once);
    }),
    { seed: 8, numRuns: 5_000 },
  );
});

test('hostile texts of a megabyte are done with', () => {
  const units = [
    ...[
      'password',
      'password ',
      'password: ',
      "'password': ",
      `'password': "a`,
      `'password': '`,
      'password=(',
      '\\',
    ],
    ...[
      '://',
      '://a:b',
      '://a:b/',
      '://a:b@',
      '?a',
      '?password=',
      '&password',
      '<password>',
      '<password a>',
      '<a:token>',
    ],
    ...[
      'eyJ',
      'eyJ.',
      'eyJaaaaaaaa.',
      'eyJaaaaaaaa.eyJaaaaaaaa',
      'gAAAAA',
      '$2b$',
      '$2b$12$a',
      '-----BEGIN PRIVATE KEY',
    ],
    ...[
      '-----BEGIN PRIVATE KEY-----',
      '[parameters: (',
      '[SQL: password [parameters: [',
      'token\\\\\\"',
      '("token",',
      '--token ',
    ],
    ...[
      'Authorization: Digest ',
      'Cookie: a"',
      'AWS4-HMAC-SHA256 ',
      'token%',
      'a.token',
      'token&',
      'é',
      '=',
      'auth: {',
      "auth: ['",
    ],
    ...[
      'password=a&',
      "token: '\\",
      '"token":\n',
      '<token><![CDATA[',
      'token: Bearer ',
      'pass-',
      'x',
      'token=\\',
      '%3Ftoken%3D',
    ],
  ];
  for (const unit of units) {
    const short = unit.repeat(50_000 / unit.length);
    const masked = maskText(short);
    assert.equal(maskText(masked), masked, unit);
    maskQuery(short);
    maskUrl(short);
    maskText(unit.repeat(1_000_000 / unit.length));
  }
  const nestedQuery = Array.from({ length: 900 }, (_, depth) => `a=%${'25'.repeat(depth)}3F`).join('');
  maskQuery(nestedQuery);
  assert.equal(maskText(`{'auth': ${'['.repeat(100_000)}`), "{'auth': '***'");
});
