/** The words of SQL by what they mean to a summary: the list of operations and their targets. */
import { type SqlTokens, type Token, wordSet } from './tokens.js';

/** Words that cannot be a table's bare name: where a target is expected, none has come. */
export const RESERVED = wordSet(
  `SELECT FROM WHERE GROUP ORDER HAVING LIMIT UNION EXCEPT INTERSECT SET VALUES JOIN STRAIGHT_JOIN INNER LEFT RIGHT
  CROSS NATURAL ON USING FOR RETURNING AS WITH INTO`,
);
/** Words that may come before a target; before anything else they are the target. */
const MODIFIERS = wordSet(
  'INTO ONLY LATERAL TABLE IGNORE LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK IF NOT EXISTS CONCURRENTLY OR',
);
/** Those of them that follow the operation alone: behind FROM they are names. */
const OF_OPERATION = wordSet('IGNORE LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK');
const BEFORE_TABLES = wordSet('FROM JOIN INTO USING');
/** Words that end a list of tables. */
export const ENDS_TABLES = wordSet(
  `WHERE GROUP ORDER HAVING LIMIT OFFSET FETCH WINDOW FOR LOCK UNION EXCEPT INTERSECT SET RETURNING VALUES UPDATE DO
  DUPLICATE CONFLICT`,
);
export const QUERY_VERBS = wordSet('SELECT INSERT REPLACE UPDATE DELETE MERGE');
/** Verbs whose FROM is followed by tables. */
export const READS_FROM = wordSet('SELECT DELETE UPDATE SHOW');
/** Verbs behind whose first words a WITH may introduce the query. */
export const HOLDS_QUERY = wordSet('INSERT REPLACE CREATE DECLARE EXPLAIN');
/** Verbs that a whole query may follow. */
export const EXPLAIN_VERBS = wordSet('EXPLAIN DESCRIBE DESC');

/** Whether a word where a target is expected comes before the target and is not it. */
export function isModifier(keyword: string, { before, next }: SqlTokens): boolean {
  if (!MODIFIERS.has(keyword)) return false;
  const isInTables = before.kind === ',' || BEFORE_TABLES.has(before.keyword);
  if (isInTables && OF_OPERATION.has(keyword)) return false;
  if (next.kind === 'word') return !RESERVED.has(next.keyword) || MODIFIERS.has(next.keyword);
  if (next.kind !== '(') return next.kind === 'name' || next.kind === 'string';
  return keyword === 'LATERAL' || keyword === 'ONLY' || keyword === 'TABLE';
}

/** Whether a target follows a word (other than FROM) in the statement of a verb, within its tables or elsewhere. */
export function introducesTarget(keyword: string, verb: string, inTables: boolean, next: Token): boolean {
  switch (keyword) {
    case 'JOIN':
    case 'STRAIGHT_JOIN':
      return inTables;
    case 'USING':
      // In the tables of a DELETE it may be a join's: USING (column).
      return verb === 'MERGE' || (verb === 'DELETE' && next.kind !== '(');
    case 'INTO':
      return verb === 'LOAD';
    case 'ON':
      return verb === 'INDEX';
    case 'IN':
      return verb === 'SHOW';
    default:
      return false;
  }
}

/** What follows the words that begin a statement. */
export type Rest =
  /** Nothing of interest up to the end of the statement. */
  | 'skip'
  /** No target, but perhaps queries. */
  | 'queries'
  /** One target, and nothing else of interest. */
  | 'target'
  /** Targets between commas. */
  | 'targets'
  /** One target, and perhaps queries behind it. */
  | 'target and queries'
  /** One target, and a body of statements of its own that ends with the text. */
  | 'target and body';

/** How a statement that is no query begins. */
export interface Opening {
  /** '' for what cannot be named. */
  readonly operation: string;
  /** The word that decides what introduces targets further on; '' for none. */
  readonly verb: string;
  readonly rest: Rest;
}

/** How a statement goes on behind its first word. */
interface Command {
  /** Words that belong to the operation's name while they follow one another. */
  readonly words: ReadonlySet<string>;
  readonly rest: Rest;
  /** What follows when none of `words` came. */
  readonly restWithoutWords: Rest;
}

const command = (rest: Rest, words = '', restWithoutWords = rest): Command => ({
  words: wordSet(words),
  rest,
  restWithoutWords,
});

/** By their first words. A word that is not in here is an operation by itself, of which nothing else is of interest. */
const COMMANDS = new Map<string, Command>();
const define = (verbs: string, ...args: Parameters<typeof command>) => {
  for (const verb of verbs.split(' ')) COMMANDS.set(verb, command(...args));
};
define('TRUNCATE', 'targets', 'TABLE');
define('LOCK', 'targets', 'TABLE TABLES');
define('UNLOCK', 'skip', 'TABLE TABLES');
define('RENAME', 'target', 'TABLE TABLES', 'skip');
define('ANALYZE OPTIMIZE CHECK REPAIR', 'targets', 'TABLE TABLES', 'skip');
define('CALL EXEC EXECUTE USE PRAGMA TABLE', 'target');
define('COPY', 'target and queries');
define('LOAD', 'queries', 'DATA', 'skip');
define('SET VALUES DECLARE', 'queries');
define('START', 'skip', 'TRANSACTION');
define('RELEASE', 'skip', 'SAVEPOINT');
define('COMMIT', 'skip', 'TRANSACTION');
define('ROLLBACK', 'skip', 'TRANSACTION TO SAVEPOINT');

