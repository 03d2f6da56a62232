/** Usual spans are written by a form: it must be, byte for byte, what the exporter package writes of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { encodeAsJson, writeAsJson } from '../../src/export/json-encoding.js';
import { WrittenSpan } from '../../src/export/written-span.js';
import type { UsualSpan } from '../../src/span/usual-span.js';
import { property, TRACE_ID } from '../support/notifications.js';
import { shown } from '../support/shown.js';
import { anyChanges, pattern, usual } from '../support/usual.js';

function assertWritten(span: UsualSpan): void {
  const written = writeAsJson(span);
  const expected = JsonTraceSerializer.serializeRequest([span.read()]);
  assert.equal(Buffer.from(encodeAsJson([written])!).toString(), Buffer.from(expected!).toString());
  assert.ok(written instanceof WrittenSpan);
  assert.deepEqual(shown(written), shown(span));
}

describe('usual spans as OTLP/JSON', () => {
  it('are what the package writes, with any ids and times', () => {
    const marks = '"spanId":""startTimeUnixNano":""osprofiler.trace_id","value":{"stringValue":"';
    const kinds = [pattern('one'), pattern('two é \u2028', { [marks]: marks, n: 1 }), pattern(marks)];
    fc.assert(
      fc.property(fc.constantFrom(...kinds), anyChanges, (kind, one) => assertWritten(usual(kind, one))),
      property(1_000),
    );
  });

  it('tell times of every length', () => {
    const edges = [1e6, 1e15 - 1, 1e15, 1e15 + 1, 9_007_199_254_000_000];
    for (const begin of edges)
      for (const lasts of [0, 1, 999_999]) assertWritten(usual(pattern('x'), { begin, lasts }));
    // Nothing begins in the first second of 1970, and the package writes it as well as it can.
    const early = usual(pattern('x'), { begin: 5 });
    assert.equal(writeAsJson(early) instanceof WrittenSpan, false);
    assert.deepEqual(encodeAsJson([early]), JsonTraceSerializer.serializeRequest([early.read()]));
  });

  it('hold nothing of the span before', () => {
    const kind = pattern('same');
    for (const isRoot of [true, false, true])
      for (const digit of ['a', 'b'])
        assertWritten(usual(kind, { isRoot, pointId: TRACE_ID.replaceAll('e', digit), begin: 1.7e15 }));
  });

  it('are written however many kinds there are', () => {
    const long = 'x'.repeat(50_000);
    const kinds = Array.from({ length: 200 }, (_, at) => pattern(`${at}${long}`));
    for (const kind of [...kinds, ...kinds.slice(0, 3)]) assertWritten(usual(kind));
  });

  it('are left to the package with attributes that are', () => {
    const span = usual(pattern('x', { list: ['a'] }));
    assert.equal(writeAsJson(span), span);
    assert.deepEqual(encodeAsJson([span]), JsonTraceSerializer.serializeRequest([span.read()]));
  });
});
