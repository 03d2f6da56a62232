/**
 * The message as osprofiler and oslo.messaging nearly always write it, in the order in which they write it
 * (`notify/notifier.py`, `drivers/messaging.py`, Python's `json.dumps`): two regular expressions go over it, and only
 * what is needed is made into values. That took 0.31 to 0.44 of the full decoder's time.
 *
 * Whatever differs from that, if only by a blank, is left to the full decoder. What is read here is read exactly as the
 * full decoder would: the tests hold both against each other.
 */
import { infosOf, shareHostOnly } from './gists.js';
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

/**
 * Parameters as they nearly always are: seen to be well formed in a tenth of the time that it takes to make them. Longer
 * integers are left to the full parser, which refuses some, as Python does.
 */
const PLAIN_PARAMS = new RegExp(
  `^\\{(?:"${PLAIN}": (?:"${PLAIN}"|-?(?:0|[1-9]\\d{0,14})|true|false|null)(?:, (?=")|(?=\\}$)))*\\}$`,
);

/** Levels of nesting left for `info`, which lies in the payload of the message, and for `params` in `info.db`. */
const INFO_DEPTH = MAX_DEPTH - 2;
const PARAMS_DEPTH = INFO_DEPTH - 2;
/** What of the message besides the payload means something: it must not be said once more. */
const MEANINGFUL = ['event_type', 'payload', 'oslo.message'];
/** Beyond these lengths a text is seldom the same twice, and few would take much memory. */
const LONGEST_REST = 4_096;
const LONGEST_STATEMENT = 16_384;
/** SQL comes from the hosts of a control plane. */
const MAX_HOSTS_OF_STATEMENT = 16;
/** Of `info` with nothing but the host in it, as stops have it. */
const LONGEST_SHORT_INFO = 64;

const speakers = new Interned(1_024, (text) => JSON.parse(`{${text}}`) as Speaker);
const shortInfos = new Interned(1_024, readShortInfo);
const statements = new Interned(1_000, readStatement);
const hosts = new Interned(1_024, unquoted);
const names = new Interned(1_024, readName);
const rests = new Interned(256, isHarmless);

/** Who speaks. */
interface Speaker {
  readonly project: string;
  readonly service: string;
}

interface Name {
  readonly half: 'start' | 'stop';
  readonly name: string;
}

/** `info`, and what is known of it. */
interface Info {
  readonly info: PyObject;
  readonly host: string;
}

/** A part of a message, and where what follows it begins. */
interface ReadInfo extends Info {
  readonly end: number;
}

/** What is known of a statement. */
interface Statement {
  readonly statement: string;
  /** `info` without parameters, by host. */
  readonly infos: Interned<Info | undefined>;
}

/**
 * Reads a message as it usually is.
 * @param body ASCII, and `text` the same as a string.
 * @param keepsParams whether the parameters of SQL are wanted; they are checked all the same.
 * @returns undefined when it is any different; whether it is a notification at all is then open.
 */
export function readUsualMessage(text: string, body: Buffer, keepsParams = true): Notification | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const infoBegin = head[0].length;
  const stamp = head[5]!;
  const named = names.of(head[1]!);
  const timestamp = parseTimestamp(stamp);
  const read = readInfo(text, infoBegin, keepsParams);
  if (named === undefined || timestamp === undefined || read === undefined) return undefined;
  const speaker = readTail(text, read.end);
  if (speaker === undefined) return undefined;
  const [, , base, trace, parent] = head;
  const parentBegin = infoBegin - BEHIND_IDS - stamp.length - parent!.length;
  const traceBegin = parentBegin - BEFORE_PARENT_ID - trace!.length;
  const baseBegin = traceBegin - BEFORE_TRACE_ID - base!.length;
  if (base !== lastBaseId) lastBaseId = ownText(body, baseBegin, base!);
  if (parent !== lastParentId) lastParentId = ownText(body, parentBegin, parent!);
  return {
    half: named.half,
    name: named.name,
    baseId: lastBaseId,
    traceId: ownText(body, traceBegin, trace!),
    parentId: lastParentId,
    timestamp,
    info: read.info,
    project: speaker.project,
    service: speaker.service,
    host: read.host,
  };
}

/** Points of one trace come together, and so do those that one point calls. */
let lastBaseId = '';
let lastParentId = '';

/** From the body once more: a part of a string keeps the whole of it in memory, and a point may be open for hours. */
function ownText(body: Buffer, begin: number, text: string): string {
  return body.toString('latin1', begin, begin + text.length);
}

const BEFORE_TRACE_ID = '", "trace_id": "'.length;
const BEFORE_PARENT_ID = '", "parent_id": "'.length;
const BEHIND_IDS = '", "timestamp": "'.length + '", "info": '.length;