/** CREATE, ALTER and DROP: what they make, change or drop. */
const OBJECTS = wordSet(
  `TABLE VIEW INDEX DATABASE SCHEMA SEQUENCE TYPE TRIGGER FUNCTION PROCEDURE EVENT USER ROLE EXTENSION SERVER DOMAIN
  AGGREGATE COLLATION CONVERSION LANGUAGE POLICY PUBLICATION SUBSCRIPTION RULE STATISTICS TABLESPACE WRAPPER`,
);
/** Objects behind whose name a query may follow: `CREATE TABLE t AS SELECT …`; an index has its table there. */
const OBJECTS_WITH_QUERY = wordSet('TABLE VIEW INDEX SCHEMA');
const OBJECTS_WITH_BODY = wordSet('TRIGGER FUNCTION PROCEDURE EVENT');
/** What is shown ends before these. */
const ENDS_SHOWN = wordSet('FROM IN LIKE WHERE FOR');
/** CREATE OR REPLACE GLOBAL TEMPORARY TABLE: how many words may come before the object. */
const MAX_WORDS_BEFORE_OBJECT = 6;
/** SHOW SESSION STATUS, SHOW TRANSACTION ISOLATION LEVEL: how many words name what is shown. */
const MAX_WORDS_SHOWN = 3;
/** What is no SQL is named by its first word, if that looks like a word. */
const COMMAND_WORD = /^\p{L}{1,32}$/u;

/**
 * Reads how a statement begins that is no query: the current token is its first word; afterwards, the last of the
 * operation's. Names that are born at run time (savepoints, users, cursors) are no part of it.
 */
export function readOpening(tokens: SqlTokens): Opening {
  const { keyword } = tokens.current;
  if (keyword === 'CREATE' || keyword === 'ALTER' || keyword === 'DROP')
    return readDefinition(tokens, keyword);
  return keyword === 'SHOW' ? readShow(tokens) : readCommand(tokens, keyword);
}

/** The operation is the verb and the object, without the words between. */
function readDefinition(tokens: SqlTokens, verb: string): Opening {
  const operation = tokens.textOf(tokens.current);
  for (let words = 0; words < MAX_WORDS_BEFORE_OBJECT && tokens.next.kind === 'word'; words++) {
    if (OBJECTS.has(tokens.next.keyword)) break;
    tokens.advance();
  }
  const object = tokens.next.keyword;
  if (!OBJECTS.has(object)) return { operation, verb, rest: 'skip' };
  return {
    operation: `${operation} ${tokens.textOf(tokens.advance())}`,
    // An index has its table behind ON.
    verb: object === 'INDEX' ? object : verb,
    rest: restOfDefinition(verb, object),
  };
}

/** What follows `CREATE TABLE`, `DROP VIEW` and the like. */
function restOfDefinition(verb: string, object: string): Rest {
  if (object === 'USER' || object === 'ROLE') return 'skip';
  if (verb === 'DROP' && object !== 'INDEX') return 'targets';
  if (OBJECTS_WITH_BODY.has(object)) return 'target and body';
  return verb !== 'ALTER' && OBJECTS_WITH_QUERY.has(object) ? 'target and queries' : 'target';
}

/** SHOW and what is shown: SHOW VARIABLES, SHOW CREATE TABLE t, SHOW FULL COLUMNS FROM t. */
function readShow(tokens: SqlTokens): Opening {
  let operation = tokens.textOf(tokens.current);
  for (let words = 0; words < MAX_WORDS_SHOWN && tokens.next.kind === 'word'; words++) {
    if (ENDS_SHOWN.has(tokens.next.keyword)) break;
    const isDefinition = tokens.current.keyword === 'CREATE';
    operation += ` ${tokens.textOf(tokens.advance())}`;
    if (isDefinition) return { operation, verb: 'SHOW', rest: 'target' };
  }
  return { operation, verb: 'SHOW', rest: 'queries' };
}

function readCommand(tokens: SqlTokens, verb: string): Opening {
  let operation = tokens.textOf(tokens.current);
  const command = COMMANDS.get(verb);
  if (command === undefined)
    return { operation: COMMAND_WORD.test(operation) ? operation : '', verb: '', rest: 'skip' };
  let rest = command.restWithoutWords;
  while (tokens.next.kind === 'word' && command.words.has(tokens.next.keyword)) {
    operation += ` ${tokens.textOf(tokens.advance())}`;
    rest = command.rest;
  }
  return { operation, verb, rest };
}
