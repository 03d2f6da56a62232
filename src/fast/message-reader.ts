/**
 * Reads messages as osprofiler and oslo.messaging nearly always write them, in the order in which they write them
 * (`notify/notifier.py`, `drivers/messaging.py`, Python's `json.dumps`). Their bytes are looked through once, and only
 * what is needed and not known from other messages becomes a value.
 *
 * Whatever differs from that, if only by a blank, is left to the codec. What is read here is read as the codec would.
 */
import {
  isObject,
  MAX_DEPTH,
  own,
  type PyObject,
  type PyValue,
  parsePythonJson,
} from '../python-json/parse.js';
import type { TraceEvent } from '../trace-point.js';
import { UUID_LENGTH } from '../uuid.js';
import {
  ascii,
  ByteReader,
  CLOSE,
  OPEN,
  PLAIN_PATTERN as PLAIN,
  QUOTE,
  TimestampReader,
} from './byte-reader.js';
import { Interner, TemplateKeys, UuidInterner } from './interner.js';

const BEGIN = ascii('{"message_id": "');
const BEGIN_PAYLOAD = '{"name": "';
const BEFORE_BASE_ID = '", "base_id": "';
const BEFORE_TRACE_ID = ascii('", "trace_id": "');
const BEFORE_PARENT_ID = ascii('", "parent_id": "');
const BEFORE_TIMESTAMP = ascii('", "timestamp": "');
const BEFORE_INFO = ascii('", "info": {');
const BEGIN_SQL = ascii('"db": {"statement": "');
const BEFORE_PARAMS = ascii('", "params": ');
const BEFORE_HOST = ascii('}, "host": "');
const BEFORE_PROJECT = ascii(', "project": "');
const AFTER_PAYLOAD = ', "timestamp": "';
const BEFORE_UNIQUE_ID = ascii('", "_unique_id": "');
const LETTER_H = 0x68;

/** From behind the message's id to the id of the trace. */
const NAME = new RegExp(
  `^", "publisher_id": "${PLAIN}", "event_type": "profiler\\.${PLAIN}", "priority": "${PLAIN}", ` +
    `"payload": \\${BEGIN_PAYLOAD}(${PLAIN})${BEFORE_BASE_ID}$`,
);
/** From the host, which ends `info`, or from behind `info`, to the time of sending. */
const SENDER = `, ("project": "${PLAIN}", "service": "${PLAIN}")\\}${AFTER_PAYLOAD}$`;
const SENDER_WITH_HOST = new RegExp(`^("host": "(?:[^"\\\\]|\\\\.)*")\\}${SENDER}`);
const SENDER_ALONE = new RegExp(`^${SENDER}`);

/** Levels of nesting left for `info`, which lies in the payload of the message, and for `params` in `info.db`. */
const INFO_DEPTH = MAX_DEPTH - 2;
const PARAMS_DEPTH = INFO_DEPTH - 2;
/** What of the message besides the payload means something: it must not be said once more. */
const MEANINGFUL = ['event_type', 'payload', 'oslo.message'];

/** Parameters that are flat, as nearly all are, where they do not leave the bridge. */
const LEFT_OUT = Symbol('left out');

interface Name {
  readonly phase: 'start' | 'stop';
  readonly name: string;
}

interface Sender {
  /** Absent where it stands in {@link Said.info} only. */
  readonly host?: string;
  readonly project: string;
  readonly service: string;
}

interface Statement {
  readonly db: { readonly statement: string };
  readonly keys: TemplateKeys<Name, Sender>;
}

/** An `info` of another kind than the two that are read from their bytes. */
interface Info {
  readonly info: PyObject;
  readonly host: string;
  readonly keys: TemplateKeys<Name, Sender>;
  /** Most are like no other: those get no key. */
  isRepeated: boolean;
}

/** What a message says between its timestamp and the time of sending. */
interface Said {
  readonly info: PyObject;
  readonly host: string;
  readonly sender: Sender;
  /** Of what is said, when it is no more than others say. */
  readonly keys: TemplateKeys<Name, Sender> | undefined;
}

