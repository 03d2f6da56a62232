/**
 * Spans → OTLP/JSON, byte for byte what `JsonTraceSerializer` of @opentelemetry/otlp-transformer writes, in a third of
 * its CPU: that one builds a tree of objects for `JSON.stringify`, which was the largest part of the bridge's CPU. Here
 * the text is written at once, and what comes over and over is written once and kept.
 *
 * Only what the bridge's own spans hold is written here. A batch with anything else in it goes to the package.
 */
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { JsonWriter, Unusual } from './json-attributes.js';
import { JsonBytes } from './json-bytes.js';

type Resource = ReadableSpan['resource'];
type Scope = ReadableSpan['instrumentationScope'];

/** The low byte of a span's flags is the W3C one; these say whether the parent came from another process. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** Bytes of a span in the last request: the next one will need about as many. */
let lastSpanBytes = 1_500;
/** For what stands round the spans, and a span that is longer than the last ones. */
const SLACK = 1.1;
const SLACK_BYTES = 16 * 1024;

/** A request with these spans, UTF-8. Throws on what has no JSON. */
export function encodeAsJson(spans: readonly ReadableSpan[]): Uint8Array | undefined {
  try {
    const bytes = new JsonBytes(Math.ceil(spans.length * lastSpanBytes * SLACK) + SLACK_BYTES);
    new Request(bytes).write(spans);
    const written = bytes.taken();
    if (spans.length > 0) lastSpanBytes = written.length / spans.length;
    return written;
  } catch (error) {
    if (error instanceof Unusual) return JsonTraceSerializer.serializeRequest([...spans]);
    throw error;
  }
}

class Request {
  private readonly json = new JsonWriter();

  constructor(private readonly bytes: JsonBytes) {}

  write(spans: readonly ReadableSpan[]): void {
    const resources = new Map<Resource, Map<string, ReadableSpan[]>>();
    for (const span of spans) addTo(resources, span);
    let before = '{"resourceSpans":[';
    for (const [resource, scopes] of resources) {
      const attributes = this.json.attributes(resource.attributes);
      this.put(
        `${before}{"resource":{"attributes":[${attributes}],"droppedAttributesCount":0},"scopeSpans":[`,
      );
      this.writeScopes(scopes);
      this.put(']}');
      before = ',';
    }
    this.put(resources.size === 0 ? `${before}]}` : ']}');
  }

  private writeScopes(scopes: ReadonlyMap<string, readonly ReadableSpan[]>): void {
    let before = '';
    for (const [scope, spans] of scopes) {
      this.json.isAscii = false;
      this.put(`${before}{"scope":${scope},"spans":[`);
      for (let at = 0; at < spans.length; at++)
        this.put(at === 0 ? spanOf(spans[at]!, this.json) : `,${spanOf(spans[at]!, this.json)}`);
      this.put(']}');
      before = ',';
    }
  }

  private put(text: string): void {
    this.bytes.write(text, this.json.isAscii);
    this.json.isAscii = true;
  }
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
