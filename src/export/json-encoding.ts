/**
 * Spans → OTLP/JSON, byte for byte what `JsonTraceSerializer` of @opentelemetry/otlp-transformer writes, in two
 * thirds of its CPU: that one builds a tree of objects for `JSON.stringify`, which was the largest part of the bridge's CPU. Here
 * the text is written at once, and what comes over and over is written once and kept.
 *
 * Only what the bridge's own spans hold is written here. A batch with anything else in it goes to the package.
 */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';

type Attributes = ReadableSpan['attributes'];
type Resource = ReadableSpan['resource'];
type Scope = ReadableSpan['instrumentationScope'];

/** Something that is left to the package. */
class Unusual extends Error {}

/** Keys that have few values, which come over and over. */
const REPEATED = new Set([
  ...[
    'db.query.text',
    'db.query.summary',
    'db.system.name',
    'code.function.name',
    'rpc.method',
    'rpc.system.name',
  ],
  ...['http.request.method', 'url.path', 'url.scheme', 'osprofiler.name', 'osprofiler.project'],
  ...['osprofiler.service', 'service.name', 'service.namespace', 'host.name'],
]);
/** Characters of all values of one key that are kept. */
const MAX_CHARACTERS = 1_000_000;
const LONGEST_VALUE = 8_192;
const MAX_KEYS = 1_000;

/** The low byte of a span's flags is the W3C one; these say whether the parent came from another process. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** A request with these spans, UTF-8. Throws on what has no JSON. */
export function encodeAsJson(spans: readonly ReadableSpan[]): Uint8Array | undefined {
  try {
    return Buffer.from(requestOf(spans));
  } catch (error) {
    if (error instanceof Unusual) return JsonTraceSerializer.serializeRequest([...spans]);
    throw error;
  }
}

function requestOf(spans: readonly ReadableSpan[]): string {
  const resources = new Map<Resource, Map<string, ReadableSpan[]>>();
  for (const span of spans) addTo(resources, span);
  let out = '{"resourceSpans":[';
  let isFirst = true;
  for (const [resource, scopes] of resources) {
    out += `${isFirst ? '' : ','}{"resource":{"attributes":[${attributesOf(resource.attributes)}],`;
    out += `"droppedAttributesCount":0},"scopeSpans":[${scopeSpansOf(scopes)}]}`;
    isFirst = false;
  }
  return `${out}]}`;
}