export class MessageReader {
  private readonly ids = new UuidInterner();
  private readonly timestamps = new TimestampReader();
  private readonly names = new Interner(1_024, 1_024, nameOf);
  private readonly statements = new Interner(1_000, 16_384, statementOf);
  private readonly infos = new Interner(1_000, 4_096, infoOf);
  private readonly senders = new Interner(4_096, 1_024, (text) => senderOf(SENDER_WITH_HOST, text));
  private readonly sendersAlone = new Interner(1_024, 1_024, (text) => senderOf(SENDER_ALONE, text));
  private readonly rests = new Interner(256, 4_096, isHarmless);
  private readonly hostOnly = new TemplateKeys<Name, Sender>(65_536);
  /** All ids of the message that is read are UUIDs. */
  private hasUuids = true;

  /** @param keepsParams whether the parameters of SQL leave the bridge; they are checked all the same. */
  constructor(private readonly keepsParams: boolean) {}

  /** @param body anything. @returns undefined for what the codec has to read. */
  read(body: Buffer): TraceEvent | undefined {
    const reader = new ByteReader(body);
    this.hasUuids = true;
    const named = this.readName(reader);
    if (named === undefined) return undefined;
    const baseId = this.readId(reader);
    const traceId = reader.skip(BEFORE_TRACE_ID) ? this.readId(reader) : undefined;
    const parentId = reader.skip(BEFORE_PARENT_ID) ? this.readId(reader) : undefined;
    const timestamp = reader.skip(BEFORE_TIMESTAMP) ? this.readTimestamp(reader) : undefined;
    if (baseId === undefined || traceId === undefined || parentId === undefined || timestamp === undefined)
      return undefined;
    const said = reader.skip(BEFORE_INFO) ? this.readSaid(reader) : undefined;
    if (said === undefined || !this.skipRest(reader)) return undefined;
    const { info, host, sender, keys } = said;
    const { project, service } = sender;
    const templateKey = this.hasUuids ? keys?.keyOf(named, sender) : undefined;
    const { phase, name } = named;
    return { phase, name, baseId, traceId, parentId, timestamp, info, project, service, host, templateKey };
  }

  /** From the beginning to the id of the trace. */
  private readName(reader: ByteReader): Name | undefined {
    if (!reader.skip(BEGIN) || !reader.skipPlain()) return undefined;
    const { bytes, at: begin } = reader;
    if (!reader.seek(OPEN)) return undefined;
    reader.at += BEGIN_PAYLOAD.length;
    if (!reader.seek(QUOTE)) return undefined;
    reader.at += BEFORE_BASE_ID.length;
    return reader.at > bytes.length ? undefined : this.names.valueOf(bytes, begin, reader.at);
  }

  /** An id without escapes, before a quote. */
  private readId(reader: ByteReader): string | undefined {
    const { bytes, at: begin } = reader;
    const uuid = bytes[begin + UUID_LENGTH] === QUOTE ? this.ids.textAt(bytes, begin) : undefined;
    if (uuid !== undefined) {
      reader.at = begin + UUID_LENGTH;
      return uuid;
    }
    this.hasUuids = false;
    return reader.skipPlain() ? reader.textFrom(begin) : undefined;
  }

  private readTimestamp(reader: ByteReader): number | undefined {
    const begin = reader.at;
    return reader.seek(QUOTE) ? this.timestamps.read(reader.bytes, begin, reader.at) : undefined;
  }

  /** From behind the bracket that opens `info`. */
  private readSaid(reader: ByteReader): Said | undefined {
    const begin = reader.at;
    const said = reader.bytes[begin + 1] === LETTER_H ? this.readHostOnly(reader) : this.readSql(reader);
    if (said !== undefined) return said;
    reader.at = begin - 1;
    return this.readAny(reader);
  }

  /** Nearly half of all. */
  private readHostOnly(reader: ByteReader): Said | undefined {
    const sender = this.readSender(reader, this.senders, 2);
    if (sender === undefined) return undefined;
    const host = sender.host!;
    return { info: { host }, host, sender, keys: this.hostOnly };
  }

  /** Nearly the other half, and most bytes of those are one of a few hundred statements. */
  private readSql(reader: ByteReader): Said | undefined {
    if (!reader.skip(BEGIN_SQL)) return undefined;
    const { bytes, at: begin } = reader;
    if (!reader.seek(QUOTE)) return undefined;
    const known = this.statements.valueOf(bytes, begin, reader.at);
    if (known === undefined || !reader.skip(BEFORE_PARAMS)) return undefined;
    const params = this.readParams(reader);
    if (params === undefined || !reader.skip(BEFORE_HOST)) return undefined;
    reader.at -= BEFORE_HOST.length - '}, '.length;
    const sender = this.readSender(reader, this.senders, 2);
    if (sender === undefined) return undefined;
    const host = sender.host!;
    const { db, keys } = known;
    if (params === LEFT_OUT) return { info: { db, host }, host, sender, keys };
    return { info: { db: { ...db, params }, host }, host, sender, keys: undefined };
  }

