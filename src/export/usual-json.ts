/**
 * Usual spans → OTLP/JSON. Spans of one pattern are the same text with other ids and times in it, all of one length, in
 * the same places: a copy of that text is made, and they are put in. Of a span of SQL that is a tenth of the work.
 */
import type { SpanPattern, UsualSpan } from '../span/usual-span.js';
import { LOW_BITS, UUID_LENGTH } from '../uuid.js';

/** A span as it is written, the comma behind it included, and where in it what differs from span to span stands. */
interface Form {
  readonly bytes: Buffer;
  readonly traceId: number;
  readonly spanId: number;
  /** -1 in spans without one. */
  readonly parentSpanId: number;
  readonly startTime: number;
  readonly endTime: number;
  /** These three as UUIDs, in the attributes. */
  readonly baseId: number;
  readonly pointId: number;
  readonly parentId: number;
}

/** Of a pattern: for spans with a parent and without. */
interface Forms {
  child: Form | undefined;
  root: Form | undefined;
}

const DASH = 0x2d;
const ZERO = 0x30;
/** Of microseconds since the epoch, from 2001 to 2286; nanoseconds have three zeros more. */
const TIME_DIGITS = 16;
const LEAST_TIME = 1e15;
const SECOND = 1e6;
/** Bytes of all forms; when there are more they are all forgotten, so that hostile variety costs time, not memory. */
const MAX_BYTES = 4_000_000;

let forms = new WeakMap<SpanPattern, Forms>();
let formBytes = 0;

/**
 * The form that a span is written in, made by the first of its kind.
 * @param write writes a span as any other, with a comma behind it.
 * @returns undefined when the span cannot be written so.
 */
export function usualForm(span: UsualSpan, write: (span: UsualSpan) => string): Form | undefined {
  if (span.begin < LEAST_TIME || span.end >= 10 * LEAST_TIME) return undefined;
  let known = forms.get(span.pattern);
  if (known === undefined) {
    known = { child: undefined, root: undefined };
    forms.set(span.pattern, known);
  }
  if (span.identity.isRoot) {
    known.root ??= makeForm(write(span), true);
    return known.root;
  }
  known.child ??= makeForm(write(span), false);
  return known.child;
}

function makeForm(text: string, isRoot: boolean): Form {
  const bytes = Buffer.from(text);
  if (formBytes + bytes.length > MAX_BYTES) {
    forms = new WeakMap();
    formBytes = 0;
  }
  formBytes += bytes.length;
  let at = 0;
  // What stands in quotes is escaped, so that none of these marks stands in a value.
  const behind = (mark: string) => {
    at = bytes.indexOf(mark, at) + mark.length;
    return at;
  };
  return {
    bytes,
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
  const { identity } = span;
  bytes.set(form.bytes, begin);
  const baseId = begin + form.baseId;
  const pointId = begin + form.pointId;
  const parentId = begin + form.parentId;
  bytes.write(identity.baseId, baseId, 'latin1');
  bytes.write(identity.pointId, pointId, 'latin1');
  bytes.write(identity.parentId, parentId, 'latin1');
  putDigits(bytes, begin + form.traceId, baseId, baseId + UUID_LENGTH);
  putDigits(bytes, begin + form.spanId, pointId + LOW_BITS, pointId + UUID_LENGTH);
  if (form.parentSpanId !== -1)
    putDigits(bytes, begin + form.parentSpanId, parentId + LOW_BITS, parentId + UUID_LENGTH);
  putTime(bytes, begin + form.startTime, span.begin);
  putTime(bytes, begin + form.endTime, span.end);
}

/** Digits of a UUID that stands elsewhere in the bytes. */
function putDigits(bytes: Buffer, to: number, from: number, end: number): void {
  for (let at = from; at < end; at++) {
    const digit = bytes[at]!;
    if (digit !== DASH) bytes[to++] = digit;
  }
}

/** In two parts, which are small integers: those are quicker than numbers of sixteen digits. */
function putTime(bytes: Buffer, at: number, micros: number): void {
  const seconds = Math.floor(micros / SECOND);
  putNumber(bytes, at + TIME_DIGITS - 6, seconds);
  putNumber(bytes, at + TIME_DIGITS, micros - seconds * SECOND, at + TIME_DIGITS - 6);
}

/** Its decimal digits before `end`, with zeros from `begin` on. */
function putNumber(bytes: Buffer, end: number, value: number, begin = end): void {
  let rest = value;
  let at = end;
  while (rest > 0 || at > begin) {
    const next = Math.floor(rest / 10);
    bytes[--at] = ZERO + rest - next * 10;
    rest = next;
  }
}
