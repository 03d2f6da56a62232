/** What is written must be, byte for byte, what the exporter package writes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { encodeAsJson } from '../../src/export/json-encoding.js';
import { captureNames } from '../support/captures.js';
import { notificationsOf, spansIn, translate } from '../support/translating.js';

function assertSame(spans: readonly ReadableSpan[]): void {
  const expected = JsonTraceSerializer.serializeRequest([...spans]);
  assert.equal(textOf(encodeAsJson(spans)), textOf(expected));
}

const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8');

const [span] = spansIn(translate(notificationsOf('keystone-no-db'))) as [ReadableSpan];

describe('OTLP/JSON', () => {
  for (const name of captureNames()) {
    it(`of ${name} is what the package writes`, () => {
      const notifications = notificationsOf(name);
      const options = { sqlParameters: true, results: true, rootSpan: true };
      assertSame(spansIn(translate(notifications)));
      assertSame(spansIn(translate(notifications, options)));
    });
  }

  it('is empty without spans', () => {
    assertSame([]);
  });

  it('groups spans by resource and scope, in the order in which these came', () => {
    const other = { ...span, resource: { ...span.resource, attributes: { 'service.name': 'other' } } };
    const scope = { ...span, instrumentationScope: { name: 'x' } };
    const sameScope = { ...span, instrumentationScope: { ...span.instrumentationScope } };
    assertSame([span, other, span, scope, other, sameScope]);
  });

  it('holds every attribute that a span may have', () => {
    const text = fc.string({ unit: 'binary', maxLength: 80 }).map((value) => value.toWellFormed());
    const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.maxSafeInteger());
    const attributes = fc.dictionary(text, scalar, { maxKeys: 6 });
    const repeated = fc.record({ 'db.query.text': scalar, 'osprofiler.name': scalar });
    const message = fc.option(text, { nil: undefined });
    fc.assert(
      fc.property(text, attributes, repeated, message, (name, some, others, reason) => {
        const status = reason === undefined ? { code: 0 } : { code: 2, message: reason };
        const events = [{ name, time: span.startTime, attributes: some, droppedAttributesCount: 1 }];
        assertSame([{ ...span, name, status, events, attributes: { ...some, ...others } }]);
      }),
      { numRuns: 500, seed: 5 },
    );
  });

  it('tells times to the nanosecond', () => {
    for (const startTime of [
      [1, 0],
      [1_790_000_000, 999_999_999],
      [0, 5],
      [0, 0],
      [12, 1_000_000_000],
    ] as [number, number][])
      assertSame([{ ...span, startTime, endTime: startTime }]);
  });

  it('is the package’s own for what the bridge does not make', () => {
    const context = span.spanContext();
    const traceState = { serialize: () => 'a=b' } as NonNullable<typeof context.traceState>;
    assertSame([{ ...span, spanContext: () => ({ ...context, traceState }) }]);
    assertSame([span, { ...span, links: [{ context, attributes: { a: 1 } }] }]);
    assertSame([{ ...span, attributes: { list: ['a', 'b'], nothing: undefined } }]);
    assertSame([{ ...span, instrumentationScope: { name: 'x', schemaUrl: 'y' } }]);
    assertSame([{ ...span, parentSpanContext: { ...context, isRemote: true } }]);
    const resource = { ...span.resource, schemaUrl: 'z' };
    assertSame([{ ...span, resource }]);
  });
});
