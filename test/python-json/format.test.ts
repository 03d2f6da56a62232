import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatPythonJson } from '../../src/python-json/format.js';
import { type PyValue, parsePythonJson } from '../../src/python-json/parse.js';
import { parseExactly } from '../../src/python-json/parse-exactly.js';
import { property } from '../support/notifications.js';

describe('JSON written back', () => {
  it('has what JSON lacks as Python writes it', () => {
    for (const [value, text] of [
      [Number.NaN, 'NaN'],
      [Number.NEGATIVE_INFINITY, '-Infinity'],
      [{ a: [Number.POSITIVE_INFINITY, null, true] }, '{"a":[Infinity,null,true]}'],
      [2n ** 70n, '1180591620717411303424'],
      [-(2n ** 70n), '-1180591620717411303424'],
      ['\ud800é"\n', '"\\ud800é\\"\\n"'],
    ] as const) {
      assert.equal(formatPythonJson(value as PyValue), text);
    }
  });

  it('keeps floats apart from integers where a reader would take one for the other', () => {
    for (const [value, text] of [
      [-0, '-0.0'],
      [2 ** 53, '9007199254740992.0'],
      [-1e20, '-100000000000000000000.0'],
      [1e21, '1e+21'],
      [1.5, '1.5'],
      [5e-324, '5e-324'],
      [7, '7'],
    ] as const) {
      assert.equal(formatPythonJson(value), text);
    }
  });

  it('keeps keys that are names of the prototype', () => {
    const text = '{"__proto__":{"toJSON":1},"constructor":[]}';
    const parsed = parsePythonJson(text);
    assert.ok(parsed.ok);
    assert.equal(formatPythonJson(parsed.value), text);
  });

  it('is read again as the same value, whatever it is', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.maxSafeInteger(),
      fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), tie('value'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(value, (original) => {
        const parsed = parseExactly(formatPythonJson(original as PyValue), 100);
        assert.ok(parsed.ok);
        assert.deepEqual(parsed.value, original);
      }),
      property(400),
    );
  });
});
