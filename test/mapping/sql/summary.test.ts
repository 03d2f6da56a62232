import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { summarizeSql } from '../../../src/mapping/sql/summary.js';

/** Statement → summary, by the semantic conventions' rules. */
const TABLE: Record<string, readonly (readonly [statement: string, summary: string])[]> = {
  'the examples of the semantic conventions': [
    ['SELECT *\nFROM   wuser_table\nWHERE  username = ?', 'SELECT wuser_table'],
    [
      'INSERT INTO shipping_details\n (order_id, address)\nSELECT order_id, address FROM orders WHERE order_id = ?',
      'INSERT shipping_details SELECT orders',
    ],
    ['SELECT * FROM songs, artists WHERE songs.artist_id == artists.id', 'SELECT songs artists'],
    [
      'SELECT order_date FROM (SELECT * FROM orders o JOIN customers c ON o.customer_id = c.customer_id)',
      'SELECT SELECT orders customers',
    ],
    [`SELECT * FROM "song list", 'artists'`, `SELECT "song list" 'artists'`],
    ['{call some_stored_procedure}', 'call some_stored_procedure'],
    ['EXECUTE some_stored_procedure', 'EXECUTE some_stored_procedure'],
  ],
  'queries without tables': [
    ['SELECT 1', 'SELECT'],
    ['SELECT(1)', 'SELECT'],
    ['SELECT -1, +1.5, .5, 1e-5, 0xFF', 'SELECT'],
    ['VALUES (1), (2)', 'VALUES'],
    ['SELECT @@version', 'SELECT'],
  ],
  'case, kept as it was sent': [
    ['SELEcT a FROM ORders', 'SELEcT ORders'],
    ['select * from t', 'select t'],
    ['drop  table if exists T', 'drop table T'],
  ],
  'joins and lists of tables': [
    [
      'SELECT * FROM a AS x INNER JOIN b ON x.i = b.i LEFT OUTER JOIN c USING (i, j) CROSS JOIN d, e f, g',
      'SELECT a b c d e g',
    ],
    ['SELECT * FROM t JOIN t AS u ON t.a = u.b', 'SELECT t t'],
    ['SELECT STRAIGHT_JOIN * FROM a STRAIGHT_JOIN b USE INDEX (i, j) NATURAL JOIN c, d', 'SELECT a b c d'],
    [
      'SELECT * FROM (t1 JOIN t2 ON a = b), ((t3)), (SELECT 1 FROM t4) AS t5 (a, b), t6',
      'SELECT t1 t2 t3 SELECT t4 t6',
    ],
    ['SELECT * FROM a LEFT JOIN (b AS b1 INNER JOIN c ON b1.i = c.i) ON a.i = b1.i, d', 'SELECT a b c d'],
    ['SELECT * FROM a, LATERAL (SELECT * FROM b) x, ONLY c', 'SELECT a SELECT b c'],
    ['SELECT * FROM t PARTITION (p0, p1), u', 'SELECT t u'],
    ['SELECT a FROM t GROUP BY x, y HAVING z, w ORDER BY v, u LIMIT 1, 2', 'SELECT t'],
  ],
  'functions in place of tables': [
    ['SELECT * FROM generate_series(1, 10) g, t', 'SELECT generate_series t'],
    ['SELECT * FROM a, LATERAL f(a.x, (SELECT 1 FROM b)) AS y, c', 'SELECT a f SELECT b c'],
    ['SELECT * FROM (VALUES (1, 2), (3, 4)) AS v (a, b), t', 'SELECT t'],
  ],
  names: [
    ['SELECT * FROM `db` . /* c */ `tbl`', 'SELECT `db`.`tbl`'],
    ['SELECT * FROM [dbo].[my table] WHERE a[1] = 2', 'SELECT [dbo].[my table]'],
    ['SELECT * FROM nova.instances, "a""b", `c``d`', 'SELECT nova.instances "a""b" `c``d`'],
    ['SELECT * FROM user, role, `group`, key, value, type', 'SELECT user role `group` key value type'],
    ['SELECT a.from, from_date, select_x FROM joins AS j JOIN k.select ON 1 = 1', 'SELECT joins k.select'],
    ['SELECT * FROM table WHERE value IN (1)', 'SELECT table'],
    ['SELECT * FROM 2fa_codes', 'SELECT 2fa_codes'],
    ['SELECT * FROM größe, 表', 'SELECT größe 表'],
    ['SELECT * FROM t$1, _x, lock, quick', 'SELECT t$1 _x lock quick'],
  ],
  'FROM that is no clause': [
    [
      'SELECT EXTRACT(YEAR FROM x), SUBSTRING(a FROM 1), TRIM(BOTH FROM b), TRIM(LEADING y FROM z) FROM t',
      'SELECT t',
    ],
    ['SELECT a IS DISTINCT FROM b, c IS NOT DISTINCT FROM d FROM t', 'SELECT t'],
    ['UPDATE t SET a = 1 WHERE b IS DISTINCT FROM c', 'UPDATE t'],
    ['SELECT DISTINCT a FROM t', 'SELECT t'],
  ],
  'sub-selects and unions': [
    [
      'SELECT (SELECT count(*) FROM a) AS n, CASE WHEN EXISTS (SELECT 1 FROM b) THEN 1 END FROM c',
      'SELECT SELECT a SELECT b c',
    ],
    [
      'SELECT * FROM t WHERE x IN (SELECT y FROM u WHERE z = (SELECT 1 FROM v)), w',
      'SELECT t SELECT u SELECT v',
    ],
    ['SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v', 'SELECT t SELECT u SELECT v'],
    ['(SELECT a FROM t) UNION (SELECT b FROM u) ORDER BY 1', 'SELECT t SELECT u'],
    ['SELECT * FROM ((SELECT a FROM t) UNION (SELECT b FROM u)) x JOIN v', 'SELECT SELECT t SELECT u v'],
    ['SELECT ARRAY(SELECT a FROM t)', 'SELECT SELECT t'],
  ],
  'common table expressions': [
    ['WITH x AS (SELECT * FROM t) SELECT * FROM x JOIN u', 'SELECT t SELECT u'],
    ['WITH t AS (SELECT * FROM t) SELECT * FROM t', 'SELECT t SELECT'],
    [
      'WITH RECURSIVE x (a) AS (SELECT 1 UNION ALL SELECT a FROM X JOIN y), z AS MATERIALIZED (SELECT * FROM x) SELECT 1 FROM "x", z, w',
      'SELECT SELECT y SELECT SELECT w',
    ],
    ['WITH x AS (SELECT 1 FROM a) DELETE FROM t USING x', 'SELECT a DELETE t'],
    ['WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x', 'DELETE t INSERT u SELECT'],
    ['INSERT INTO t WITH c AS (SELECT 1 FROM d) SELECT * FROM c', 'INSERT t SELECT d SELECT'],
    ['SELECT * FROM (WITH a AS (SELECT 1 FROM t) SELECT * FROM a) b', 'SELECT SELECT t SELECT'],
    ['WITH x AS (SELECT 1 FROM t) SELECT * FROM db.x', 'SELECT t SELECT db.x'],
    ['CREATE VIEW v AS WITH x AS (SELECT 1 FROM t) SELECT * FROM x', 'CREATE VIEW v SELECT t SELECT'],
  ],
  'INSERT and REPLACE': [
    ['INSERT INTO t(a) VALUES (1)', 'INSERT t'],
    ['INSERT LOW_PRIORITY IGNORE INTO t SELECT b FROM u, v', 'INSERT t SELECT u v'],
    ['INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 1, b = VALUES(b)', 'INSERT t'],
    ['INSERT INTO t SELECT b FROM u ON DUPLICATE KEY UPDATE a = 1, b = 2', 'INSERT t SELECT u'],
    ['INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1, c = 2 RETURNING id', 'INSERT t'],
    ['INSERT OR REPLACE INTO t (a) VALUES (1)', 'INSERT t'],
    ['INSERT INTO perms (delete, update) VALUES (1, 2)', 'INSERT perms'],
    ["REPLACE INTO t VALUES (REPLACE('a', 'b', 'c'))", 'REPLACE t'],
    ["SELECT REPLACE(a, 'b', 'c'), INSERT(a, 1, 2, 'd') FROM t", 'SELECT t'],
    ['INSERT INTO t SET a = 1, b = 2', 'INSERT t'],
  ],
  'UPDATE, DELETE, MERGE': [
    ['UPDATE t1, t2 AS b SET a = 1, b = 2 WHERE c IN (SELECT y FROM z, w)', 'UPDATE t1 t2 SELECT z w'],
    ['UPDATE LOW_PRIORITY IGNORE t SET a = 1', 'UPDATE t'],
    ['UPDATE OR ROLLBACK t SET a = 1', 'UPDATE t'],
    ['UPDATE a JOIN b ON a.i = b.i SET a.x = b.y, a.z = 1', 'UPDATE a b'],
    ['UPDATE t SET a = 1, b = 2 FROM u, v WHERE t.x = u.x', 'UPDATE t u v'],
    ['DELETE FROM t WHERE a = 1', 'DELETE t'],
    ['DELETE QUICK IGNORE FROM t', 'DELETE t'],
    ['DELETE t1 FROM t1 JOIN t2 USING (id)', 'DELETE t1 t2'],
    ['DELETE FROM a USING a JOIN b USING (id), c WHERE d', 'DELETE a a b c'],
    [
      'MERGE INTO t AS x USING (SELECT * FROM s) q ON x.a = q.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1)',
      'MERGE t SELECT s',
    ],
    ['MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE', 'MERGE t s'],
  ],
  'locking clauses': [
    ['SELECT * FROM t FOR UPDATE', 'SELECT t'],
    ['SELECT * FROM t, u FOR UPDATE OF t, u NOWAIT', 'SELECT t u'],
    ['SELECT * FROM t LOCK IN SHARE MODE', 'SELECT t'],
    ['SELECT * FROM t FOR NO KEY UPDATE', 'SELECT t'],
  ],
  'transactions, without the names of savepoints': [
    ['BEGIN', 'BEGIN'],
    ['BEGIN (implicit)', 'BEGIN'],
    ['START TRANSACTION READ ONLY', 'START TRANSACTION'],
    ['SAVEPOINT sa_savepoint_1', 'SAVEPOINT'],
    ['ROLLBACK TO SAVEPOINT sa_savepoint_1', 'ROLLBACK TO SAVEPOINT'],
    ['ROLLBACK TO sa_savepoint_1', 'ROLLBACK TO'],
    ['RELEASE SAVEPOINT sa_savepoint_1', 'RELEASE SAVEPOINT'],
    ['RELEASE sa_savepoint_1', 'RELEASE'],
    ['COMMIT', 'COMMIT'],
    ["COMMIT PREPARED 'gid'", 'COMMIT'],
    ['ROLLBACK', 'ROLLBACK'],
    ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'SET'],
  ],
  definitions: [
    [
      'CREATE  TABLE t (a int ON UPDATE b, FOREIGN KEY (a) REFERENCES u (a) ON DELETE CASCADE)',
      'CREATE TABLE t',
    ],
    ['CREATE TABLE IF NOT EXISTS `t` AS SELECT * FROM u', 'CREATE TABLE `t` SELECT u'],
    ['CREATE OR REPLACE TEMPORARY VIEW v AS SELECT * FROM t', 'CREATE VIEW v SELECT t'],
    ['CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a, b)', 'CREATE INDEX i t'],
    ['CREATE INDEX ON t (a)', 'CREATE INDEX t'],
    ['DROP INDEX i ON t', 'DROP INDEX i t'],
    ['DROP TABLE IF EXISTS a, b.c CASCADE', 'DROP TABLE a b.c'],
    ['ALTER TABLE ONLY t ADD COLUMN x int, DROP y', 'ALTER TABLE t'],
    ['CREATE DATABASE IF NOT EXISTS nova CHARACTER SET utf8', 'CREATE DATABASE nova'],
    ["CREATE USER bob IDENTIFIED BY 'secret'", 'CREATE USER'],
    [
      'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SELECT 1 FROM u; END; SELECT 2 FROM v',
      'CREATE TRIGGER x',
    ],
    ['TRUNCATE TABLE t', 'TRUNCATE TABLE t'],
    ['TRUNCATE a, b', 'TRUNCATE a b'],
    ['RENAME TABLE a TO b', 'RENAME TABLE a'],
    ['CREATE SOMETHING ELSE', 'CREATE'],
    ['ALTER EVENT e DO BEGIN DELETE FROM t; SELECT 1; END', 'ALTER EVENT e'],
    ['ALTER FUNCTION f() OWNER TO x', 'ALTER FUNCTION f'],
    ['CREATE EXTENSION IF NOT EXISTS "uuid-ossp"', 'CREATE EXTENSION "uuid-ossp"'],
    ['CREATE SERVER s FOREIGN DATA WRAPPER w', 'CREATE SERVER s'],
    ['CREATE DOMAIN d AS text CHECK (value IN (SELECT a FROM t))', 'CREATE DOMAIN d'],
    ['DROP POLICY p ON t', 'DROP POLICY p'],
  ],
  'other commands': [
    ['COMMIT TRANSACTION', 'COMMIT TRANSACTION'],
    ['COMMIT', 'COMMIT'],
    ["SHOW VARIABLES LIKE 'sql_mode'", 'SHOW VARIABLES'],
    ['SHOW FULL TABLES FROM `nova`', 'SHOW FULL TABLES `nova`'],
    ['SHOW CREATE TABLE db.t', 'SHOW CREATE TABLE db.t'],
    ['show standard_conforming_strings', 'show standard_conforming_strings'],
    ["SET @x = 'secret', b = (SELECT c FROM d)", 'SET SELECT d'],
    ['CALL a.b(1, 2)', 'CALL a.b'],
    ['{? = call p(1)}', 'call p'],
    ['PRAGMA main.table_info("t")', 'PRAGMA main.table_info'],
    ['PRAGMA foreign_keys=ON', 'PRAGMA foreign_keys'],
    ['EXPLAIN SELECT * FROM t', 'EXPLAIN SELECT t'],
    ['EXPLAIN (ANALYZE, FORMAT JSON) UPDATE t SET a = 1', 'EXPLAIN UPDATE t'],
    ['EXPLAIN QUERY PLAN WITH x AS (SELECT 1 FROM t) SELECT 1 FROM x', 'EXPLAIN SELECT t SELECT'],
    ['DESCRIBE `a`.`b`', 'DESCRIBE `a`.`b`'],
    ['DESC t', 'DESC t'],
    ['LOCK TABLES a READ, b WRITE', 'LOCK TABLES a b'],
    ['UNLOCK TABLES', 'UNLOCK TABLES'],
    ['USE nova', 'USE nova'],
    ['ANALYZE TABLE a, b', 'ANALYZE TABLE a b'],
    ["LOAD DATA LOCAL INFILE 'x' INTO TABLE t", 'LOAD DATA t'],
    ['COPY t (a) FROM STDIN', 'COPY t'],
    ['GRANT SELECT ON t TO bob', 'GRANT'],
    ['DECLARE c CURSOR FOR SELECT * FROM t', 'DECLARE SELECT t'],
    ['VACUUM FULL t', 'VACUUM'],
  ],
  'names that may be keywords, and hints': [
    ['SELECT * FROM quick q', 'SELECT quick'],
    ['SELECT * FROM a, ignore i', 'SELECT a ignore'],
    ['DELETE QUICK FROM t', 'DELETE t'],
    ['UPDATE LOW_PRIORITY IGNORE t SET a = 1', 'UPDATE t'],
    ['SELECT * FROM t FORCE INDEX FOR JOIN (i), u', 'SELECT t u'],
    ['SELECT * FROM t USE KEY FOR ORDER BY (i), u', 'SELECT t u'],
  ],
  'common table expressions before parentheses': [
    ['WITH x AS (SELECT a FROM t) (SELECT a FROM x)', 'SELECT t SELECT'],
    ['WITH x AS (SELECT a FROM t) (SELECT a FROM x) UNION (SELECT b FROM u)', 'SELECT t SELECT SELECT u'],
    [
      'WITH x AS (SELECT a FROM t), y AS (SELECT a FROM x) ((SELECT a FROM y) UNION SELECT 1)',
      'SELECT t SELECT SELECT SELECT',
    ],
  ],
  'several statements': [
    ['SELECT a FROM t; UPDATE u SET b = 1;', 'SELECT t UPDATE u'],
    [';; SELECT 1', 'SELECT'],
    ['SELECT f(a FROM t; SELECT 1 FROM u', 'SELECT SELECT u'],
    ['WITH x AS (SELECT 1) SELECT * FROM x; SELECT * FROM x', 'SELECT SELECT SELECT x'],
  ],
  'literals and comments': [
    [`SELECT 'it''s FROM x', 'a\\' FROM y', "FROM z" FROM t`, 'SELECT t'],
    ['SELECT $$ FROM d $$, $t$ FROM $$ e $t$, $1 FROM t', 'SELECT t'],
    [`SELECT * FROM t WHERE a LIKE 'x' ESCAPE '\\' AND b IN (SELECT c FROM u)`, 'SELECT t SELECT u'],
    ["SELECT data #- '{tags,0}' AS t, a # b, c ## d FROM products", 'SELECT products'],
    ['/*!40101 SELECT */ /* x */ # y\n -- z\nSELECT 1 /* FROM a */ FROM t -- , u', 'SELECT t'],
    [`SELECT '{"a": 1}'::jsonb #>> '{b}' FROM t`, 'SELECT t'],
    ["SELECT ARRAY['a', 'b'], x[1:2] FROM t", 'SELECT t'],
    ["SELECT N'a', _utf8'b', x'ff' FROM t", 'SELECT t'],
  ],
  'text that was cut off': [
    ['SELECT * FROM', 'SELECT'],
    ['SELECT * FROM db.', 'SELECT'],
    ["SELECT * FROM 'cut", 'SELECT'],
    ['SELECT * FROM `cut', 'SELECT'],
    ['SELECT a FROM t WHERE b = "cut', 'SELECT t'],
    ['SELECT a FROM t /* cut', 'SELECT t'],
    ['SELECT $x$ cut', 'SELECT'],
    ['INSERT INTO', 'INSERT'],
    ['CREATE', 'CREATE'],
    ['WITH x AS (SELECT a FROM t', 'SELECT t'],
  ],
  'what is no SQL': [
    ['', ''],
    [' \n\t', ''],
    ['hello world', 'hello'],
    ['hello123', ''],
    ["'x' SELECT", ''],
    ['42', ''],
    ['!!! hello', ''],
    [`${'a'.repeat(33)} b`, ''],
    ['))))', ''],
  ],
};

for (const [subject, rows] of Object.entries(TABLE)) {
  test(`summarizes ${subject}`, () => {
    for (const [statement, summary] of rows) assert.equal(summarizeSql(statement), summary, statement);
  });
}

test('summarizes every statement that real services sent', () => {
  const golden = JSON.parse(readFileSync('test/fixtures/sql-summaries.json', 'utf8')) as Record<
    string,
    string
  >;
  const statements = Object.entries(golden);
  assert.ok(statements.length > 300);
  for (const [statement, summary] of statements) assert.equal(summarizeSql(statement), summary, statement);
});

test('cuts a long summary between names, at 255 characters at most', () => {
  const tables = Array.from({ length: 60 }, (_, index) => `table_${index + 10}`);
  const summary = summarizeSql(`SELECT 1 FROM ${tables.join(', ')}, t`);
  assert.equal(summary, `SELECT ${tables.slice(0, 27).join(' ')}`);
  const exact = `t${'x'.repeat(247)}`;
  assert.equal(summarizeSql(`SELECT 1 FROM ${exact}`), `SELECT ${exact}`);
  assert.equal(summarizeSql(`SELECT 1 FROM ${exact}y, u`), 'SELECT');
});
