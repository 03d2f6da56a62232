/** What is written must be, byte for byte, what the exporter package writes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { encodeAsProtobuf } from '../../src/export/protobuf-encoding.js';
import { readOnce } from '../../src/span/unread-span.js';
import { UsualSpan } from '../../src/span/usual-span.js';
import { captureNames } from '../support/captures.js';
import { property, TRACE_ID } from '../support/notifications.js';
import { span as plainSpan } from '../support/spans.js';
import { anyChanges, pattern, unreadSpansOf, usual } from '../support/usual.js';

function assertSame(spans: readonly ReadableSpan[]): void {
  const expected = ProtobufTraceSerializer.serializeRequest(spans.map(readOnce));
  // Not deepEqual: it looks at a million bytes one by one.
  assert.equal(hexOf(encodeAsProtobuf(spans)), hexOf(expected));
}

const hexOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('OTLP’s protobuf', () => {
  for (const name of captureNames()) {
    it(`of ${name} is what the package writes`, () => {
      assertSame(unreadSpansOf(name));
      assertSame(unreadSpansOf(name, { sqlParameters: true, results: true, rootSpan: true }));
    });
  }

  it('is that of usual spans mostly, and of others between them', () => {
    const spans = unreadSpansOf('nova-server-boot-no-valid-host');
    const others = spans.filter((span) => !(span instanceof UsualSpan));
    assert.ok(others.length > 0 && others.length * 5 < spans.length, `${others.length} of ${spans.length}`);
  });

  it('is empty without spans', () => {
    assertSame([]);
  });

  it('is the same with any ids and times', () => {
    const kinds = [
      pattern('one'),
      pattern('two é \u2028', { 'osprofiler.name': 'two', n: 1, r: 0.5, b: true }),
    ];
    const spans = fc.array(
      fc.tuple(fc.constantFrom(...kinds), anyChanges).map(([kind, changes]) => usual(kind, changes)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(fc.property(spans, assertSame), property(1_000));
  });

  it('tells times of every length', () => {
    const edges = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 1e15 - 1, 1e15, 9_007_199_254_000_000];
    for (const begin of edges)
      for (const lasts of [0, 1, 999_999]) assertSame([usual(pattern('x'), { begin, lasts })]);
  });

  it('holds nothing of the span before', () => {
    const kind = pattern('same');
    for (const isRoot of [true, false, true])
      for (const digit of ['a', 'b'])
        assertSame([usual(kind, { isRoot, pointId: TRACE_ID.replaceAll('e', digit), begin: 1.7e15 })]);
  });

  it('is written however many kinds there are, and however long they are', () => {
    const long = 'x'.repeat(50_000);
    const kinds = Array.from({ length: 200 }, (_, at) => pattern(`${at}${long}`));
    assertSame([...kinds, ...kinds.slice(0, 3)].map((kind) => usual(kind)));
    for (const length of [0, 1, 100, 127, 128, 16_000, 16_383, 16_384, 2_100_000])
      assertSame([usual(pattern('x'.repeat(length)))]);
  });

  it('holds attributes of which usual spans have none yet', () => {
    const kind = pattern('x', { list: ['a', 'b'], numbers: [1, 2.5], nothing: undefined });
    assertSame([usual(kind), usual(kind, { isRoot: true })]);
  });

  it('groups spans by resource and scope, in the order in which these came', () => {
    const one = usual(pattern('one'));
    const of = (resource: ReadableSpan['resource']) =>
      new UsualSpan(one.pattern, one.identity, one.begin, one.end, resource);
    const other = of({ ...one.resource, attributes: { 'service.name': 'other' } });
    const third = of({ ...one.resource, schemaUrl: 'https://example.org/schema' } as typeof one.resource);
    const plain = {
      ...plainSpan('plain'),
      resource: one.resource,
      instrumentationScope: one.instrumentationScope,
    };
    const elsewhere = { ...plain, instrumentationScope: { name: 'x', schemaUrl: 'y' } };
    assertSame([one, other, plain, third, one, plain, other]);
    assertSame([one, elsewhere, other, plain]);
    assertSame([elsewhere, elsewhere]);
  });
});
