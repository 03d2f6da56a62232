import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TimestampReader } from '../../src/fast/byte-reader.js';
import { parseTimestamp } from '../../src/timestamp.js';
import { property } from '../support/notifications.js';

const reader = new TimestampReader();

/** Of a text in the midst of others. */
function parseInMessage(text: string): number | undefined {
  return reader.read(Buffer.from(`before ${text}" behind`, 'latin1'), 7, 7 + text.length);
}

describe('timestamps in the bytes of a message', () => {
  it('that are no moment stay none after a good one of the same second', () => {
    assert.notEqual(parseInMessage('2026-11-22T07:29:39.892094'), undefined);
    assert.equal(parseInMessage('2026-11-22T07:29:39.89209x'), undefined);
    assert.equal(parseInMessage('2026-11-22T07:29:39,892094'), undefined);
    assert.equal(parseInMessage('2026-11-22T07:29:39.8920945'), 1_795_332_579_892_094);
  });

  it('are the same in the bytes of a message, whatever came before', () => {
    const part = fc.constantFrom(
      '2026-11-22T07:29:3',
      '2026-11-22 07:29:3',
      '1970-01-01T00:00:0',
      '2026-02-30T00:00:0',
    );
    const digits = fc.string({ unit: fc.constantFrom('0', '9', '.', 'x'), minLength: 6, maxLength: 9 });
    const text = fc
      .tuple(part, fc.constantFrom('0', '9'), digits)
      .map(([day, second, rest]) => `${day}${second}.${rest}`);
    fc.assert(
      fc.property(fc.array(text, { minLength: 2 }), (texts) => {
        for (const each of texts) assert.equal(parseInMessage(each), parseTimestamp(each), each);
      }),
      property(1000),
    );
  });
});
