/**
 * The statements that are no queries: which words beside the first name the operation, and what of the rest goes into
 * the summary. Names that are born at run time (savepoints, users, cursors) never do.
 */
import { Keyword, type KeywordSet, keywordSet } from './keywords.js';
import { type SqlTokens, Token } from './tokens.js';

/** What is no SQL is named by its first word, if it looks like a word. */
const MAX_UNKNOWN_WORD = 32;
/** CREATE OR REPLACE GLOBAL TEMPORARY TABLE: how many words may come before the object. */
const MAX_WORDS_BEFORE_OBJECT = 6;
/** SHOW SESSION STATUS, SHOW TRANSACTION ISOLATION LEVEL: how many words name what is shown. */
const MAX_WORDS_SHOWN = 3;
const ENDS_SHOWN = keywordSet('FROM', 'IN', 'LIKE', 'WHERE', 'FOR');

/** What follows a command's words. */
export const Rest = {
  /** Nothing of interest up to the end of the statement. */
  SKIP: 0,
  /** No target, but perhaps queries. */
  QUERIES: 1,
  /** One target, and nothing else of interest. */
  TARGET: 2,
  /** Targets between commas. */
  TARGETS: 3,
  /** One target, and perhaps queries behind it. */
  TARGET_AND_QUERIES: 4,
  /** One target, and a body of statements of its own that ends with the text. */
  TARGET_AND_BODY: 5,
} as const;

/** How a statement that is no query begins. */
export interface Opening {
  /** '' for what cannot be named. */
  readonly operation: string;
  /** The keyword that decides what introduces targets further on; 0 for none. */
  readonly verb: number;
  /** A `Rest`. */
  readonly rest: number;
}

/** How a statement that begins with one keyword goes on. */
interface Command {
  /** Words that belong to the operation's name: taken while they come one after another. */
  readonly words: KeywordSet;
  readonly rest: number;
  /** What follows instead when none of `words` came. */
  readonly restWithoutWords: number;
}

const NO_WORDS = keywordSet();

function command(rest: number, words: KeywordSet = NO_WORDS, restWithoutWords: number = rest): Command {
  return { words, rest, restWithoutWords };
}

const TABLE_OR_TABLES = keywordSet('TABLE', 'TABLES');
const MAINTENANCE = command(Rest.TARGETS, TABLE_OR_TABLES, Rest.SKIP);
const OF_ONE_TARGET = command(Rest.TARGET);

/** By keyword. A word that is not in here is an operation by itself. */
const COMMANDS: ReadonlyMap<number, Command> = new Map([
  [Keyword.TRUNCATE, command(Rest.TARGETS, keywordSet('TABLE'))],
  [Keyword.LOCK, command(Rest.TARGETS, TABLE_OR_TABLES)],
  [Keyword.UNLOCK, command(Rest.SKIP, TABLE_OR_TABLES)],
  [Keyword.RENAME, command(Rest.TARGET, TABLE_OR_TABLES, Rest.SKIP)],
  [Keyword.ANALYZE, MAINTENANCE],
  [Keyword.OPTIMIZE, MAINTENANCE],
  [Keyword.CHECK, MAINTENANCE],
  [Keyword.REPAIR, MAINTENANCE],
  [Keyword.CALL, OF_ONE_TARGET],
  [Keyword.EXEC, OF_ONE_TARGET],
  [Keyword.EXECUTE, OF_ONE_TARGET],
  [Keyword.USE, OF_ONE_TARGET],
  [Keyword.PRAGMA, OF_ONE_TARGET],
  [Keyword.TABLE, OF_ONE_TARGET],
  [Keyword.COPY, command(Rest.TARGET_AND_QUERIES)],
  [Keyword.LOAD, command(Rest.QUERIES, keywordSet('DATA'), Rest.SKIP)],
  [Keyword.SET, command(Rest.QUERIES)],
  [Keyword.VALUES, command(Rest.QUERIES)],
  [Keyword.DECLARE, command(Rest.QUERIES)],
  [Keyword.START, command(Rest.SKIP, keywordSet('TRANSACTION'))],
  [Keyword.RELEASE, command(Rest.SKIP, keywordSet('SAVEPOINT'))],
  [Keyword.ROLLBACK, command(Rest.SKIP, keywordSet('TRANSACTION', 'TO', 'SAVEPOINT'))],
]);

