import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ascii, ByteReader, PLAIN_PATTERN } from '../../src/fast/byte-reader.js';
import { property } from '../support/notifications.js';

describe('a place in the bytes of a message', () => {
  it('moves over what is expected, and stays where anything else stands', () => {
    const reader = new ByteReader(ascii('{"a": "b"}'));
    assert.ok(!reader.skip(ascii('{"b"')));
    assert.equal(reader.at, 0);
    assert.ok(reader.skip(ascii('{"a": ')));
    assert.ok(reader.skipByte(0x22));
    assert.ok(!reader.skipByte(0x22));
    assert.equal(reader.at, 7);
  });

  it('does not move over what the text is too short for', () => {
    const reader = new ByteReader(ascii('abc'));
    assert.ok(!reader.skip(ascii('abcd')));
    assert.ok(reader.skip(ascii('abc')) && reader.at === reader.bytes.length);
    assert.ok(!reader.skip(ascii('a')) && !reader.skipByte(0x61) && !reader.skipPlain());
  });

  it('moves to what stands next, and stays when it does not', () => {
    const reader = new ByteReader(ascii('a, b, c'));
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
        const reader = new ByteReader(Buffer.from(bytes));
        const plain = pattern.exec(reader.bytes.toString('latin1'))?.[1];
        assert.equal(reader.skipPlain(), plain !== undefined);
        assert.equal(reader.textFrom(0), plain ?? '');
      }),
      property(2_000),
    );
  });
});

const TEXT = `"${PLAIN_PATTERN}"`;
const FLAT_OBJECT = new RegExp(
  `^\\{(?:${TEXT}: (?:${TEXT}|-?(?:0|[1-9]\\d{0,14})|true|false|null)(?:, (?=")|(?=\\}$)))*\\}$`,
);

/** Whether all of a text is such an object. */
function isFlatObject(text: string): boolean {
  const reader = new ByteReader(ascii(text));
  return reader.skipFlatObject() && reader.at === reader.bytes.length;
}

const scalar = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '}', '\n'), maxLength: 4 }),
  fc.integer(),
  fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map(Number),
  fc.constantFrom(null, true, false, 0, -0, 1.5, 1e30),
);
const written = fc
  .array(fc.tuple(fc.constantFrom('a', 'uuid_1', 'x"y'), scalar), { maxLength: 3 })
  .map((fields) => fields.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`))
  .map((fields) => `{${fields.join(', ')}}`);

describe('objects as parameters nearly always are', () => {
  it('are told from all others as a pattern of them tells, whole or damaged', () => {
    const piece = fc.constantFrom('', '"', ',', ', ', ' ', ':', '}', '{', '0', '-', 'nul', '\\', '\u0001');
    const damage = fc.record({ text: written, at: fc.nat(40), cut: fc.nat(3), piece });
    let plain = 0;
    fc.assert(
      fc.property(damage, ({ text, at, cut, piece: inserted }) => {
        for (const each of [text, text.slice(0, at) + inserted + text.slice(at + cut)]) {
          assert.equal(isFlatObject(each), FLAT_OBJECT.test(each), each);
          if (isFlatObject(each)) plain++;
        }
      }),
      property(3_000),
    );
    assert.ok(plain > 1_000, `${plain} were plain`);
  });

  it('are well formed', () => {
    fc.assert(
      fc.property(written, (text) => {
        if (isFlatObject(text)) JSON.parse(text);
      }),
      property(500),
    );
  });

  it('hold integers of up to 15 digits', () => {
    for (const number of ['0', '-0', '7', '-12', '9'.repeat(15), `-${'9'.repeat(15)}`])
      assert.ok(isFlatObject(`{"a": ${number}}`), number);
    for (const number of ['', '-', '00', '01', '-01', '1.', '1e3', '+1', '9'.repeat(16)])
      assert.ok(!isFlatObject(`{"a": ${number}}`), number);
  });

  it('leave what stands behind them', () => {
    const reader = new ByteReader(ascii('{"a": {}}, 1'));
    reader.at = 6;
    assert.ok(reader.skipFlatObject());
    assert.equal(reader.at, 8);
  });
});
