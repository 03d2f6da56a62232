/**
 * The message as osprofiler and oslo.messaging nearly always write it, in the order in which they write it
 * (`notify/notifier.py`, `drivers/messaging.py`, Python's `json.dumps`): two regular expressions go over it, and only
 * what is needed is made into values. That took 0.31 to 0.44 of the full decoder's time.
 *
 * Whatever differs from that, if only by a blank, is left to the full decoder. What is read here is read exactly as the
 * full decoder would: the tests hold both against each other.
 */
import { Interned } from './intern.js';
import type { Notification } from './notification.js';
import { isObject, own, type PyObject, type PyValue } from './py-value.js';
import { MAX_DEPTH, parsePythonJson } from './python-json.js';
import { parseTimestamp } from './timestamp.js';

/** What stands between quotes when nothing in it is escaped. Control characters are no JSON. */
const PLAIN = String.raw`[^"\\\x00-\x1f]*`;
const HEAD = new RegExp(
  `^\\{"message_id": "${PLAIN}", "publisher_id": "${PLAIN}", "event_type": "profiler\\.${PLAIN}", ` +
    `"priority": "${PLAIN}", "payload": \\{"name": "(${PLAIN})", "base_id": "(${PLAIN})", ` +
    `"trace_id": "(${PLAIN})", "parent_id": "(${PLAIN})", "timestamp": "(${PLAIN})", "info": `,
);
/** Behind `_unique_id` stands what else the message says: nothing, or the context that its process began with. */
const TAIL = new RegExp(
  `, ("project": "${PLAIN}", "service": "${PLAIN}")\\}, "timestamp": "${PLAIN}", "_unique_id": "${PLAIN}"`,
  'y',
);
const BEGINS_TAIL = ', "project": "';
const BEGINS_SQL = '{"db": {"statement": "';
const ENDS_STATEMENT = '", "params": ';
const ENDS_PARAMS = '}, "host": "';

/** Levels of nesting left for `info`, which lies in the payload of the message, and for `params` in `info.db`. */
const INFO_DEPTH = MAX_DEPTH - 2;
const PARAMS_DEPTH = INFO_DEPTH - 2;
/** What of the message besides the payload means something: it must not be said once more. */
const MEANINGFUL = ['event_type', 'payload', 'oslo.message'];
/** Beyond these lengths a text is seldom the same twice, and few would take much memory. */
const LONGEST_REST = 4_096;
const LONGEST_STATEMENT = 8_192;
/** Of `info` with nothing but the host in it, as stops have it. */
const LONGEST_SHORT_INFO = 64;

const speakers = new Interned(1_024, (text) => JSON.parse(`{${text}}`) as Speaker);
const shortInfos = new Interned(1_024, (text) => deepFrozen(parseInfo(text)));
const statements = new Interned(2_000, unquoted);
const hosts = new Interned(1_024, unquoted);
const names = new Interned(1_024, (text) => text);
const rests = new Interned(256, isHarmless);

interface Speaker {
  readonly project: string;
  readonly service: string;
}

/** A part of a message, and where what follows it begins. */
interface ReadInfo {
  readonly info: PyObject;
  readonly end: number;
}

/**
 * Reads a message as it usually is.
 * @param body ASCII, and `text` the same as a string.
 * @returns undefined when it is any different; whether it is a notification at all is then open.
 */
export function readUsualMessage(text: string, body: Buffer): Notification | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const [{ length: infoBegin }, fullName, baseId, traceId, parentId, stamp] = head;
  const half = fullName!.endsWith('-start') ? 'start' : fullName!.endsWith('-stop') ? 'stop' : undefined;
  const timestamp = parseTimestamp(stamp!);
  const read = readInfo(text, infoBegin);
  if (half === undefined || timestamp === undefined || read === undefined) return undefined;
  const speaker = readTail(text, read.end);
  if (speaker === undefined) return undefined;
  const { info } = read;
  const host = own(info, 'host');
  const ids = idsBefore(infoBegin - stamp!.length, body, baseId!.length, traceId!.length, parentId!.length);
  return {
    half,
    name: names.of(fullName!.slice(0, half === 'start' ? -6 : -5)),
    ...ids,
    timestamp,
    info,
    project: speaker.project,
    service: speaker.service,
    host: typeof host === 'string' ? host : '',
  };
}

