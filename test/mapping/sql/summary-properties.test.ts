import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sqlParameterColumns } from '../../../src/mapping/sql/parameters.js';
import { summarizeSql } from '../../../src/mapping/sql/summary.js';

const RUNS = { seed: 20240607, numRuns: 400 };

const fragment = fc.constantFrom(
  ...[
    'SELECT',
    'FROM',
    'WITH',
    'AS',
    'INSERT',
    'INTO',
    'VALUES',
    'UPDATE',
    'SET',
    'DELETE',
    'JOIN',
    'ON',
    'CASE',
  ],
  ...[
    'WHEN',
    'END',
    'IN',
    'BETWEEN',
    'AND',
    'CREATE',
    'TABLE',
    'SHOW',
    'EXPLAIN',
    'LATERAL',
    'OR',
    'RECURSIVE',
    'ESCAPE',
  ],
  ...[
    '(',
    ')',
    ',',
    ';',
    '.',
    '::',
    "'",
    '"',
    '`',
    '[',
    ']',
    '$$',
    '$a$',
    '%(',
    '%s',
    '%(a)s',
    '?',
    ':a',
    '$1',
    '\\',
  ],
  ...[
    '--',
    '#',
    '/*',
    '*/',
    '\n',
    ' ',
    'a',
    'tbl',
    '1',
    '1.5e-',
    '0x',
    '@',
    '=',
    '->',
    '<',
    'é',
    '\ud800',
    '\u00a0',
  ],
);
const hostile = fc
  .array(fragment, { maxLength: 60 })
  .chain((parts) => fc.constantFrom('', ' ').map((glue) => parts.join(glue)));
const anyText = fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 200 }));

/** Statements in tokens, so that something can be put between them. `L` stands for a literal. */
const statement = fc.constantFrom(
  ...[
    ['SELECT', 'a', '.', 'b', ',', 'L', 'FROM', 't', 'AS', 'x', ',', '"u"', 'WHERE', 'x', '.', 'y', '=', 'L'],
    ['INSERT', 'INTO', 't', '(', 'a', ',', 'b', ')', 'VALUES', '(', 'L', ',', '?', ')'],
    [
      'INSERT',
      'INTO',
      't',
      'SELECT',
      'L',
      'FROM',
      'u',
      'WHERE',
      'f',
      '(',
      'L',
      ')',
      'IN',
      '(',
      'L',
      ',',
      'L',
      ')',
    ],
    ['UPDATE', 'db', '.', 't', 'SET', 'a', '=', 'L', 'WHERE', 'b', 'LIKE', 'L', 'AND', 'c', '=', '%(c)s'],
    ['DELETE', 'FROM', 't', 'USING', 'u', 'WHERE', 'a', 'IS', 'DISTINCT', 'FROM', 'L'],
    [
      'WITH',
      'x',
      'AS',
      '(',
      'SELECT',
      'L',
      'FROM',
      't',
      ')',
      'SELECT',
      '*',
      'FROM',
      'x',
      'JOIN',
      'u',
      'ON',
      'a',
      '=',
      'L',
    ],
    ['SELECT', 'TRIM', '(', 'BOTH', 'L', 'FROM', 'L', ')', 'FROM', 't', 'ORDER', 'BY', 'L'],
    ['CREATE', 'TABLE', 't', '(', 'a', 'int', 'DEFAULT', 'L', ')'],
    ['SHOW', 'VARIABLES', 'LIKE', 'L'],
    ['SET', 'a', '=', 'L', ';', 'CALL', 'p', '(', 'L', ')'],
    [
      'MERGE',
      'INTO',
      't',
      'USING',
      's',
      'ON',
      'a',
      '=',
      'L',
      'WHEN',
      'MATCHED',
      'THEN',
      'UPDATE',
      'SET',
      'b',
      '=',
      'L',
    ],
  ],
);
const secret = fc.string({
  unit: fc.constantFrom(...'FROM tabcd,;().%?:$-#/*'),
  minLength: 1,
  maxLength: 30,
});
const literal = fc.tuple(secret, fc.nat({ max: 3 })).map(([text, quotes]) => {
  const marked = `zq9${text}zq9`;
  if (quotes === 0) return `'${marked}''${marked}'`;
  if (quotes === 1) return `'\\'${marked}'`;
  if (quotes === 2) return `"${marked}"`;
  return `$q$${marked}$q$`;
});
const blank = fc.constantFrom(
  ' ',
  '\n',
  '\t ',
  ' /* FROM c */ ',
  ' -- JOIN d\n',
  '\n# , e\n',
  '/*! SELECT */',
);

function write(tokens: readonly string[], literalText: string, glue: string): string {
  return tokens.map((token) => (token === 'L' ? literalText : token)).join(glue);
}

test('never throws, and never says more than 255 characters, whatever the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.ok(summarizeSql(text).length <= 255);
      sqlParameterColumns(text);
    }),
    { ...RUNS, numRuns: 1500 },
  );
});

test('says nothing of what stands in literals', () => {
  fc.assert(
    fc.property(statement, literal, (tokens, text) => {
      const summary = summarizeSql(write(tokens, text, ' '));
      assert.ok(!summary.includes('zq9'), summary);
      assert.equal(summary, summarizeSql(write(tokens, "'x'", ' ')));
    }),
    RUNS,
  );
});

test('is the same whatever blanks and comments stand between the tokens', () => {
  fc.assert(
    fc.property(statement, blank, blank, (tokens, one, other) => {
      const expected = summarizeSql(write(tokens, "'x'", ' '));
      assert.equal(summarizeSql(write(tokens, "'x'", `${one}${other}`)), expected);
      assert.equal(summarizeSql(`${one}${write(tokens, "'x'", ' ')}${other}`), expected);
    }),
    RUNS,
  );
});

test('is the same, but for its own case, whatever the case of the statement', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        hostile,
        statement.map((tokens) => write(tokens, "'x'", ' ')),
      ),
      (text) => {
        // Only in a dollar quote's tag and in %s does the case of letters matter.
        const plain = text.replaceAll(/[$%]/g, '');
        assert.equal(summarizeSql(plain.toLowerCase()), summarizeSql(plain).toLowerCase());
        assert.equal(summarizeSql(plain.toUpperCase()), summarizeSql(plain).toUpperCase());
      },
    ),
    RUNS,
  );
});

test('bears any depth and any length', () => {
  const deep = `${'SELECT * FROM ('.repeat(20_000)}t`;
  assert.ok(summarizeSql(deep).startsWith('SELECT SELECT'));
  for (const piece of [
    '(',
    '[',
    '$a$',
    '%(',
    'CASE ',
    "'",
    '"',
    '/*',
    'a.',
    ', ',
    'WITH x AS (',
    '$9',
    '(%s ',
    'a=',
  ]) {
    const text = `INSERT INTO t (a) VALUES ${piece.repeat(20_000)}`;
    assert.equal(summarizeSql(text).slice(0, 8), 'INSERT t');
    sqlParameterColumns(text);
  }
});
