/**
 * The message as osprofiler and oslo.messaging nearly always write it, in the order in which they write it
 * (`notify/notifier.py`, `drivers/messaging.py`, Python's `json.dumps`): its bytes are looked through once, and only what
 * is needed and not known from other messages is made into values.
 *
 * Whatever differs from that, if only by a blank, is left to the full decoder. What is read here is read exactly as the
 * full decoder would: the tests hold both against each other.
 */
import { AsciiReader, ascii, CLOSE, OPEN, PLAIN_PATTERN as PLAIN, QUOTE } from './ascii-reader.js';
import { readIdText } from './id-text.js';
import { KnownTexts } from './known-texts.js';
import { isObject } from './py-value.js';
import { parsePythonJson } from './python-json.js';
import { parseTimestampAt } from './timestamp.js';
import type { TraceEvent } from './trace-event.js';
import { readSpeech } from './usual-speech.js';

const BEGINS = ascii('{"message_id": "');
const BEGINS_PAYLOAD = '{"name": "';
const BEFORE_BASE_ID = '", "base_id": "';
const BEFORE_TRACE_ID = ascii('", "trace_id": "');
const BEFORE_PARENT_ID = ascii('", "parent_id": "');
const BEFORE_TIMESTAMP = ascii('", "timestamp": "');
const BEFORE_UNIQUE_ID = ascii('", "_unique_id": "');

/** Between the message's id and that of the trace. */
const HEAD = new RegExp(
  `^", "publisher_id": "${PLAIN}", "event_type": "profiler\\.${PLAIN}", "priority": "${PLAIN}", ` +
    `"payload": \\${BEGINS_PAYLOAD}(${PLAIN})${BEFORE_BASE_ID}$`,
);
/** Beyond these lengths a text is seldom the same twice, and few would take much memory. */
const LONGEST_HEAD = 1_024;
const LONGEST_REST = 4_096;
/** What of the message besides the payload means something: it must not be said once more. */
const MEANINGFUL = ['event_type', 'payload', 'oslo.message'];

const names = new KnownTexts(1_024, nameOf);
const rests = new KnownTexts(256, isHarmless);

interface Name {
  readonly half: 'start' | 'stop';
  readonly name: string;
}

/**
 * Reads a message as it usually is.
 * @param body anything.
 * @param keepsParams whether the parameters of SQL are wanted; they are checked all the same.
 * @returns undefined when it is any different; whether it is a notification at all is then open.
 */
export function readUsualMessage(body: Buffer, keepsParams = true): TraceEvent | undefined {
  const reader = new AsciiReader(body);
  const named = readName(reader);
  if (named === undefined) return undefined;
  const baseId = readIdText(reader);
  const traceId = reader.skip(BEFORE_TRACE_ID) ? readIdText(reader) : undefined;
  const parentId = reader.skip(BEFORE_PARENT_ID) ? readIdText(reader) : undefined;
  const timestamp = reader.skip(BEFORE_TIMESTAMP) ? readTimestamp(reader) : undefined;
  if (baseId === undefined || traceId === undefined || parentId === undefined || timestamp === undefined)
    return undefined;
  const speech = readSpeech(reader, keepsParams);
  if (speech === undefined || !skipRest(reader)) return undefined;
  const { half, name } = named;
  const { info, project, service, host } = speech;
  return { phase: half, name, baseId, traceId, parentId, timestamp, info, project, service, host };
}

/** From the begin of the message to the id of the trace. */
function readName(reader: AsciiReader): Name | undefined {
  if (!reader.skip(BEGINS) || !reader.skipPlain()) return undefined;
  const { bytes, at: begin } = reader;
  if (!reader.seek(OPEN)) return undefined;
  reader.at += BEGINS_PAYLOAD.length;
  if (!reader.seek(QUOTE)) return undefined;
  reader.at += BEFORE_BASE_ID.length;
  if (reader.at > bytes.length || reader.at - begin > LONGEST_HEAD) return undefined;
  return names.of(bytes, begin, reader.at);
}

function nameOf(head: string): Name | undefined {
  const fullName = HEAD.exec(head)?.[1] ?? '';
  const half = fullName.endsWith('-start') ? 'start' : fullName.endsWith('-stop') ? 'stop' : undefined;
  return half && { half, name: fullName.slice(0, -1 - half.length) };
}

function readTimestamp(reader: AsciiReader): number | undefined {
  const begin = reader.at;
  return reader.seek(QUOTE) ? parseTimestampAt(reader.bytes, begin, reader.at) : undefined;
}

/** From the time of sending on, where the context may stand that the sending process began with. */
function skipRest(reader: AsciiReader): boolean {
  const isUsual =
    reader.skipPlain() && reader.skip(BEFORE_UNIQUE_ID) && reader.skipPlain() && reader.skipByte(QUOTE);
  if (!isUsual) return false;
  const { bytes, at: begin } = reader;
  if (reader.skipByte(CLOSE) && reader.isAtEnd) return true;
  return bytes.length - begin <= LONGEST_REST && rests.of(bytes, begin, bytes.length) === true;
}

/** Whether the rest of a message is well formed and says nothing that matters. */
function isHarmless(rest: string): boolean {
  const parsed = parsePythonJson(`{"": null${rest}`);
  if (!parsed.ok || !isObject(parsed.value)) return false;
  const { value } = parsed;
  return MEANINGFUL.every((key) => !Object.hasOwn(value, key));
}
