import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sqlParameterColumns } from '../../../src/mapping/sql/parameters.js';

function positional(statement: string): string {
  return sqlParameterColumns(statement)
    .positional.map((column) => column ?? '-')
    .join(' ');
}

function named(statement: string): Record<string, string> {
  return Object.fromEntries(sqlParameterColumns(statement).named);
}

/** Statement → the columns of its placeholders, `-` for none. */
const TABLE: Record<string, readonly (readonly [statement: string, columns: string])[]> = {
  'the values of an INSERT': [
    ['INSERT INTO user (id, password_hash) VALUES (%s, %s)', 'id password_hash'],
    [
      'INSERT INTO user (id, password_hash) VALUES (%s, lower(%s)), (%s, %s)',
      'id password_hash id password_hash',
    ],
    ['INSERT INTO t (only_one) VALUES (?), (?)', 'only_one only_one'],
    ['INSERT INTO t(`a`, "b""c", [d], e) VALUES (?, ?, now(), ?)', 'a b"c e'],
    ['REPLACE INTO t (a, b) VALUE (1, ?)', 'b'],
    ['INSERT INTO t PARTITION (p0) (a, b) VALUES (?, ?)', 'a b'],
    ['INSERT INTO t AS x (a, b) VALUES ($1::VARCHAR, $2::INTEGER), ($3, $4)', 'a b a b'],
    [
      'INSERT INTO t (a, b) VALUES (1, (SELECT id FROM u WHERE u.name = ? LIMIT ?)), (? + 1, ?)',
      'name - a b',
    ],
    ['INSERT INTO t (`key`, value, type) VALUES (?, ?, ?)', 'key value type'],
    ['INSERT INTO t VALUES (?, ?)', '- -'],
    ['INSERT INTO t SET a = ?, b = concat(?, 1) ON DUPLICATE KEY UPDATE a = VALUES(b), c = ?', 'a b c'],
    ['INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b, c = ?', 'a b c'],
    ['MERGE INTO t USING s ON t.id = ? WHEN NOT MATCHED THEN INSERT (a, b) VALUES (?, ?)', 'id a b'],
  ],
  'the query of an INSERT': [
    ['INSERT INTO t (a, b) SELECT ?, x.y FROM x WHERE x.z = ? UNION SELECT y, ? FROM w', 'a z b'],
    ['INSERT INTO t (a, b) (SELECT ?, coalesce(?, 1) FROM u)', 'a b'],
  ],
  'an UPDATE': [
    ['UPDATE t SET password_hash=%s, b=%s WHERE t.token_id = %s LIMIT %s', 'password_hash b token_id -'],
    ['UPDATE t SET a = (t.a + ?), b = ? - b, c = cast(? AS CHAR)', 'a b c'],
    [
      'UPDATE t SET a = (CASE WHEN (t.id = ?) THEN ? WHEN (t.id IN (?, ?)) THEN ? ELSE ? END), b = ?',
      'id a id id a a b',
    ],
    ['UPDATE t SET a = CASE t.id WHEN ? THEN ? WHEN ? THEN x ELSE ? END, b = ?', 'id a id a b'],
  ],
  comparisons: [
    ['SELECT 1 FROM t WHERE a = ? AND b != ? OR c <> ? AND d < ? AND e >= ? AND f <=> ?', 'a b c d e f'],
    [
      'SELECT 1 FROM t WHERE a LIKE ? AND b NOT LIKE ? AND c REGEXP ? AND d IS NOT ? AND e IS DISTINCT FROM ?',
      'a b c d e',
    ],
    ["SELECT 1 FROM t WHERE a LIKE concat('%%', ?, '%%') ESCAPE '/' AND b = ?", 'a b'],
    ['SELECT 1 FROM t WHERE a IN (?, ?) AND b NOT IN (?) AND c = ANY(?)', 'a a b c'],
    ['SELECT 1 FROM t WHERE a BETWEEN ? AND ? AND b = ?', 'a a b'],
    ['SELECT 1 FROM t WHERE (a, x.b) IN ((?, ?), (?, ?)) AND c = ?', 'a b a b c'],
    ['SELECT 1 FROM t WHERE (a, b) = (?, ?)', 'a b'],
    ['SELECT 1 FROM t WHERE ? = t.a AND ? <= lower(b) AND lower(?) = c', 'a b c'],
    [
      'SELECT 1 FROM t WHERE lower(a) = lower(?) AND substring(b FROM 1) = ? AND coalesce(c, ?) = ?',
      'a b - c',
    ],
    [
      "SELECT 1 FROM t WHERE a -> '$.x' = ? AND b::text = ? AND c COLLATE utf8_bin != ? AND `d` = ?",
      'a b c d',
    ],
    ['SELECT 1 FROM t WHERE free - ? >= ? AND made < now() - INTERVAL ? DAY', 'free free made'],
    ['SELECT 1 FROM t WHERE a IN (SELECT id FROM u WHERE name = ?) AND NOT (b = ?)', 'name b'],
    ['SELECT 1 FROM t JOIN u ON t.a = u.b AND u.c = ? WHERE d = ?', 'c d'],
  ],
  'placeholders of no column': [
    ['SELECT ?, a AS x FROM t ORDER BY b LIMIT ? OFFSET ?', '- - -'],
    ['CALL login(?, ?)', '- -'],
    ['SELECT 1', ''],
    ['?', '-'],
  ],
  'one style of several that look like it': [
    ["SELECT 1 FROM t WHERE a = %s AND b ? 'x' AND c[1:2] = %s", 'a c'],
    ["SELECT 1 FROM t WHERE a ?| array['x'] AND b = $2 AND c = $1", 'c b'],
    ['SELECT 1 FROM t WHERE a = :2 AND b = :1', 'b a'],
    ['SELECT 1 FROM t WHERE a = ?1 AND b = ?1', 'a'],
    ['SELECT \'?\', "?" /* ? */ FROM t WHERE a = ? -- ?', 'a'],
    ['SELECT 1 FROM t WHERE a = $999999999999', ''],
  ],
  'several statements': [['INSERT INTO a (x) VALUES (?); UPDATE b SET y = ?; SELECT (?)', 'x y -']],
};

