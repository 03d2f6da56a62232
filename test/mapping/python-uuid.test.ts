import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePythonUuid } from '../../src/mapping/python-uuid.js';
import { property } from '../support/notifications.js';

const HEX = '0123456789abcdef0123456789abcdef';

// Every expectation here was checked against uuid.UUID() of CPython 3.11; the end-to-end tests ask it again.
describe("Python's uuid.UUID()", () => {
  it('reads UUIDs with and without their ornaments', () => {
    const forms = [
      HEX,
      HEX.toUpperCase(),
      '01234567-89ab-cdef-0123-456789abcdef',
      '{01234567-89ab-cdef-0123-456789abcdef}',
      '{{01234567-89ab-cdef-0123-456789abcdef',
      'urn:uuid:01234567-89ab-cdef-0123-456789abcdef',
      'uuid:urn:01234567-89ab-cdef-0123-456789abcdef',
      '0-1-2-3456789abcdef0123456789abcdef---',
      '0123urn:456789abcdefuuid:0123456789abcdef',
    ];
    for (const form of forms) assert.equal(parsePythonUuid(form), HEX, form);
  });

  it('reads 32 characters as int() reads them', () => {
    const padded: [string, string][] = [
      [`+${'1'.repeat(31)}`, `0${'1'.repeat(31)}`],
      [`0x${'1'.repeat(30)}`, `00${'1'.repeat(30)}`],
      [` ${'1'.repeat(30)}\n`, `00${'1'.repeat(30)}`],
      [`1_${'1'.repeat(30)}`, `0${'1'.repeat(31)}`],
      ['１'.repeat(32), '1'.repeat(32)],
      ['١'.repeat(31).concat('f'), `${'1'.repeat(31)}f`],
      [`\u00a0${'1'.repeat(31)}`, `0${'1'.repeat(31)}`],
      ['𝟎𝟙'.repeat(16), '01'.repeat(16)],
    ];
    for (const [form, hex] of padded) assert.equal(parsePythonUuid(form), hex, JSON.stringify(form));
  });

  it('reads nothing else', () => {
    const others = [
      '',
      'not-a-uuid',
      HEX.slice(1),
      `${HEX}0`,
      `g${HEX.slice(1)}`,
      `URN:UUID:${HEX}`,
      ` ${HEX}`,
      `(${HEX})`,
      `req-${HEX}`,
      `1__${'1'.repeat(29)}`,
      `_${'1'.repeat(31)}`,
      `${'1'.repeat(31)}_`,
      '+'.padEnd(32, '+'),
      `0x${' '.repeat(30)}`,
      ' '.repeat(32),
      `\ufeff${'1'.repeat(31)}`,
      `\u001c${'1'.repeat(31)}`,
      'Ⅷ'.repeat(32),
      '²'.repeat(32),
    ];
    for (const text of others) assert.equal(parsePythonUuid(text), undefined, JSON.stringify(text));
  });

  it('is bounded: text that is far too long for a UUID is none', () => {
    assert.equal(parsePythonUuid('-'.repeat(10_000_000)), undefined);
  });

  it('gives 32 hex digits or nothing, whatever the text', () => {
    const unit = fc.constantFrom(...'0123456789abcdefABCDEF-{} _+xX１٣𝟙urnid:\ud800\u00a0\u001c');
    const text = fc.string({ unit, minLength: 0, maxLength: 40 });
    fc.assert(
      fc.property(text, (candidate) => assert.match(parsePythonUuid(candidate) ?? HEX, /^[0-9a-f]{32}$/)),
      property(1000),
    );
  });
});
