/** The span ids in an OTLP request, found without decoding the rest: the backend must not be what is slow. */

/** What a span begins with, in the order in which both the bridge and the exporter package write it. */
const JSON_SPAN = Buffer.from('{"traceId":"');
const TRACE_ID_DIGITS = 32;
const JSON_SPAN_ID = Buffer.from('","spanId":"');
const SPAN_ID_DIGITS = 16;
/** Half of an id. */
const WORD_DIGITS = 8;
const WORD_BYTES = 4;
/** Field numbers of opentelemetry/proto/trace/v1/trace.proto, each a length-delimited field. */
const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;
const SPAN_ID = 2;
const LENGTH_DELIMITED = 2;

/** Takes a span's id as two unsigned words of 32 bits. */
type Found = (high: number, low: number) => void;

/** Calls back with each span's id. Throws on a span that is not written as expected. */
export function eachSpanId(body: Buffer, contentType: string, found: Found): void {
  if (contentType.includes('json')) eachJsonId(body, found);
  else eachProtobufId(body, found);
}

/** The 16 hex digits of an id. */
export function hexOf(high: number, low: number): string {
  const digits = (word: number) => word.toString(16).padStart(WORD_DIGITS, '0');
  return digits(high) + digits(low);
}

function eachJsonId(body: Buffer, found: Found): void {
  for (let at = body.indexOf(JSON_SPAN); at !== -1; at = body.indexOf(JSON_SPAN, at)) {
    at += JSON_SPAN.length + TRACE_ID_DIGITS;
    const begin = at + JSON_SPAN_ID.length;
    if (JSON_SPAN_ID.compare(body, at, begin) !== 0)
      throw new Error('a span whose id is not behind its trace');
    at = begin + SPAN_ID_DIGITS;
    found(wordAt(body, begin), wordAt(body, begin + WORD_DIGITS));
  }
}

/** Eight lower-case hex digits. */
function wordAt(body: Buffer, begin: number): number {
  let word = 0;
  for (let at = begin; at < begin + WORD_DIGITS; at++) {
    const digit = body[at]!;
    word = (word << 4) | (digit < 0x3a ? digit - 0x30 : digit - 0x57);
  }
  return word >>> 0;
}

function eachProtobufId(body: Buffer, found: Found): void {
  eachField(body, 0, body.length, RESOURCE_SPANS, (from, to) =>
    eachField(body, from, to, SCOPE_SPANS, (scopeFrom, scopeTo) =>
      eachField(body, scopeFrom, scopeTo, SPANS, (spanFrom, spanTo) =>
        eachField(body, spanFrom, spanTo, SPAN_ID, (idFrom) =>
          found(body.readUInt32BE(idFrom), body.readUInt32BE(idFrom + WORD_BYTES)),
        ),
      ),
    ),
  );
}

/** The parts of a message under one field number. */
function eachField(
  body: Buffer,
  start: number,
  end: number,
  number: number,
  found: (from: number, to: number) => void,
): void {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = body[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < end) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === LENGTH_DELIMITED) {
      const length = varint();
      if (tag >>> 3 === number) found(at, at + length);
      at += length;
    } else if (wire === 0) varint();
    else at += wire === 1 ? 8 : 4;
  }
}