function addTo(resources: Map<Resource, Map<string, ReadableSpan[]>>, span: ReadableSpan): void {
  const { resource, instrumentationScope } = span;
  if ((resource as { schemaUrl?: string }).schemaUrl !== undefined) throw new Unusual();
  const key = scopeOf(instrumentationScope);
  const scopes = resources.get(resource) ?? new Map<string, ReadableSpan[]>();
  if (scopes.size === 0) resources.set(resource, scopes);
  const known = scopes.get(key);
  if (known === undefined) scopes.set(key, [span]);
  else known.push(span);
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

function scopeSpansOf(scopes: ReadonlyMap<string, readonly ReadableSpan[]>): string {
  let out = '';
  for (const [scope, spans] of scopes) {
    out += `${out === '' ? '' : ','}{"scope":${scope},"spans":[`;
    for (let at = 0; at < spans.length; at++) out += (at === 0 ? '' : ',') + spanOf(spans[at]!);
    out += ']}';
  }
  return out;
}

function spanOf(span: ReadableSpan): string {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  if (traceState !== undefined || span.links.length > 0 || span.kind === undefined) throw new Unusual();
  const flags = (traceFlags & 0xff) | HAS_IS_REMOTE | (parent?.isRemote === true ? IS_REMOTE : 0);
  const parentId = parent?.spanId ? `"parentSpanId":${quoted(parent.spanId)},` : '';
  return (
    `{"traceId":${quoted(traceId)},"spanId":${quoted(spanId)},${parentId}"name":${names.of(span.name)},` +
    `"kind":${span.kind + 1},"startTimeUnixNano":"${nanosOf(span.startTime)}",` +
    `"endTimeUnixNano":"${nanosOf(span.endTime)}","attributes":[${attributesOf(span.attributes)}],` +
    `"droppedAttributesCount":${span.droppedAttributesCount},"events":[${eventsOf(span.events)}],` +
    `"droppedEventsCount":${span.droppedEventsCount},"status":${statusOf(span.status)},"links":[],` +
    `"droppedLinksCount":${span.droppedLinksCount},"flags":${flags}}`
  );
}

function statusOf({ code, message }: ReadableSpan['status']): string {
  return message === undefined ? `{"code":${code}}` : `{"code":${code},"message":${quoted(message)}}`;
}

function eventsOf(events: readonly TimedEvent[]): string {
  if (events.length === 0) return '';
  const written = events.map(
    ({ name, time, attributes = {}, droppedAttributesCount = 0 }) =>
      `{"attributes":[${attributesOf(attributes)}],"name":${quoted(name)},` +
      `"timeUnixNano":"${nanosOf(time)}","droppedAttributesCount":${droppedAttributesCount}}`,
  );
  return written.join(',');
}

function attributesOf(attributes: Attributes): string {
  let out = '';
  // Plain objects, as the mapping makes them: to list their keys first costs a list for each.
  for (const key in attributes) {
    const value = attributes[key];
    const attribute = attributeCalled(key);
    out += out === '' ? '' : ',';
    if (typeof value === 'string') out += attribute.of(value);
    else if (typeof value === 'number') out += attribute.ofNumber(value);
    else if (typeof value === 'boolean') out += `${attribute.begin}"boolValue":${value}}}`;
    else throw new Unusual();
  }
  return out;
}

/** Nanoseconds since the epoch. Too many digits for a number, and BigInt's arithmetic is slow. */
function nanosOf([seconds, nanos]: ReadableSpan['startTime']): string {
  const isUsual = seconds > 0 && nanos >= 0 && nanos < 1e9 && Number.isInteger(seconds + nanos);
  if (!isUsual) throw new Unusual();
  return seconds + String(nanos).padStart(9, '0');
}

/** Most text needs no escapes: to see that is quicker than `JSON.stringify`, for short ones. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]{0,64}$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Texts of one kind as they are written, kept within a bound. */
class Written {
  private readonly known = new Map<string, string>();
  private characters = 0;

  constructor(private readonly write: (text: string) => string) {}

  of(text: string): string {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const written = this.write(text);
    if (text.length > LONGEST_VALUE) return written;
    if (this.characters > MAX_CHARACTERS) {
      this.known.clear();
      this.characters = 0;
    }
    this.characters += text.length + written.length;
    this.known.set(text, written);
    return written;
  }
}

const names = new Written(quoted);

/** An attribute's key, with what stands before and behind it. */
class Attribute {
  readonly begin: string;
  private readonly values: Written | undefined;

  constructor(key: string) {
    this.begin = `{"key":${JSON.stringify(key)},"value":{`;
    this.values = REPEATED.has(key) ? new Written((text) => this.write(text)) : undefined;
  }

  of(value: string): string {
    return this.values === undefined ? this.write(value) : this.values.of(value);
  }

  ofNumber(value: number): string {
    return `${this.begin}"${Number.isInteger(value) ? 'intValue' : 'doubleValue'}":${JSON.stringify(value)}}}`;
  }

  private write(value: string): string {
    return `${this.begin}"stringValue":${quoted(value)}}}`;
  }
}

const attributes = new Map<string, Attribute>();

function attributeCalled(key: string): Attribute {
  const known = attributes.get(key);
  if (known !== undefined) return known;
  if (attributes.size >= MAX_KEYS) attributes.clear();
  const made = new Attribute(key);
  attributes.set(key, made);
  return made;
}
