import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AsciiReader, ascii, PLAIN_PATTERN } from '../../src/codec/ascii-reader.js';
import { property } from '../support/notifications.js';

describe('a place in an ASCII text', () => {
  it('moves over what is expected, and stays where anything else stands', () => {
    const reader = new AsciiReader(ascii('{"a": "b"}'));
    assert.ok(!reader.skip(ascii('{"b"')));
    assert.equal(reader.at, 0);
    assert.ok(reader.skip(ascii('{"a": ')));
    assert.ok(reader.skipByte(0x22));
    assert.ok(!reader.skipByte(0x22));
    assert.equal(reader.peek(), 0x62);
    assert.equal(reader.peek(2), 0x7d);
    assert.equal(reader.at, 7);
  });

  it('does not move over what the text is too short for', () => {
    const reader = new AsciiReader(ascii('abc'));
    assert.ok(!reader.skip(ascii('abcd')));
    assert.ok(reader.skip(ascii('abc')) && reader.isAtEnd);
    assert.ok(!reader.skip(ascii('a')) && !reader.skipByte(0x61) && !reader.skipPlain());
    assert.equal(reader.peek(), undefined);
  });

  it('moves to what stands next, and stays when it does not', () => {
    const reader = new AsciiReader(ascii('a, b, c'));
    assert.ok(reader.seek(0x2c));
    assert.equal(reader.textFrom(0), 'a');
    assert.ok(reader.seek(ascii('c')));
    assert.equal(reader.textFrom(0), 'a, b, ');
    assert.ok(!reader.seek(ascii('b')) && !reader.seek(0x2c));
    assert.equal(reader.textFrom(3), 'b, ');
  });

  it('moves to the quote that ends a text without escapes, as the pattern of such texts has it', () => {
    const byte = fc.oneof(
      fc.constantFrom(0, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x7f),
      fc.integer({ min: 0x20, max: 0x7f }),
    );
    const pattern = new RegExp(`^(${PLAIN_PATTERN})"`);
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (bytes) => {
        const reader = new AsciiReader(Buffer.from(bytes));
        const plain = pattern.exec(reader.bytes.toString('latin1'))?.[1];
        assert.equal(reader.skipPlain(), plain !== undefined);
        assert.equal(reader.textFrom(0), plain ?? '');
      }),
      property(2_000),
    );
  });
});