for (const [subject, rows] of Object.entries(TABLE)) {
  test(`finds the columns of ${subject}`, () => {
    for (const [statement, columns] of rows) assert.equal(positional(statement), columns, statement);
  });
}

test('finds the columns of named placeholders', () => {
  assert.deepEqual(named('UPDATE t SET password_hash=%(param_1)s WHERE id = %(t_id)s LIMIT %(param_2)s'), {
    param_1: 'password_hash',
    t_id: 'id',
  });
  assert.deepEqual(named('UPDATE t SET a = :x, b = :y::int WHERE c[1:2] = :x'), { x: 'a', y: 'b' });
});

test("finds the columns of SQLAlchemy 2's many values at once", () => {
  const columns = { a__0: 'a', b__0: 'b', a__1: 'a', b__1: 'b' };
  assert.deepEqual(
    named('INSERT INTO t (a, b) VALUES (%(a__0)s, %(b__0)s), (%(a__1)s, %(b__1)s) RETURNING t.id'),
    columns,
  );
  assert.deepEqual(
    named(
      'INSERT INTO t (a, b) SELECT p0::VARCHAR, p1::INTEGER FROM (VALUES (%(a__0)s, %(b__0)s, 0), ' +
        '(%(a__1)s, %(b__1)s, 1)) AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter RETURNING t.id, t.id AS id__1',
    ),
    columns,
  );
});

test('finds the column of every placeholder that real services sent, but for LIMIT', () => {
  const statements = Object.keys(
    JSON.parse(readFileSync('test/fixtures/sql-summaries.json', 'utf8')) as object,
  );
  let placeholders = 0;
  for (const statement of statements) {
    const columns = named(statement);
    for (const { 1: name = '', index } of statement.matchAll(/%\((\w+)\)s/g)) {
      placeholders++;
      const column = columns[name];
      if (/LIMIT $/.test(statement.slice(0, index))) assert.equal(column, undefined, statement);
      // The engine names parameters after their columns: `uuid_1`, `ports_id`, or after nothing: `param_1`, `pk_1`.
      else if (/^(param|pk|primary_keys|x)(_\d+)?$/.test(name)) assert.ok(column !== undefined, statement);
      else assert.ok(isNamedAfter(name, column ?? ''), `${name} is not named after ${column}: ${statement}`);
    }
  }
  assert.ok(placeholders > 700);
});

function isNamedAfter(parameter: string, column: string): boolean {
  const plain = parameter.replace(/(_\d+)+$/, '');
  return column !== '' && (plain === column || plain.endsWith(`_${column}`) || column.endsWith(`_${plain}`));
}