/** @param fullName with its half, as the message has it. */
function readName(fullName: string): Name | undefined {
  const half = fullName.endsWith('-start') ? 'start' : fullName.endsWith('-stop') ? 'stop' : undefined;
  return half && { half, name: fullName.slice(0, -1 - half.length) };
}

/** All behind `info`. */
function readTail(text: string, begin: number): Speaker | undefined {
  TAIL.lastIndex = begin;
  const speaker = TAIL.exec(text)?.[1];
  if (speaker === undefined) return undefined;
  const end = TAIL.lastIndex;
  const isEnd = text.length === end + 1 ? text.endsWith('}') : isKnownRest(text.slice(end));
  return isEnd ? speakers.of(speaker) : undefined;
}

function isKnownRest(rest: string): boolean {
  return rest.length <= LONGEST_REST && rests.of(rest);
}

/** Whether the rest of a message is well formed and says nothing that matters. */
function isHarmless(rest: string): boolean {
  const parsed = parsePythonJson(`{"": null${rest}`);
  if (!parsed.ok || !isObject(parsed.value)) return false;
  const { value } = parsed;
  return MEANINGFUL.every((key) => !Object.hasOwn(value, key));
}

function readInfo(text: string, begin: number, keepsParams: boolean): ReadInfo | undefined {
  const isSql = text.startsWith(BEGINS_SQL, begin);
  const sql = isSql ? readSql(text, begin + BEGINS_SQL.length, keepsParams) : undefined;
  if (sql !== undefined) return sql;
  // The same may stand in `info` too. What is cut off there is no JSON, and not read here.
  const end = text.indexOf(BEGINS_TAIL, begin);
  if (end === -1) return undefined;
  const written = text.slice(begin, end);
  const read = written.length <= LONGEST_SHORT_INFO ? shortInfos.of(written) : infoOf(parseInfo(written));
  return read && { info: read.info, host: read.host, end };
}

function readShortInfo(text: string): Info | undefined {
  const read = infoOf(deepFrozen(parseInfo(text)));
  if (read !== undefined && Object.keys(read.info).join() === 'host') shareHostOnly(read.info);
  return read;
}

function infoOf(info: PyObject | undefined): Info | undefined {
  if (info === undefined) return undefined;
  const host = own(info, 'host');
  return { info, host: typeof host === 'string' ? host : '' };
}

function parseInfo(text: string): PyObject | undefined {
  const parsed = parsePythonJson(text, INFO_DEPTH);
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

/**
 * Nearly half of all notifications are beginnings of SQL, and most bytes of those are one of a few hundred statements.
 * @param begin that of the statement.
 */
function readSql(text: string, begin: number, keepsParams: boolean): ReadInfo | undefined {
  const statementEnd = text.indexOf('"', begin);
  const paramsBegin = statementEnd + ENDS_STATEMENT.length;
  const paramsEnd = text.indexOf(ENDS_PARAMS, paramsBegin);
  const hostBegin = paramsEnd + ENDS_PARAMS.length;
  const hostEnd = text.indexOf('"', hostBegin);
  const isWhole = paramsEnd !== -1 && hostEnd !== -1 && text.startsWith('}', hostEnd + 1);
  if (!isWhole || !text.startsWith(ENDS_STATEMENT, statementEnd)) return undefined;
  if (statementEnd - begin > LONGEST_STATEMENT) return undefined;
  const known = statements.of(text.slice(begin, statementEnd));
  if (known === undefined) return undefined;
  const writtenParams = text.slice(paramsBegin, paramsEnd);
  const writtenHost = text.slice(hostBegin, hostEnd);
  const end = hostEnd + 2;
  if (!keepsParams) {
    if (!PLAIN_PARAMS.test(writtenParams) && parseParams(writtenParams) === undefined) return undefined;
    const read = known.infos.of(writtenHost);
    return read && { info: read.info, host: read.host, end };
  }
  const params = parseParams(writtenParams);
  const host = hosts.of(writtenHost);
  if (params === undefined || host === undefined) return undefined;
  const { statement } = known;
  return { info: { db: { statement, params }, host }, host, end };
}

function readStatement(written: string): Statement | undefined {
  const statement = unquoted(written);
  if (statement === undefined) return undefined;
  const infoAt = infosOf(statement);
  const infos = new Interned(MAX_HOSTS_OF_STATEMENT, (writtenHost): Info | undefined => {
    const host = unquoted(writtenHost);
    return host === undefined ? undefined : { info: infoAt(host), host };
  });
  return { statement, infos };
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
