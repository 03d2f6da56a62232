import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AsciiReader, ascii, PLAIN_PATTERN } from '../../src/codec/ascii-reader.js';
import { skipPlainObject } from '../../src/codec/plain-object.js';
import { property } from '../support/notifications.js';

const TEXT = `"${PLAIN_PATTERN}"`;
const PLAIN_OBJECT = new RegExp(
  `^\\{(?:${TEXT}: (?:${TEXT}|-?(?:0|[1-9]\\d{0,14})|true|false|null)(?:, (?=")|(?=\\}$)))*\\}$`,
);

/** Whether all of a text is such an object. */
function isPlainObject(text: string): boolean {
  const reader = new AsciiReader(ascii(text));
  return skipPlainObject(reader) && reader.isAtEnd;
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
          assert.equal(isPlainObject(each), PLAIN_OBJECT.test(each), each);
          if (isPlainObject(each)) plain++;
        }
      }),
      property(3_000),
    );
    assert.ok(plain > 1_000, `${plain} were plain`);
  });

  it('are well formed', () => {
    fc.assert(
      fc.property(written, (text) => {
        if (isPlainObject(text)) JSON.parse(text);
      }),
      property(500),
    );
  });

  it('hold integers of up to 15 digits', () => {
    for (const number of ['0', '-0', '7', '-12', '9'.repeat(15), `-${'9'.repeat(15)}`])
      assert.ok(isPlainObject(`{"a": ${number}}`), number);
    for (const number of ['', '-', '00', '01', '-01', '1.', '1e3', '+1', '9'.repeat(16)])
      assert.ok(!isPlainObject(`{"a": ${number}}`), number);
  });

  it('leave what stands behind them', () => {
    const reader = new AsciiReader(ascii('{"a": {}}, 1'));
    reader.at = 6;
    assert.ok(skipPlainObject(reader));
    assert.equal(reader.at, 8);
  });
});
