/**
 * Spans → OTLP's protobuf, byte for byte what `ProtobufTraceSerializer` of @opentelemetry/otlp-transformer writes, in less
 * CPU (`npm run bench -- parts`). That one writes each span twice, the first time to know how long it is. Here it writes
 * what is not usual, and what stands around the spans; usual spans are put in between.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { readOnce } from '../span/unread-span.js';
import { UsualSpan } from '../span/usual-span.js';
import { type Field, fieldsOf, headOf } from './protobuf-fields.js';
import { type Form, UsualForms } from './usual-forms.js';
import { formOf, writeUsual } from './usual-protobuf.js';

type Resource = ReadableSpan['resource'];

/** Of `ExportTraceServiceRequest`, opentelemetry/proto/collector/trace/v1/trace_service.proto. */
const RESOURCE_SPANS = 1;
/** Of `ResourceSpans` and `ScopeSpans`, opentelemetry/proto/trace/v1/trace.proto. */
const SCOPE_SPANS = 2;
const SPANS = 2;

const forms = new UsualForms((span) => {
  const { bytes, spans } = modelOf([span.read()]);
  const { begin, value, end } = spans[0]!;
  return formOf(Buffer.from(bytes.subarray(begin, end)), value - begin);
});

/** A request with these spans. Throws what the package throws. */
export function encodeAsProtobuf(spans: readonly ReadableSpan[]): Uint8Array {
  const groups = new Map<Resource, ReadableSpan[]>();
  for (const span of spans) {
    const group = groups.get(span.resource);
    if (group === undefined) groups.set(span.resource, [span]);
    else group.push(span);
  }
  const all = [...groups.values()];
  // The bridge's have one scope.
  if (!all.every(hasOneScope)) return writtenByPackage(spans.map(readOnce));
  return Buffer.concat(all.flatMap(partsOf));
}

function hasOneScope(spans: readonly ReadableSpan[]): boolean {
  const { instrumentationScope } = spans[0]!;
  return spans.every((span) => span.instrumentationScope === instrumentationScope);
}

function writtenByPackage(spans: ReadableSpan[]): Uint8Array {
  const bytes = ProtobufTraceSerializer.serializeRequest(spans);
  if (bytes === undefined) throw new TypeError('the package wrote nothing');
  return bytes;
}

/** Spans of one resource and scope as the package writes them, and what stands around them. */
interface Model {
  readonly bytes: Uint8Array;
  readonly resourceSpans: Field;
  readonly scopeSpans: Field;
  readonly spans: readonly Field[];
}

/** @param spans at least one. */
function modelOf(spans: ReadableSpan[]): Model {
  const bytes = writtenByPackage(spans);
  const [resourceSpans] = fieldsOf(bytes, 0, bytes.length);
  const [scopeSpans] = fieldsIn(bytes, resourceSpans!, SCOPE_SPANS);
  return {
    bytes,
    resourceSpans: resourceSpans!,
    scopeSpans: scopeSpans!,
    spans: fieldsIn(bytes, scopeSpans!, SPANS),
  };
}

function fieldsIn(bytes: Uint8Array, { value, end }: Field, wanted: number): Field[] {
  return [...fieldsOf(bytes, value, end)].filter(({ number }) => number === wanted);
}

/** The resource with its spans. @param spans all of one resource and scope, at least one. */
function partsOf(spans: readonly ReadableSpan[]): Uint8Array[] {
  const others = spans.filter((span) => !(span instanceof UsualSpan));
  const model = modelOf((others.length > 0 ? others : spans.slice(0, 1)).map(readOnce));
  const list = listOf(spans, model);
  const { bytes, resourceSpans, scopeSpans, spans: inside } = model;
  const scope = bytes.subarray(scopeSpans.value, inside[0]!.begin);
  const behindScope = bytes.subarray(inside.at(-1)!.end, scopeSpans.end);
  const scoped = scope.length + list.length + behindScope.length;
  const scopeHead = headOf(SCOPE_SPANS, scoped);
  const resource = bytes.subarray(resourceSpans.value, scopeSpans.begin);
  const behindResource = bytes.subarray(scopeSpans.end, resourceSpans.end);
  const length = resource.length + scopeHead.length + scoped + behindResource.length;
  const head = headOf(RESOURCE_SPANS, length);
  return [head, resource, scopeHead, scope, list, behindScope, behindResource];
}

/** The spans one behind the other. @param model those of them that are not usual, if there are any. */
function listOf(spans: readonly ReadableSpan[], { bytes, spans: fields }: Model): Uint8Array {
  const others = fields.map(({ begin, end }) => bytes.subarray(begin, end)).values();
  const pieces = spans.map((span) => (span instanceof UsualSpan ? forms.of(span) : others.next().value!));
  const list = new Uint8Array(pieces.reduce((sum, piece) => sum + lengthOf(piece), 0));
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if (piece instanceof Uint8Array) list.set(piece, at);
    else writeUsual(spans[index] as UsualSpan, piece, list, at);
    at += lengthOf(piece);
  }
  return list;
}

function lengthOf(piece: Form | Uint8Array): number {
  return piece instanceof Uint8Array ? piece.length : piece.bytes.length;
}
