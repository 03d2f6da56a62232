/**
 * What stands in a message between the point's time and the time of sending, as it usually is: `info`, the project and
 * the service. `info` is a host and no more, as stops have it; a statement of SQL; anything else that is JSON.
 *
 * All but the statement and its parameters is the same in every message that one service sends, and known at once.
 */
import { type AsciiReader, ascii, CLOSE, PLAIN_PATTERN as PLAIN, QUOTE } from './ascii-reader.js';
import { infosOf, shareHostOnly } from './gists.js';
import { KnownTexts } from './known-texts.js';
import { skipPlainObject } from './plain-object.js';
import { isObject, own, type PyObject, type PyValue } from './py-value.js';
import { MAX_DEPTH, parsePythonJson } from './python-json.js';

/** What a point says of itself, and who speaks. */
export interface Speech {
  readonly info: PyObject;
  readonly host: string;
  readonly project: string;
  readonly service: string;
}

type Speaker = Pick<Speech, 'project' | 'service'>;

/** What is known of a statement. */
interface Statement {
  readonly statement: string;
  /** Makes `info` without parameters; the same for the same host. */
  readonly infoAt: (host: string) => PyObject;
}

const LETTER_H = 0x68;
const BEGINS = '", "info": ';
const BEGINS_ANY = ascii(BEGINS);
const BEGINS_HOST_ONLY = `${BEGINS}{"host": "`;
/** Where the `h` is. */
const AT_HOST = BEGINS_HOST_ONLY.indexOf('host');
const BEGINS_SQL = ascii(`${BEGINS}{"db": {"statement": "`);
const ENDS_STATEMENT = ascii('", "params": ');
const ENDS_PARAMS = ascii('}, "host": "');
const BEHIND_INFO = ascii(', "project": "');
const BEHIND_PAYLOAD = ', "timestamp": "';

/** The end of each kind. Brackets that close are counted in {@link skipEnding}. */
const SPEAKER = `, ("project": "${PLAIN}", "service": "${PLAIN}")\\}${BEHIND_PAYLOAD}$`;
const ENDING = new RegExp(`^${SPEAKER}`);
const HOST_ENDING = new RegExp(`^${BEGINS}(\\{"host": "${PLAIN}"\\})${SPEAKER}`);
const SQL_ENDING = new RegExp(`^\\}, ("host": "(?:[^"\\\\]|\\\\.)*")\\}${SPEAKER}`);

/** Levels of nesting left for `info`, which lies in the payload of the message, and for `params` in `info.db`. */
const INFO_DEPTH = MAX_DEPTH - 2;
const PARAMS_DEPTH = INFO_DEPTH - 2;
/** Beyond these lengths a text is seldom the same twice, and few would take much memory. */
const LONGEST_STATEMENT = 16_384;
const LONGEST_ENDING = 1_024;
/** SQL comes from the hosts of a control plane. */
const MAX_HOSTS_OF_STATEMENT = 16;

const statements = new KnownTexts(1_000, readStatement);
const endings = new KnownTexts(1_024, readEnding);
const hostEndings = new KnownTexts(1_024, readHostEnding);
const sqlEndings = new KnownTexts(1_024, readSqlEnding);

/**
 * Over all that.
 * @param keepsParams whether the parameters of SQL are wanted; they are checked all the same.
 * @returns undefined when it is any different; the place is then anywhere.
 */
export function readSpeech(reader: AsciiReader, keepsParams: boolean): Speech | undefined {
  const begin = reader.at;
  const usual = reader.peek(AT_HOST) === LETTER_H ? readHostOnly(reader) : readSql(reader, keepsParams);
  if (usual !== undefined) return usual;
  reader.at = begin;
  return readAny(reader);
}

/** Nearly half of all. */
function readHostOnly(reader: AsciiReader): Speech | undefined {
  const begin = reader.at;
  return skipEnding(reader, 2) ? hostEndings.of(reader.bytes, begin, reader.at) : undefined;
}

