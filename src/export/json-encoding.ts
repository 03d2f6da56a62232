/**
 * Spans → OTLP/JSON, byte for byte what `JsonTraceSerializer` of @opentelemetry/otlp-transformer writes, in less CPU
 * (`npm run bench -- parts`) and one by one: that one builds a tree of objects for `JSON.stringify`. Here the text is
 * written at once, and what comes over and over is written once and kept.
 *
 * Only what the bridge's own spans hold is written here. A batch with anything else in it goes to the package.
 */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { readOnce, traceIdOf } from '../span/unread-span.js';
import { UsualSpan } from '../span/usual-span.js';
import { JsonWriter, Unusual } from './json-attributes.js';
import { reserve, used } from './slab.js';
import { UsualForms } from './usual-forms.js';
import { formOf, hasForm, writeUsual } from './usual-json.js';
import { IS_REMOTE, WrittenSpan } from './written-span.js';

type Resource = ReadableSpan['resource'];
type Scope = ReadableSpan['instrumentationScope'];

/** The low byte of a span's flags is the W3C one; this says that {@link IS_REMOTE} means something. */
const HAS_IS_REMOTE = 0x100;

/** UTF-8's bytes for one UTF-16 unit at most. */
const MOST_BYTES_A_UNIT = 3;

/**
 * Writes a span down, to be sent with others later.
 * @returns the span itself when that is left to the package. Throws on what has no JSON.
 */
export function writeAsJson(span: ReadableSpan): ReadableSpan {
  if (span instanceof WrittenSpan) return span;
  try {
    checkResource(span.resource);
    scopeOf(span.instrumentationScope);
    return span instanceof UsualSpan ? writeByForm(span) : writeText(span);
  } catch (error) {
    if (error instanceof Unusual) return span;
    throw error;
  }
}

const forms = new UsualForms((span) => formOf(textOf(span.read(), new JsonWriter()), span.identity.isRoot));

function writeByForm(span: UsualSpan): WrittenSpan {
  if (!hasForm(span)) return writeText(span.read());
  const form = forms.of(span);
  const { length } = form.bytes;
  const { bytes, begin } = reserve(length);
  writeUsual(span, form, bytes, begin);
  return stay(span, bytes, begin, length);
}

function writeText(span: ReadableSpan): WrittenSpan {
  const json = new JsonWriter();
  const text = textOf(span, json);
  const { bytes, begin } = reserve(json.isAscii ? text.length : text.length * MOST_BYTES_A_UNIT);
  return stay(span, bytes, begin, bytes.write(text, begin, json.isAscii ? 'latin1' : 'utf8'));
}

/** With a comma between it and the one behind it, if that goes in the same list. */
function textOf(span: ReadableSpan, json: JsonWriter): string {
  return `${spanOf(span, json)},`;
}

/** What was written stays where it is, as a span. */
function stay(span: ReadableSpan, bytes: Buffer, begin: number, length: number): WrittenSpan {
  used(length);
  const { resource, instrumentationScope } = span;
  const [seconds, nanos] = span.endTime;
  const end = begin + length - 1;
  return new WrittenSpan(traceIdOf(span), seconds, nanos, resource, instrumentationScope, bytes, begin, end);
}

/** A request with these spans, UTF-8. Throws on what has no JSON. */
export function encodeAsJson(spans: readonly ReadableSpan[]): Uint8Array | undefined {
  const written = spans.map(writeAsJson);
  try {
    return joined(requestOf(written));
  } catch (error) {
    if (error instanceof Unusual) return JsonTraceSerializer.serializeRequest(spans.map(readOnce));
    throw error;
  }
}

/** Bytes among others. */
type Part = Pick<WrittenSpan, 'bytes' | 'begin' | 'end'>;

function partOf(text: string): Part {
  const bytes = Buffer.from(text);
  return { bytes, begin: 0, end: bytes.length };
}

const END = partOf(']}');

/** Its parts, one behind the other. @throws Unusual */
function requestOf(spans: readonly ReadableSpan[]): Part[] {
  const resources = new Map<Resource, Map<string, WrittenSpan[]>>();
  for (const span of spans) {
    if (!(span instanceof WrittenSpan)) throw new Unusual();
    addTo(resources, span);
  }
  const parts: Part[] = [];
  let before = '{"resourceSpans":[';
  for (const [resource, scopes] of resources) {
    const attributes = new JsonWriter().attributes(resource.attributes);
    const beginning = `{"resource":{"attributes":[${attributes}],"droppedAttributesCount":0},"scopeSpans":[`;
    parts.push(partOf(before + beginning));
    putScopes(parts, scopes);
    before = ',';
  }
  parts.push(resources.size === 0 ? partOf(`${before}]}`) : END);
  return parts;
}

