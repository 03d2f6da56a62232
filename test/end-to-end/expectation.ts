/** What spans have to be like, worked out from what the publisher says it sent. Shares no code with the bridge. */
import assert from 'node:assert/strict';
import type { ReceivedSpan } from '../support/otlp-receiver.js';
import type { SentHalf } from './program.js';

const STATUS_ERROR = 2;

export interface SentPoint {
  readonly start: SentHalf;
  readonly stop: SentHalf;
}

/** The points whose both halves were sent, by their span's key. */
export function sentPoints(halves: readonly SentHalf[]): Map<string, SentPoint> {
  const starts = new Map<string, SentHalf>();
  const points = new Map<string, SentPoint>();
  for (const half of halves) {
    const start = starts.get(half.trace_id);
    if (half.name.endsWith('-start')) starts.set(half.trace_id, half);
    else if (start !== undefined) points.set(sentKey(half), { start, stop: half });
  }
  return points;
}

export function sentKey({ base_id, trace_id }: SentHalf): string {
  return `${hex(base_id)} ${hex(trace_id).slice(16)}`;
}

export function receivedKey({ traceId, spanId }: ReceivedSpan): string {
  return `${traceId} ${spanId}`;
}

/** Holds the spans against what was sent: each point once, and every field as it was. */
export function assertSpans(spans: readonly ReceivedSpan[], halves: readonly SentHalf[]): void {
  const points = sentPoints(halves);
  assert.deepEqual(spans.map(receivedKey).sort(), [...points.keys()].sort());
  for (const span of spans) assertSpan(span, points.get(receivedKey(span))!);
}

function assertSpan(span: ReceivedSpan, { start, stop }: SentPoint): void {
  const name = start.name.replace(/-start$/, '');
  const isRoot = start.parent_id === start.base_id;
  assert.equal(span.parentSpanId, isRoot ? undefined : hex(start.parent_id).slice(16), name);
  assert.equal(span.startTimeUnixNano, nanos(start.timestamp), name);
  assert.equal(span.endTimeUnixNano, nanos(stop.timestamp), name);
  assert.equal(span.attributes['osprofiler.name'], name);
  assert.equal(span.attributes['osprofiler.base_id'], start.base_id);
  assert.equal(span.attributes['osprofiler.trace_id'], start.trace_id);
  assert.equal(span.attributes['osprofiler.parent_id'], start.parent_id);
  assert.deepEqual(span.resource, {
    'service.name': 'nova-compute',
    'service.namespace': 'nova',
    'host.name': start.host,
  });
  assertError(span, stop);
}

function assertError({ status, events, attributes }: ReceivedSpan, { etype, message }: SentHalf): void {
  assert.equal(status.code === STATUS_ERROR, etype !== null);
  if (etype === null) {
    assert.deepEqual(events, []);
    return;
  }
  assert.equal(status.message, message ?? undefined);
  assert.equal(attributes['error.type'], etype);
  assert.deepEqual(events, [
    {
      name: 'exception',
      attributes: { 'exception.type': etype, ...(message === null ? {} : { 'exception.message': message }) },
    },
  ]);
}

/** Of a naive UTC timestamp with six digits. */
function nanos(timestamp: string): string {
  const [seconds, micros] = timestamp.split('.') as [string, string];
  return `${BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(micros) * 1_000n}`;
}

function hex(uuid: string): string {
  return uuid.replaceAll('-', '');
}
