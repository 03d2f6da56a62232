/** Usual spans → OTLP/JSON, by the form of those before them; see `usual-forms.ts`. */
import type { UsualSpan } from '../span/usual-span.js';
import { digitsOf, LOW_BITS, UUID_LENGTH } from '../uuid.js';
import type { Form } from './usual-forms.js';

const DASH = 0x2d;
const ZERO = 0x30;
/** Of microseconds since the epoch, from 2001 to 2286; nanoseconds have three zeros more. */
const TIME_DIGITS = 16;
const SECOND_DIGITS = 10;
const LEAST_TIME = 1e15;
const SECOND = 1e6;

let lastSeconds = 0;
const secondDigits = Buffer.alloc(SECOND_DIGITS);

/** Whether all of the span's texts are as long as those of others. */
export function hasForm({ begin, end }: UsualSpan): boolean {
  return begin >= LEAST_TIME && end < 10 * LEAST_TIME;
}

/** @param text the span as it is written, with a comma behind it. */
export function formOf(text: string, isRoot: boolean): Form {
  const bytes = Buffer.from(text);
  let at = 0;
  // What stands in quotes is escaped, so that none of these marks stands in a value.
  const behind = (mark: string) => {
    at = bytes.indexOf(mark, at) + mark.length;
    return at;
  };
  return {
    bytes,
    lastBaseId: '',
    traceId: behind('"traceId":"'),
    spanId: behind('"spanId":"'),
    parentSpanId: isRoot ? -1 : behind('"parentSpanId":"'),
    startTime: behind('"startTimeUnixNano":"'),
    endTime: behind('"endTimeUnixNano":"'),
    baseId: behind('"osprofiler.base_id","value":{"stringValue":"'),
    pointId: behind('"osprofiler.trace_id","value":{"stringValue":"'),
    parentId: behind('"osprofiler.parent_id","value":{"stringValue":"'),
  };
}

/** Writes a span in its form. `bytes` has room for it at `begin`. */
export function writeUsual(span: UsualSpan, form: Form, bytes: Buffer, begin: number): void {
  const { baseId, pointId, parentId } = span.identity;
  if (baseId !== form.lastBaseId) putTrace(form, baseId);
  bytes.set(form.bytes, begin);
  putPoint(bytes, pointId, begin + form.pointId, begin + form.spanId);
  // The parent of a root is its trace, which is no span.
  if (form.parentSpanId === -1) bytes.write(parentId, begin + form.parentId, 'latin1');
  else putPoint(bytes, parentId, begin + form.parentId, begin + form.parentSpanId);
  putTime(bytes, begin + form.startTime, span.begin);
  putTime(bytes, begin + form.endTime, span.end);
}

function putTrace(form: Form, baseId: string): void {
  form.lastBaseId = baseId;
  form.bytes.write(baseId, form.baseId, 'latin1');
  form.bytes.write(digitsOf(baseId), form.traceId, 'latin1');
}

/** A UUID at `at`, and the digits of its low half, which are a span's id, at `spanId`. */
function putPoint(bytes: Buffer, id: string, at: number, spanId: number): void {
  let digits = spanId;
  for (let index = 0; index < UUID_LENGTH; index++) {
    const character = id.charCodeAt(index);
    bytes[at + index] = character;
    if (index >= LOW_BITS && character !== DASH) bytes[digits++] = character;
  }
}

/** In two parts, which are small integers: those are quicker than numbers of sixteen digits. */
function putTime(bytes: Buffer, at: number, micros: number): void {
  const seconds = Math.floor(micros / SECOND);
  // Times of spans that come together seldom differ in their seconds.
  if (seconds !== lastSeconds) {
    lastSeconds = seconds;
    secondDigits.write(String(seconds), 'latin1');
  }
  for (let digit = 0; digit < SECOND_DIGITS; digit++) bytes[at + digit] = secondDigits[digit]!;
  let rest = micros - seconds * SECOND;
  for (let to = at + TIME_DIGITS - 1; to >= at + SECOND_DIGITS; to--) {
    // An integer's division, not a number's.
    const next = (rest / 10) | 0;
    bytes[to] = ZERO + rest - next * 10;
    rest = next;
  }
}