/** CREATE, ALTER and DROP: what they make, change or drop. */
const OBJECTS = keywordSet(
  ...(['TABLE', 'VIEW', 'INDEX', 'DATABASE', 'SCHEMA', 'SEQUENCE', 'TYPE', 'TRIGGER'] as const),
  ...(['FUNCTION', 'PROCEDURE', 'EVENT', 'USER', 'ROLE'] as const),
);
const OBJECTS_WITH_BODY = keywordSet('TRIGGER', 'FUNCTION', 'PROCEDURE', 'EVENT');
const NAMELESS_OBJECTS = keywordSet('USER', 'ROLE');

/** What follows `CREATE TABLE`, `DROP VIEW` and the like. */
function restOfDefinition(verb: number, object: number): number {
  if (NAMELESS_OBJECTS[object] === 1) return Rest.SKIP;
  if (verb === Keyword.DROP && object !== Keyword.INDEX) return Rest.TARGETS;
  if (verb === Keyword.CREATE && OBJECTS_WITH_BODY[object] === 1) return Rest.TARGET_AND_BODY;
  return verb === Keyword.ALTER ? Rest.TARGET : Rest.TARGET_AND_QUERIES;
}

/**
 * Reads how a statement begins that is no query. The current token is its first word; afterwards, the last of the
 * operation's.
 */
export function readOpening(tokens: SqlTokens): Opening {
  switch (tokens.keyword) {
    case Keyword.CREATE:
    case Keyword.ALTER:
    case Keyword.DROP:
      return readDefinition(tokens, tokens.keyword);
    case Keyword.SHOW:
      return readShow(tokens);
    default:
      return readCommand(tokens, tokens.keyword);
  }
}

/** The operation is the verb and the object, without the words between. */
function readDefinition(tokens: SqlTokens, verb: number): Opening {
  const operation = tokens.currentText();
  for (let words = 0; words < MAX_WORDS_BEFORE_OBJECT && tokens.nextKind === Token.WORD; words++) {
    if (OBJECTS[tokens.nextKeyword] === 1) break;
    tokens.advance();
  }
  const object = tokens.nextKeyword;
  if (OBJECTS[object] !== 1) return { operation, verb, rest: Rest.SKIP };
  tokens.advance();
  return {
    operation: `${operation} ${tokens.currentText()}`,
    // An index has its table behind ON.
    verb: object === Keyword.INDEX ? object : verb,
    rest: restOfDefinition(verb, object),
  };
}

/** SHOW and what is shown: SHOW VARIABLES, SHOW CREATE TABLE t, SHOW FULL COLUMNS FROM t. */
function readShow(tokens: SqlTokens): Opening {
  let operation = tokens.currentText();
  for (let words = 0; words < MAX_WORDS_SHOWN && tokens.nextKind === Token.WORD; words++) {
    if (ENDS_SHOWN[tokens.nextKeyword] === 1) break;
    const isDefinition = tokens.keyword === Keyword.CREATE;
    tokens.advance();
    operation += ` ${tokens.currentText()}`;
    if (isDefinition) return { operation, verb: Keyword.SHOW, rest: Rest.TARGET };
  }
  return { operation, verb: Keyword.SHOW, rest: Rest.QUERIES };
}

function readCommand(tokens: SqlTokens, verb: number): Opening {
  let operation = tokens.currentText();
  const command = COMMANDS.get(verb);
  if (command === undefined)
    return { operation: looksLikeCommand(operation) ? operation : '', verb, rest: Rest.SKIP };
  let rest = command.restWithoutWords;
  while (tokens.nextKind === Token.WORD && command.words[tokens.nextKeyword] === 1) {
    tokens.advance();
    operation += ` ${tokens.currentText()}`;
    rest = command.rest;
  }
  return { operation, verb, rest };
}

function looksLikeCommand(word: string): boolean {
  return word.length <= MAX_UNKNOWN_WORD && /^\p{L}+$/u.test(word);
}