/** Nearly the other half, and most bytes of those are one of a few hundred statements. */
function readSql(reader: AsciiReader, keepsParams: boolean): Speech | undefined {
  if (!reader.skip(BEGINS_SQL)) return undefined;
  const { bytes, at: begin } = reader;
  if (!reader.seek(QUOTE) || reader.at - begin > LONGEST_STATEMENT) return undefined;
  const known = statements.of(bytes, begin, reader.at);
  if (known === undefined || !reader.skip(ENDS_STATEMENT)) return undefined;
  const params = readParams(reader, keepsParams);
  const endBegin = reader.at;
  if (params === undefined || !skipEnding(reader, 3)) return undefined;
  const ending = sqlEndings.of(bytes, endBegin, reader.at);
  if (ending === undefined) return undefined;
  const { host, project, service } = ending;
  const { statement, infoAt } = known;
  return { info: keepsParams ? { db: { statement, params }, host } : infoAt(host), host, project, service };
}

/** @returns anything when they are not wanted; undefined when they are none. */
function readParams(reader: AsciiReader, keepsParams: boolean): PyValue | undefined {
  const begin = reader.at;
  if (!keepsParams && skipPlainObject(reader)) return null;
  reader.at = begin;
  if (!reader.seek(ENDS_PARAMS)) return undefined;
  return parseFrom(reader, begin, PARAMS_DEPTH);
}

function readAny(reader: AsciiReader): Speech | undefined {
  if (!reader.skip(BEGINS_ANY)) return undefined;
  const begin = reader.at;
  // The same may stand in `info` too. What is cut off there is no JSON, and not read here.
  if (!reader.seek(BEHIND_INFO)) return undefined;
  const info = parseFrom(reader, begin, INFO_DEPTH);
  const endBegin = reader.at;
  if (info === undefined || !isObject(info) || !skipEnding(reader, 1)) return undefined;
  const speaker = endings.of(reader.bytes, endBegin, reader.at);
  if (speaker === undefined) return undefined;
  const host = own(info, 'host');
  return { info, host: typeof host === 'string' ? host : '', ...speaker };
}

/** Over so many closing brackets, whatever stands between them, and what stands before the time of sending. */
function skipEnding(reader: AsciiReader, brackets: number): boolean {
  const begin = reader.at;
  for (let count = 0; count < brackets; count++) {
    if (!reader.seek(CLOSE)) return false;
    reader.at++;
  }
  reader.at += BEHIND_PAYLOAD.length;
  return reader.at - begin <= LONGEST_ENDING && reader.at <= reader.bytes.length;
}

function readEnding(text: string): Speaker | undefined {
  const [, fields] = ENDING.exec(text) ?? [];
  return fields === undefined ? undefined : (JSON.parse(`{${fields}}`) as Speaker);
}

function readHostEnding(text: string): Speech | undefined {
  const [, info, fields] = HOST_ENDING.exec(text) ?? [];
  if (info === undefined) return undefined;
  const hostOnly = JSON.parse(info) as { readonly host: string };
  shareHostOnly(Object.freeze(hostOnly));
  return { info: hostOnly, host: hostOnly.host, ...(JSON.parse(`{${fields}}`) as Speaker) };
}

function readSqlEnding(text: string): Omit<Speech, 'info'> | undefined {
  const [, host, fields] = SQL_ENDING.exec(text) ?? [];
  if (host === undefined) return undefined;
  const parsed = parsePythonJson(`{${host}, ${fields}}`);
  return parsed.ok ? (parsed.value as unknown as Omit<Speech, 'info'>) : undefined;
}

function readStatement(written: string): Statement | undefined {
  const parsed = parsePythonJson(`"${written}"`);
  if (!parsed.ok || typeof parsed.value !== 'string') return undefined;
  const make = infosOf(parsed.value);
  const infos = new Map<string, PyObject>();
  const infoAt = (host: string): PyObject => {
    const known = infos.get(host);
    if (known !== undefined) return known;
    if (infos.size >= MAX_HOSTS_OF_STATEMENT) infos.clear();
    const info = make(host);
    infos.set(host, info);
    return info;
  };
  return { statement: parsed.value, infoAt };
}

/** What stands from there to the place. @returns undefined when it is no JSON, or not ASCII. */
function parseFrom(reader: AsciiReader, begin: number, depth: number): PyValue | undefined {
  const text = reader.textFrom(begin);
  const parsed = text === undefined ? undefined : parsePythonJson(text, depth);
  return parsed?.ok ? parsed.value : undefined;
}