const BEFORE_TRACE_ID = '", "trace_id": "'.length;
const BEFORE_PARENT_ID = '", "parent_id": "'.length;
const BEHIND_IDS = '", "timestamp": "'.length + '", "info": '.length;

/**
 * The ids once more, from the body: a part of a string keeps the whole of it in memory, and a point may be open for
 * hours. These keep no more than each other.
 */
function idsBefore(
  infoBegin: number,
  body: Buffer,
  base: number,
  trace: number,
  parent: number,
): Pick<Notification, 'baseId' | 'traceId' | 'parentId'> {
  const end = infoBegin - BEHIND_IDS;
  const length = base + BEFORE_TRACE_ID + trace + BEFORE_PARENT_ID + parent;
  const ids = body.toString('latin1', end - length, end);
  const traceBegin = base + BEFORE_TRACE_ID;
  return {
    baseId: ids.slice(0, base),
    traceId: ids.slice(traceBegin, traceBegin + trace),
    parentId: ids.slice(length - parent),
  };
}

/** All behind `info`. */
function readTail(text: string, begin: number): Speaker | undefined {
  TAIL.lastIndex = begin;
  const speaker = TAIL.exec(text)?.[1];
  if (speaker === undefined) return undefined;
  const rest = text.slice(TAIL.lastIndex);
  const isEnd = rest === '}' || (rest.length <= LONGEST_REST && rests.of(rest));
  return isEnd ? speakers.of(speaker) : undefined;
}

/** Whether the rest of a message is well formed and says nothing that matters. */
function isHarmless(rest: string): boolean {
  const parsed = parsePythonJson(`{"": null${rest}`);
  if (!parsed.ok || !isObject(parsed.value)) return false;
  const { value } = parsed;
  return MEANINGFUL.every((key) => !Object.hasOwn(value, key));
}

function readInfo(text: string, begin: number): ReadInfo | undefined {
  const sql = text.startsWith(BEGINS_SQL, begin) ? readSql(text, begin + BEGINS_SQL.length) : undefined;
  if (sql !== undefined) return sql;
  // The same may stand in `info` too. What is cut off there is no JSON, and not read here.
  const end = text.indexOf(BEGINS_TAIL, begin);
  if (end === -1) return undefined;
  const written = text.slice(begin, end);
  const info = written.length <= LONGEST_SHORT_INFO ? shortInfos.of(written) : parseInfo(written);
  return info && { info, end };
}

function parseInfo(text: string): PyObject | undefined {
  const parsed = parsePythonJson(text, INFO_DEPTH);
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

/**
 * Nearly half of all notifications are beginnings of SQL, and most bytes of those are one of a few hundred statements.
 * @param begin that of the statement.
 */
function readSql(text: string, begin: number): ReadInfo | undefined {
  const statementEnd = text.indexOf('"', begin);
  const paramsBegin = statementEnd + ENDS_STATEMENT.length;
  const paramsEnd = text.indexOf(ENDS_PARAMS, paramsBegin);
  const hostBegin = paramsEnd + ENDS_PARAMS.length;
  const hostEnd = text.indexOf('"', hostBegin);
  const isWhole = paramsEnd !== -1 && hostEnd !== -1 && text.startsWith('}', hostEnd + 1);
  if (!isWhole || !text.startsWith(ENDS_STATEMENT, statementEnd)) return undefined;
  if (statementEnd - begin > LONGEST_STATEMENT) return undefined;
  const statement = statements.of(text.slice(begin, statementEnd));
  const params = parseParams(text.slice(paramsBegin, paramsEnd));
  const host = hosts.of(text.slice(hostBegin, hostEnd));
  if (statement === undefined || params === undefined || host === undefined) return undefined;
  return { info: { db: { statement, params }, host }, end: hostEnd + 2 };
}

function parseParams(text: string): PyValue | undefined {
  if (text === '{}') return {};
  const parsed = parsePythonJson(text, PARAMS_DEPTH);
  return parsed.ok ? parsed.value : undefined;
}

/** The text that is written so between quotes in JSON; undefined when that cannot stand there. */
function unquoted(written: string): string | undefined {
  const parsed = parsePythonJson(`"${written}"`);
  return parsed.ok && typeof parsed.value === 'string' ? parsed.value : undefined;
}

/** Shared by many notifications, and some caller might write into one. */
function deepFrozen<Value extends PyValue | undefined>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
