import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { readProtobufSpan, readRequest } from '../../src/trace-view/otlp.js';
import { readMessage } from '../../src/trace-view/protobuf.js';
import { notificationsOf, spansIn, translate } from '../support/translating.js';
import { exported } from './page/traces.js';

const VALUES: Attributes = {
  text: 'ü"\n',
  whole: 5000,
  negative: -7,
  large: 2 ** 40,
  part: 0.25,
  yes: true,
  no: false,
  list: ['a', 'b'],
  empty: '',
};

function fromJson(spans: readonly ReadableSpan[]) {
  const request = Buffer.from(JsonTraceSerializer.serializeRequest([...spans])!).toString('utf8');
  return readRequest(JSON.parse(request));
}

/** The request's spans by the package's own encoding: resource spans 1, scope spans 2, spans 2. */
function fromProtobuf(span: ReadableSpan) {
  const request = Buffer.from(ProtobufTraceSerializer.serializeRequest([span])!);
  const path = { 1: ['resource', { 2: ['scope', { 2: ['span', 'hex'] }] }] } as const;
  const read = readMessage(request, path) as { resource: { scope: { span: string } } };
  const bytes = Buffer.from(read.resource.scope.span, 'hex');
  return readProtobufSpan(bytes, span.resource.attributes as Record<string, string>);
}

describe('reading OTLP', () => {
  it('finds the ids, times and attributes of every type', () => {
    const span = exported({ id: 2, parent: 1, name: 'boot', at: 5, for: 3, attributes: VALUES });
    const [read] = fromJson([span]) ?? [];
    const { traceId, spanId } = span.spanContext();
    assert.deepEqual(
      [read?.traceId, read?.spanId, read?.parentSpanId, read?.name, read?.service],
      [traceId, spanId, '0000000000000001', 'boot', 'api'],
    );
    assert.equal(read!.endMicros - read!.startMicros, 3_000);
    assert.deepEqual(read?.attributes, span.attributes);
    assert.deepEqual(read?.resource, span.resource.attributes);
  });

  it('reads the same from protobuf as from JSON', () => {
    const made = exported({ id: 2, parent: 1, error: 'boom', attributes: VALUES });
    const recorded = spansIn(translate(notificationsOf('nova-server-boot-no-valid-host')));
    for (const span of [made, exported({ id: 1, statement: 'SELECT 1' }), ...recorded])
      assert.deepEqual([fromProtobuf(span)], fromJson([span]));
  });

  it('reads the events of failed spans', () => {
    const spans = spansIn(translate(notificationsOf('nova-server-boot-no-valid-host')));
    const failed = spans.find(({ events }) => events.length > 0)!;
    const [read] = fromJson([failed]) ?? [];
    assert.equal(read?.events[0]?.name, 'exception');
    assert.deepEqual(read?.events[0]?.attributes, failed.events[0]?.attributes);
  });

  it('is undefined for what is no request, or has a span without id or times', () => {
    assert.equal(readRequest([]), undefined);
    assert.equal(readRequest({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x' }] }] }] }), undefined);
    assert.deepEqual(readRequest({}), []);
  });

  it('ignores unknown fields, and refuses bytes that end too early', () => {
    const bytes = Buffer.from([0x7a, 0x02, 0x18, 0x02, 0xfa, 0x3f, 0x01, 0x00, 0x2a, 0x01, 0x61]);
    assert.equal(readProtobufSpan(bytes, {}), undefined);
    assert.throws(() => readProtobufSpan(Buffer.from([0x2a, 0x05, 0x61]), {}), RangeError);
  });
});
