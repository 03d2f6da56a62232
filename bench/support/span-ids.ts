/** The span ids in an OTLP request, found without decoding the rest: the backend must not be what is slow. */

const JSON_MARK = Buffer.from('"spanId":"');
const JSON_ID_LENGTH = 16;
/** Field numbers of opentelemetry/proto/trace/v1/trace.proto, each a length-delimited field. */
const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;
const SPAN_ID = 2;
const LENGTH_DELIMITED = 2;

/** Calls back with each span's id: 16 hex digits. */
export function eachSpanId(body: Buffer, contentType: string, found: (id: string) => void): void {
  if (contentType.includes('json')) eachJsonId(body, found);
  else eachProtobufId(body, found);
}

function eachJsonId(body: Buffer, found: (id: string) => void): void {
  for (let at = body.indexOf(JSON_MARK); at !== -1; at = body.indexOf(JSON_MARK, at)) {
    at += JSON_MARK.length;
    found(body.toString('latin1', at, at + JSON_ID_LENGTH));
  }
}

function eachProtobufId(body: Buffer, found: (id: string) => void): void {
  eachField(body, 0, body.length, RESOURCE_SPANS, (from, to) =>
    eachField(body, from, to, SCOPE_SPANS, (scopeFrom, scopeTo) =>
      eachField(body, scopeFrom, scopeTo, SPANS, (spanFrom, spanTo) =>
        eachField(body, spanFrom, spanTo, SPAN_ID, (idFrom, idTo) =>
          found(body.toString('hex', idFrom, idTo)),
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
