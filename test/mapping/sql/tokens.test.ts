import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SqlTokens } from '../../../src/mapping/sql/tokens.js';

function read(text: string): string[] {
  const tokens = new SqlTokens(text);
  const found: string[] = [];
  for (let token = tokens.advance(); token.kind !== 'end'; token = tokens.advance())
    found.push(`${token.kind} ${tokens.textOf(token)}`);
  return found;
}

function keywordOf(text: string): string {
  return new SqlTokens(text).advance().keyword;
}

test('a keyword is known in any case, and no quoted name or variable is one', () => {
  for (const spelling of ['SELECT', 'select', 'Select']) assert.equal(keywordOf(spelling), 'SELECT');
  assert.equal(keywordOf('straight_join'), 'STRAIGHT_JOIN');
  for (const other of ['`select`', '@select', '"SELECT"', 'select1', 'ſelect', "'select'"])
    assert.equal(keywordOf(other), '', other);
});

const TABLE: readonly (readonly [text: string, tokens: readonly string[]])[] = [
  ['a.b', ['word a', '. .', 'word b']],
  [
    '1 1.5 .5 1e5 1e-5 0xFF 1.5E+3',
    ['1', '1.5', '.5', '1e5', '1e-5', '0xFF', '1.5E+3'].map((n) => `number ${n}`),
  ],
  ['2fa t1', ['word 2fa', 'word t1']],
  ['a.1', ['word a', '. .', 'number 1']],
  [`'it''s' 'a\\'b' "c""d" \`e\`\`f\``, [`string 'it''s'`, `string 'a\\'b'`, 'name "c""d"', 'name `e``f`']],
  [`ESCAPE '\\' x`, ['word ESCAPE', `string '\\'`, 'word x']],
  ['$$a$$ $t$ $$ $t$ $1', ['string $$a$$', 'string $t$ $$ $t$', 'placeholder $1']],
  [
    '%s %(a b)s %% a%b %(x',
    [
      'placeholder %s',
      'placeholder %(a b)s',
      'operator %%',
      'word a',
      'operator %',
      'word b',
      'operator %',
      '( (',
      'word x',
    ],
  ],
  [
    ':a :1 a::b x[1:2] @v := ? ?1 ?|',
    [
      'placeholder :a',
      'placeholder :1',
      'word a',
      'operator ::',
      'word b',
      'word x',
      'operator [',
      'number 1',
      'operator :',
      'number 2',
      'operator ]',
      'word @v',
      'operator :=',
      'placeholder ?',
      'placeholder ?1',
      'operator ?|',
    ],
  ],
  [
    '[a b] a[b] [1]',
    ['name [a b]', 'word a', 'operator [', 'word b', 'operator ]', 'operator [', 'number 1', 'operator ]'],
  ],
  [
    'a->b a<=>b a=-1 a=--1',
    [
      'word a',
      'operator ->',
      'word b',
      'word a',
      'operator <=>',
      'word b',
      'word a',
      'operator =-',
      'number 1',
      'word a',
      'operator =',
    ],
  ],
  ['a -- b\nc\n# d\ne /* f */ g /* h', ['word a', 'word c', 'word e', 'word g']],
  ['# a\nb', ['word b']],
  [
    "a #- 'b' # c ## d",
    ['word a', 'operator #', 'operator -', "string 'b'", 'operator #', 'word c', 'operator ##', 'word d'],
  ],
  ['a #> b', ['word a', 'operator #', 'operator >', 'word b']],
  ["'cut", ["cut 'cut"]],
  ['"cut', ['cut "cut']],
  ['$a$ cut', ['cut $a$ cut']],
  ['\ufeffa\u00a0b\u3000é', ['word a', 'word b', 'word é']],
];

test('parts text into tokens, whatever the dialect', () => {
  for (const [text, tokens] of TABLE) assert.deepEqual(read(text), tokens, text);
});

test('stays at the end', () => {
  const tokens = new SqlTokens('a');
  tokens.advance();
  for (let times = 0; times < 3; times++) assert.equal(tokens.advance().kind, 'end');
});

const SIZE = 300_000;
/** Milliseconds. In time linear in the length a text takes some 50 of them, in quadratic time minutes. */
const DEADLINE = 5_000;

const pieces = [
  '(',
  '[',
  '[a',
  '[a ',
  '$',
  '$a',
  '$a$',
  '$a$b',
  '%',
  '%(',
  '%(a',
  "'",
  "''",
  "\\'",
  '"',
  '`',
  '--',
  '#',
  '/*',
  '*/',
];
const more = [
  '/',
  '-',
  '.',
  '1',
  '1e-',
  '1.',
  'a',
  'a.',
  ':',
  '::',
  ':a',
  '?',
  '@',
  ' ',
  '\n',
  'é',
  "ESCAPE '\\'",
  'SELECT ',
];

test('hostile text is read in time linear in its length', () => {
  const parts = fc.array(fc.constantFrom(...pieces, ...more), { minLength: 2, maxLength: 4 });
  const texts = [
    ...pieces,
    ...more,
    ...fc.sample(
      parts.map((some) => some.join('')),
      { seed: 7, numRuns: 100 },
    ),
  ];
  for (const part of texts) {
    const begin = performance.now();
    read(part.repeat(SIZE / part.length));
    assert.ok(performance.now() - begin < DEADLINE, part);
  }
});

test('moves on with every token, and never past the end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (sql) => {
      const tokens = new SqlTokens(sql);
      let end = 0;
      for (let token = tokens.advance(); token.kind !== 'end'; token = tokens.advance()) {
        assert.ok(token.start >= end && token.end > token.start && token.end <= sql.length);
        end = token.end;
      }
    }),
    { seed: 11, numRuns: 600 },
  );
});