  /** @returns undefined when they are no JSON. */
  private readParams(reader: ByteReader): PyValue | typeof LEFT_OUT | undefined {
    const begin = reader.at;
    if (!this.keepsParams && reader.skipFlatObject()) return LEFT_OUT;
    reader.at = begin;
    return reader.seek(BEFORE_HOST) ? parseFrom(reader, begin, PARAMS_DEPTH) : undefined;
  }

  private readAny(reader: ByteReader): Said | undefined {
    const begin = reader.at;
    // The same may stand in `info` too. What is cut off there is no JSON, and not read here.
    if (!reader.seek(BEFORE_PROJECT)) return undefined;
    const { bytes, at: end } = reader;
    const known = this.infos.valueOf(bytes, begin, end) ?? infoOf(reader.textFrom(begin));
    const sender = this.readSender(reader, this.sendersAlone, 1);
    if (known === undefined || sender === undefined) return undefined;
    const { info, host, keys, isRepeated } = known;
    known.isRepeated = true;
    return { info, host, sender, keys: isRepeated ? keys : undefined };
  }

  /** Over so many closing brackets, whatever stands between them, and what stands before the time of sending. */
  private readSender(
    reader: ByteReader,
    senders: Interner<Sender | undefined>,
    brackets: number,
  ): Sender | undefined {
    const { bytes, at: begin } = reader;
    for (let count = 0; count < brackets; count++) {
      if (!reader.seek(CLOSE)) return undefined;
      reader.at++;
    }
    reader.at += AFTER_PAYLOAD.length;
    return reader.at > bytes.length ? undefined : senders.valueOf(bytes, begin, reader.at);
  }

  /** From the time of sending on, where the context may stand that the sending process began with. */
  private skipRest(reader: ByteReader): boolean {
    const isCommon =
      reader.skipPlain() && reader.skip(BEFORE_UNIQUE_ID) && reader.skipPlain() && reader.skipByte(QUOTE);
    if (!isCommon) return false;
    const { bytes, at: begin } = reader;
    if (reader.skipByte(CLOSE) && reader.at === bytes.length) return true;
    return this.rests.valueOf(bytes, begin, bytes.length) === true;
  }
}

function nameOf(text: string): Name | undefined {
  const full = NAME.exec(text)?.[1] ?? '';
  const phase = full.endsWith('-start') ? 'start' : full.endsWith('-stop') ? 'stop' : undefined;
  return phase && { phase, name: full.slice(0, -1 - phase.length) };
}

function senderOf(pattern: RegExp, text: string): Sender | undefined {
  const fields = pattern.exec(text)?.slice(1);
  if (fields === undefined) return undefined;
  const parsed = parsePythonJson(`{${fields.join(', ')}}`);
  return parsed.ok ? (parsed.value as unknown as Sender) : undefined;
}

function statementOf(escaped: string): Statement | undefined {
  const parsed = parsePythonJson(`"${escaped}"`);
  if (!parsed.ok || typeof parsed.value !== 'string') return undefined;
  return { db: Object.freeze({ statement: parsed.value }), keys: new TemplateKeys(256) };
}

function infoOf(text: string | undefined): Info | undefined {
  const parsed = text === undefined ? undefined : parsePythonJson(text, INFO_DEPTH);
  if (!parsed?.ok || !isObject(parsed.value)) return undefined;
  const info = parsed.value;
  const host = own(info, 'host');
  return { info, host: typeof host === 'string' ? host : '', keys: new TemplateKeys(256), isRepeated: false };
}

/** Whether the rest of a message is well formed and says nothing that matters. */
function isHarmless(rest: string): boolean {
  const parsed = parsePythonJson(`{"": null${rest}`);
  if (!parsed.ok || !isObject(parsed.value)) return false;
  const { value } = parsed;
  return MEANINGFUL.every((key) => !Object.hasOwn(value, key));
}

/** What stands from there to the place. @returns undefined when it is no JSON, or not ASCII. */
function parseFrom(reader: ByteReader, begin: number, depth: number): PyValue | undefined {
  const text = reader.textFrom(begin);
  const parsed = text === undefined ? undefined : parsePythonJson(text, depth);
  return parsed?.ok ? parsed.value : undefined;
}
