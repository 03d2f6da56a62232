/**
 * The forms in which people have notifications → messages. Beside this project's own records and bare messages these
 * are: lists of any of them; osprofiler's reports; answers and `_source` objects of Elasticsearch; what
 * `rabbitmqadmin get` prints as JSON; lines of redis-cli with their numbers.
 */

import { formatPythonJson } from '../python-json/format.js';
import { isObject, own, type ParsedJson, type PyObject, type PyValue } from '../python-json/parse.js';
import { parseExactly } from '../python-json/parse-exactly.js';
import { bareMessage, type ReadMessage, readRecord } from './record-line.js';
import { isReport, readReport } from './report.js';

/** Beyond this Python's own writer fails (its recursion limit is 1,000): a trace point is two levels of a report. */
const MAX_DEPTH = 1000;
/** An integer that a double may not hold; within strings it matches seldom. */
const LONG_INTEGER = /[[:,]\s*-?\d{16}/;

/** Why a document has no messages, and what to do. */
export interface Unreadable {
  readonly problem: string;
  readonly hint?: string;
}

/** What a line may be beside a bare message has one of these in it; any other line is spared the parsing. */
const MARKS = ['"body', '"_source"', '"hits"', '"payload_encoding"', '"children"'];

/** Reads a line. What is of no known form is a bare message, byte for byte: to judge it is for the decoder. */
export function readLine(line: Buffer): Iterable<ReadMessage> {
  const first = String.fromCharCode(line[0] ?? 0);
  if (/[\d ]/.test(first)) return [readRedisLine(line) ?? bareMessage(line)];
  if (first !== '[' && !MARKS.some((mark) => line.includes(mark))) return [bareMessage(line)];
  const parsed = parse(line.toString('utf8'));
  return (parsed.ok ? messagesOf(parsed.value) : undefined) ?? [bareMessage(line)];
}

/** Reads a JSON document of several lines. */
export function readDocument(bytes: Buffer): Iterable<ReadMessage> | Unreadable {
  const parsed = parse(bytes.toString('utf8'));
  if (!parsed.ok) return { problem: parsed.detail };
  return strangerOf(parsed.value) ?? messagesOf(parsed.value) ?? [bareMessage(bytes)];
}

/** Tagged values (see `python-json.ts`) stay as they are: payloads are to be what they were. */
function parse(text: string): ParsedJson {
  if (LONG_INTEGER.test(text)) return parseExactly(text, MAX_DEPTH);
  try {
    const value = JSON.parse(text) as PyValue;
    return isDeeper(value, MAX_DEPTH)
      ? { ok: false, reason: 'too-deep', detail: `nested deeper than ${MAX_DEPTH}` }
      : { ok: true, value };
  } catch {
    return parseExactly(text, MAX_DEPTH);
  }
}

function isDeeper(value: PyValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeper(item, depth - 1));
}

/** @returns undefined when the value is a message itself. */
function messagesOf(value: PyValue): Iterable<ReadMessage> | undefined {
  if (Array.isArray(value)) return value.every(isMessageLike) ? messagesOfAll(value) : undefined;
  if (!isObject(value)) return undefined;
  if (isReport(value)) return readReport(value);
  const source = own(value, '_source');
  if (isObject(source)) return [messageOf(source)];
  const hits = own(value, 'hits');
  if (isObject(hits) && Array.isArray(own(hits, 'hits'))) return messagesOf(own(hits, 'hits')!);
  const message = fromRabbitmqadmin(value) ?? readRecord(value);
  return message && [message];
}

function isMessageLike(item: PyValue): boolean {
  return isObject(item) || (typeof item === 'string' && item.trimStart().startsWith('{'));
}

function* messagesOfAll(items: readonly PyValue[]): Generator<ReadMessage> {
  for (const item of items) yield* messagesOf(item) ?? [messageOf(item)];
}

function messageOf(value: PyValue): ReadMessage {
  return bareMessage(Buffer.from(typeof value === 'string' ? value : formatPythonJson(value)));
}

/** Source: rabbitmq-management's `POST /api/queues/{vhost}/{name}/get`, which `rabbitmqadmin get` prints. */
function fromRabbitmqadmin(value: PyObject): ReadMessage | undefined {
  const { payload, payload_encoding: encoding, ...others } = value;
  if (typeof payload !== 'string' || typeof encoding !== 'string') return undefined;
  return readRecord({ ...others, [encoding === 'base64' ? 'body_base64' : 'body']: payload });
}

/** `1) "{\"name\": …}"`: a number, and a string with the escapes of redis-cli (`sdscatrepr`). */
function readRedisLine(line: Buffer): ReadMessage | undefined {
  const quoted = /^(?:\s*\d+\))+ "(.*)"\s*$/.exec(line.toString('latin1'))?.[1];
  if (quoted === undefined) return undefined;
  const text = quoted.replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex?: string, letter?: string) =>
    hex === undefined ? (REDIS_ESCAPES[letter!] ?? letter!) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return bareMessage(Buffer.from(text, 'latin1'));
}

const REDIS_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** Documents that are often mistaken for recordings. */
function strangerOf(value: PyValue): Unreadable | undefined {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, 'resourceSpans')) {
    return { problem: 'these are OTLP spans already', hint: 'Send them to the backend as they are.' };
  }
  const [first] = Array.isArray(value['data']) ? value['data'] : [];
  if (isObject(first) && Object.hasOwn(first, 'traceID')) {
    return {
      problem: 'this is a trace that Jaeger exported',
      hint: 'Upload it in the user interface of Jaeger.',
    };
  }
  return undefined;
}