function putScopes(parts: Part[], scopes: ReadonlyMap<string, readonly WrittenSpan[]>): void {
  let before = '';
  for (const [scope, spans] of scopes) {
    parts.push(partOf(`${before}{"scope":${scope},"spans":[`));
    // Spans that were written one behind the other go as one.
    for (let at = 0; at < spans.length; ) {
      const { bytes, begin } = spans[at]!;
      let { end } = spans[at++]!;
      while (at < spans.length && spans[at]!.begin === end + 1 && spans[at]!.bytes === bytes)
        end = spans[at++]!.end;
      parts.push(at < spans.length ? { bytes, begin, end: end + 1 } : { bytes, begin, end });
    }
    parts.push(END);
    before = ',';
  }
  parts.push(END);
}

function joined(parts: readonly Part[]): Uint8Array {
  let length = 0;
  for (const { begin, end } of parts) length += end - begin;
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const { bytes, begin, end } of parts) at += bytes.copy(all, at, begin, end);
  return all;
}

function addTo(resources: Map<Resource, Map<string, WrittenSpan[]>>, span: WrittenSpan): void {
  const { resource, instrumentationScope } = span;
  const key = scopeOf(instrumentationScope);
  const scopes = resources.get(resource) ?? new Map<string, WrittenSpan[]>();
  if (scopes.size === 0) resources.set(resource, scopes);
  const known = scopes.get(key);
  if (known === undefined) scopes.set(key, [span]);
  else known.push(span);
}

function checkResource(resource: Resource): void {
  if ((resource as { schemaUrl?: string }).schemaUrl !== undefined) throw new Unusual();
}

let lastScope: Scope | undefined;
let lastScopeText = '';

/** All spans of the bridge have one and the same. */
function scopeOf(scope: Scope): string {
  if (scope === lastScope) return lastScopeText;
  if (scope.schemaUrl !== undefined || 'attributes' in scope) throw new Unusual();
  lastScopeText = JSON.stringify({ name: scope.name, version: scope.version });
  lastScope = scope;
  return lastScopeText;
}

function spanOf(span: ReadableSpan, json: JsonWriter): string {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  if (traceState !== undefined || span.links.length > 0 || span.kind === undefined) throw new Unusual();
  const flags = (traceFlags & 0xff) | HAS_IS_REMOTE | (parent?.isRemote === true ? IS_REMOTE : 0);
  const parentId = parent?.spanId ? `"parentSpanId":${json.quoted(parent.spanId)},` : '';
  return (
    `{"traceId":${json.quoted(traceId)},"spanId":${json.quoted(spanId)},${parentId}"name":${json.repeated(span.name)},` +
    `"kind":${span.kind + 1},"startTimeUnixNano":"${nanosOf(span.startTime)}",` +
    `"endTimeUnixNano":"${nanosOf(span.endTime)}","attributes":[${json.attributes(span.attributes)}],` +
    `"droppedAttributesCount":${span.droppedAttributesCount},"events":[${eventsOf(span.events, json)}],` +
    `"droppedEventsCount":${span.droppedEventsCount},"status":${statusOf(span.status, json)},"links":[],` +
    `"droppedLinksCount":${span.droppedLinksCount},"flags":${flags}}`
  );
}

function statusOf({ code, message }: ReadableSpan['status'], json: JsonWriter): string {
  return message === undefined ? `{"code":${code}}` : `{"code":${code},"message":${json.quoted(message)}}`;
}

function eventsOf(events: readonly TimedEvent[], json: JsonWriter): string {
  if (events.length === 0) return '';
  const written = events.map(
    ({ name, time, attributes = {}, droppedAttributesCount = 0 }) =>
      `{"attributes":[${json.attributes(attributes)}],"name":${json.quoted(name)},` +
      `"timeUnixNano":"${nanosOf(time)}","droppedAttributesCount":${droppedAttributesCount}}`,
  );
  return written.join(',');
}

/** Nanoseconds since the epoch. Too many digits for a number, and BigInt's arithmetic is slow. */
function nanosOf([seconds, nanos]: ReadableSpan['startTime']): string {
  const isUsual = seconds > 0 && nanos >= 0 && nanos < 1e9 && Number.isInteger(seconds + nanos);
  if (!isUsual) throw new Unusual();
  return seconds + String(nanos).padStart(9, '0');
}
