import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { putWords, putWordsAt } from '../src/uuid.js';
import { property } from './support/notifications.js';

describe('the bits of a UUID', () => {
  it('are the same from its text and from its bytes, wherever they lie', () => {
    const damage = fc.record({
      id: fc.uuid(),
      at: fc.nat(35),
      piece: fc.constantFrom('', 'g', 'A', '-', '\u0000', 'ÿ', '/', ':', '`', '@'),
      before: fc.nat(5),
    });
    fc.assert(
      fc.property(damage, ({ id, at, piece, before }) => {
        const text = id.slice(0, at) + piece + id.slice(at + piece.length);
        const ofText = new Int32Array(4);
        const ofBytes = new Int32Array(4);
        const isUuid = putWords(text, ofText, 0);
        const bytes = Buffer.from(`${'0'.repeat(before)}${text}`, 'latin1');
        assert.equal(putWordsAt(bytes, before, ofBytes), isUuid);
        assert.deepEqual(ofBytes, isUuid ? ofText : new Int32Array(4));
      }),
      property(2_000),
    );
  });

  it('are the number that its digits are', () => {
    const words = new Int32Array(4);
    assert.ok(putWordsAt(Buffer.from('01234567-89ab-cdef-fedc-ba9876543210'), 0, words));
    assert.deepEqual([...words], [0x01234567, 0x89abcdef | 0, 0xfedcba98 | 0, 0x76543210]);
  });

  it('do not lie beyond the end', () => {
    const bytes = Buffer.from('01234567-89ab-cdef-fedc-ba987654321');
    assert.ok(!putWordsAt(bytes, 0, new Int32Array(4)));
    assert.ok(!putWordsAt(bytes, 30, new Int32Array(4)));
  });
});
