import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Keyword } from '../../../src/mapping/sql/keywords.js';
import { SqlTokens, Token } from '../../../src/mapping/sql/tokens.js';

const NAMES = new Map<number, string>(Object.entries(Token).map(([name, kind]) => [kind, name]));

function read(text: string): string[] {
  const tokens = new SqlTokens(text);
  const found: string[] = [];
  while (tokens.advance() !== Token.END) found.push(`${NAMES.get(tokens.kind)} ${tokens.currentText()}`);
  return found;
}

test('knows each keyword in any case, and nothing else', () => {
  for (const [name, keyword] of Object.entries(Keyword)) {
    for (const spelling of [name, name.toLowerCase(), `${name[0]}${name.slice(1).toLowerCase()}`]) {
      const tokens = new SqlTokens(spelling);
      tokens.advance();
      assert.equal(tokens.keyword, keyword, spelling);
    }
    for (const other of [`${name}X`, `X${name}`, `\`${name}\``, `@${name}`, `${name}_`]) {
      if (other in Keyword) continue;
      const tokens = new SqlTokens(other);
      tokens.advance();
      assert.equal(tokens.keyword, 0, other);
    }
  }
});

const TABLE: readonly (readonly [text: string, tokens: readonly string[]])[] = [
  ['a.b', ['WORD a', 'DOT .', 'WORD b']],
  [
    '1 1.5 .5 1e5 1e-5 0xFF 1.5E+3',
    ['1', '1.5', '.5', '1e5', '1e-5', '0xFF', '1.5E+3'].map((n) => `NUMBER ${n}`),
  ],
  ['2fa t1', ['WORD 2fa', 'WORD t1']],
  ['a.1', ['WORD a', 'DOT .', 'NUMBER 1']],
  [
    `'it''s' 'a\\'b' "c""d" \`e\`\`f\``,
    [`STRING 'it''s'`, `STRING 'a\\'b'`, 'QUOTED_NAME "c""d"', 'QUOTED_NAME `e``f`'],
  ],
  [`ESCAPE '\\' x`, ['WORD ESCAPE', `STRING '\\'`, 'WORD x']],
  ['$$a$$ $t$ $$ $t$ $1', ['STRING $$a$$', 'STRING $t$ $$ $t$', 'PLACEHOLDER $1']],
  [
    '%s %(a b)s %% a%b %(x',
    [
      'PLACEHOLDER %s',
      'PLACEHOLDER %(a b)s',
      'OPERATOR %%',
      'WORD a',
      'OPERATOR %',
      'WORD b',
      'OPERATOR %',
      'OPEN (',
      'WORD x',
    ],
  ],
  [
    ':a :1 a::b x[1:2] @v := ? ?1 ?|',
    [
      'PLACEHOLDER :a',
      'PLACEHOLDER :1',
      'WORD a',
      'OPERATOR ::',
      'WORD b',
      'WORD x',
      'OPERATOR [',
      'NUMBER 1',
      'OPERATOR :',
      'NUMBER 2',
      'OPERATOR ]',
      'WORD @v',
      'OPERATOR :=',
      'PLACEHOLDER ?',
      'PLACEHOLDER ?1',
      'OPERATOR ?|',
    ],
  ],
  [
    '[a b] a[b] [1]',
    [
      'QUOTED_NAME [a b]',
      'WORD a',
      'OPERATOR [',
      'WORD b',
      'OPERATOR ]',
      'OPERATOR [',
      'NUMBER 1',
      'OPERATOR ]',
    ],
  ],
  [
    'a->b a<=>b a=-1 a=--1',
    [
      'WORD a',
      'OPERATOR ->',
      'WORD b',
      'WORD a',
      'OPERATOR <=>',
      'WORD b',
      'WORD a',
      'OPERATOR =-',
      'NUMBER 1',
      'WORD a',
      'OPERATOR =',
    ],
  ],
  ['a -- b\nc # d\ne /* f */ g /* h', ['WORD a', 'WORD c', 'WORD e', 'WORD g']],
  ['a #> b', ['WORD a', 'OPERATOR #', 'OPERATOR >', 'WORD b']],
  ["'cut", ["CUT 'cut"]],
  ['"cut', ['CUT "cut']],
  ['$a$ cut', ['CUT $a$ cut']],
  ['\ufeffa\u00a0b\u3000é', ['WORD a', 'WORD b', 'WORD é']],
];

test('parts text into tokens, whatever the dialect', () => {
  for (const [text, tokens] of TABLE) assert.deepEqual(read(text), tokens, text);
});

test('stays at the end', () => {
  const tokens = new SqlTokens('a');
  tokens.advance();
  for (let times = 0; times < 3; times++) assert.equal(tokens.advance(), Token.END);
});

/** A character is looked at by several steps, and a word behind a bracket or `%(` is read again. */
const MOST_READS_A_CHARACTER = 12;

/** The number of characters that are read while a text is tokenized: each through one of these. */
function countReads(text: string): number {
  let reads = 0;
  const counting: Record<string, unknown> = {};
  counting['length'] = text.length;
  counting['charCodeAt'] = (at: number) => {
    reads++;
    return text.charCodeAt(at);
  };
  counting['indexOf'] = (part: string, from: number) => {
    const found = text.indexOf(part, from);
    reads += (found < 0 ? text.length : found) - from;
    return found;
  };
  counting['slice'] = (start: number, end: number) => {
    reads += end - start;
    return text.slice(start, end);
  };
  counting['startsWith'] = (part: string, at: number) => {
    reads += part.length;
    return text.startsWith(part, at);
  };
  const tokens = new SqlTokens(counting as unknown as string);
  while (tokens.advance() !== Token.END);
  return reads;
}

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

test('reads each character of hostile text a bounded number of times', () => {
  const text = fc
    .tuple(
      fc.array(fc.constantFrom(...pieces, ...more), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 300 }),
    )
    .map(([parts, times]) => parts.join('').repeat(times));
  fc.assert(
    fc.property(text, (sql) => {
      assert.ok(
        countReads(sql) <= MOST_READS_A_CHARACTER * (sql.length + 1),
        `${countReads(sql) / sql.length}`,
      );
    }),
    { seed: 7, numRuns: 600 },
  );
});

test('moves on with every token, and never past the end', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (sql) => {
      const tokens = new SqlTokens(sql);
      let end = 0;
      while (tokens.advance() !== Token.END) {
        assert.ok(tokens.start >= end && tokens.end > tokens.start && tokens.end <= sql.length);
        end = tokens.end;
      }
    }),
    { seed: 11, numRuns: 600 },
  );
});
