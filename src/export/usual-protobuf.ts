/** Usual spans → OTLP's protobuf, by the form of those before them; see `usual-forms.ts`. */
import type { UsualSpan } from '../span/usual-span.js';
import { putWords, UUID_LENGTH, UUID_WORDS } from '../uuid.js';
import { fieldsOf } from './protobuf-fields.js';
import type { Form } from './usual-forms.js';

/** Fields of `Span`, opentelemetry/proto/trace/v1/trace.proto. */
const TRACE_ID = 1;
const SPAN_ID = 2;
const PARENT_SPAN_ID = 4;
const START_TIME = 7;
const END_TIME = 8;
const ATTRIBUTES = 9;
/** Of `KeyValue` and of `AnyValue`, opentelemetry/proto/common/v1/common.proto. */
const KEY = 1;
const VALUE = 2;
const STRING_VALUE = 1;

const WORD_BYTES = 4;
const TWO_WORDS = 2 ** 32;
const NANOS_PER_MICRO = 1_000;

/**
 * @param bytes the span as it is written, with what stands before it in its list.
 * @param begin of the span itself.
 */
export function formOf(bytes: Buffer, begin: number): Form {
  const places = new Map<number, number>();
  const attributes = new Map<string, number>();
  for (const { number, value, end } of fieldsOf(bytes, begin, bytes.length)) {
    if (number === ATTRIBUTES) putAttribute(attributes, bytes, value, end);
    else places.set(number, value);
  }
  return {
    bytes,
    lastBaseId: '',
    traceId: places.get(TRACE_ID)!,
    spanId: places.get(SPAN_ID)!,
    parentSpanId: places.get(PARENT_SPAN_ID) ?? -1,
    startTime: places.get(START_TIME)!,
    endTime: places.get(END_TIME)!,
    baseId: attributes.get('osprofiler.base_id')!,
    pointId: attributes.get('osprofiler.trace_id')!,
    parentId: attributes.get('osprofiler.parent_id')!,
  };
}

/** Where its text begins, by its key. */
function putAttribute(attributes: Map<string, number>, bytes: Buffer, begin: number, end: number): void {
  let key = '';
  for (const field of fieldsOf(bytes, begin, end)) {
    if (field.number === KEY) key = bytes.toString('utf8', field.value, field.end);
    else if (field.number === VALUE)
      for (const { number, value } of fieldsOf(bytes, field.value, field.end))
        if (number === STRING_VALUE) attributes.set(key, value);
  }
}

/** Writes a span in its form. `bytes` has room for it at `begin`. */
export function writeUsual(span: UsualSpan, form: Form, bytes: Uint8Array, begin: number): void {
  const { baseId, pointId, parentId } = span.identity;
  if (baseId !== form.lastBaseId) putTrace(form, baseId);
  bytes.set(form.bytes, begin);
  putText(bytes, begin + form.pointId, pointId);
  putSpanId(bytes, begin + form.spanId, pointId);
  putText(bytes, begin + form.parentId, parentId);
  // The parent of a root is its trace, which is no span.
  if (form.parentSpanId !== -1) putSpanId(bytes, begin + form.parentSpanId, parentId);
  putTime(bytes, begin + form.startTime, span.begin);
  putTime(bytes, begin + form.endTime, span.end);
}

const words = new Int32Array(UUID_WORDS);

function putTrace(form: Form, baseId: string): void {
  form.lastBaseId = baseId;
  putText(form.bytes, form.baseId, baseId);
  putWords(baseId, words, 0);
  for (const [index, word] of words.entries())
    putBigEndian(form.bytes, form.traceId + index * WORD_BYTES, word);
}

/** The low half of a UUID. */
function putSpanId(bytes: Uint8Array, at: number, uuid: string): void {
  putWords(uuid, words, 0);
  putBigEndian(bytes, at, words[2]!);
  putBigEndian(bytes, at + WORD_BYTES, words[3]!);
}

function putText(bytes: Uint8Array, at: number, uuid: string): void {
  for (let index = 0; index < UUID_LENGTH; index++) bytes[at + index] = uuid.charCodeAt(index);
}

/** Nanoseconds in 64 bits, the lowest first, of microseconds; in two halves, as numbers have 53 bits. */
function putTime(bytes: Uint8Array, at: number, micros: number): void {
  const high = Math.floor(micros / TWO_WORDS);
  const low = (micros - high * TWO_WORDS) * NANOS_PER_MICRO;
  putLittleEndian(bytes, at, low);
  putLittleEndian(bytes, at + WORD_BYTES, high * NANOS_PER_MICRO + Math.floor(low / TWO_WORDS));
}

function putBigEndian(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** The low 32 bits of an integer. */
function putLittleEndian(bytes: Uint8Array, at: number, integer: number): void {
  const word = integer >>> 0;
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}
