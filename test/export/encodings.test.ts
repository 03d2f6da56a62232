import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { endMicrosOf } from '../../src/encoded-span.js';
import { JSON_ENCODING } from '../../src/export/json-encoding.js';
import { PROTOBUF_ENCODING } from '../../src/export/protobuf-encoding.js';
import { captureNames } from '../support/captures.js';
import { notificationsOf, spansIn, translate } from '../support/translating.js';

const ENCODINGS = [
  { encoding: JSON_ENCODING, serializer: JsonTraceSerializer },
  { encoding: PROTOBUF_ENCODING, serializer: ProtobufTraceSerializer },
];

/** Spans that are encoded one by one and joined are what the package writes of them at once. */
function assertSame(spans: readonly ReadableSpan[]): void {
  for (const { encoding, serializer } of ENCODINGS) {
    const encoded = spans.map((span) => encoding.encode(span));
    // Not deepEqual: it looks at a million bytes one by one.
    assert.equal(hexOf(encoding.join(encoded)), hexOf(serializer.serializeRequest([...spans])));
    for (const [at, { traceId, endMicros, resource }] of encoded.entries()) {
      assert.equal(traceId, spans[at]!.spanContext().traceId);
      assert.equal(endMicros, endMicrosOf(spans[at]!));
      assert.equal(resource.attributes, spans[at]!.resource.attributes);
    }
  }
}

const hexOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

const [span] = spansIn(translate(notificationsOf('keystone-no-db'))) as [ReadableSpan];

describe('spans encoded one by one and joined', () => {
  for (const name of captureNames()) {
    it(`are what the package writes of the spans of ${name} at once`, () => {
      const notifications = notificationsOf(name);
      const options = { sqlParameters: true, results: true, rootSpan: true };
      assertSame(spansIn(translate(notifications)));
      assertSame(spansIn(translate(notifications, options)));
    });
  }

  it('are an empty request when there are none', () => {
    assertSame([]);
  });

  it('are grouped by resource, in the order in which resources came first', () => {
    const other = { ...span, resource: { ...span.resource, attributes: { 'service.name': 'other' } } };
    const quoted = {
      ...span,
      resource: { ...span.resource, attributes: { 'a"spans":[': '"scopeSpans":[' } },
    };
    assertSame([span, other, span, quoted, other, span]);
    assertSame([quoted]);
    const schema = { schemaUrl: 'https://example.org/"1"' };
    const described = { ...span, resource: { ...span.resource, ...schema } };
    const scope = { ...span.instrumentationScope, ...schema };
    assertSame([described, span, described]);
    assertSame([{ ...described, resource: { ...described.resource }, instrumentationScope: scope }]);
  });

  it('may have any attributes, names, messages, events and times', () => {
    const text = fc.string({ unit: 'binary', maxLength: 80 }).map((value) => value.toWellFormed());
    const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.maxSafeInteger());
    const attributes = fc.dictionary(text, scalar, { maxKeys: 6 });
    const message = fc.option(text, { nil: undefined });
    const time = fc.tuple(fc.nat(2_000_000_000), fc.nat(999_999_999));
    const any = fc.record({ name: text, attributes, message, time });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 3 }), (all) => {
        assertSame(
          all.map(({ name, attributes: some, message: reason, time: startTime }) => {
            const status = reason === undefined ? { code: 0 } : { code: 2, message: reason };
            const events = [{ name, time: startTime, attributes: some, droppedAttributesCount: 1 }];
            return { ...span, name, status, events, attributes: some, startTime, endTime: startTime };
          }),
        );
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('may be of any length', () => {
    for (const length of [0, 1, 100, 127, 128, 16_000, 16_383, 16_384, 300_000, 2_100_000])
      assertSame([{ ...span, name: 'x'.repeat(length) }, span]);
  });
});
