import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KnownTexts } from '../../src/codec/known-texts.js';

/** Of a text that stands in the midst of others. */
function lookUp<Value>(known: KnownTexts<Value>, text: string): Value | undefined {
  return known.of(Buffer.from(`before ${text} behind`), 7, 7 + text.length);
}

describe('texts that come over and over', () => {
  it('are made into a value once, short or long', () => {
    let made = 0;
    const known = new KnownTexts(10, (text) => ({ text, number: ++made }));
    for (const text of ['short', 'x'.repeat(65), 'x'.repeat(5_000)]) {
      const value = lookUp(known, text);
      assert.equal(value?.text, text);
      assert.equal(lookUp(known, text), value);
    }
    assert.equal(made, 3);
  });

  it('are ASCII: others have no value, and are not remembered', () => {
    let made = 0;
    const known = new KnownTexts(10, () => ++made);
    for (const other of ['é', `${'x'.repeat(100)}\u0080`]) {
      assert.equal(lookUp(known, other), undefined);
      assert.equal(lookUp(known, other), undefined);
    }
    assert.equal(made, 0);
  });

  it('are told apart, however much they look alike', () => {
    const known = new KnownTexts(1_000, (text) => text);
    const digit = fc.constantFrom('0', '1');
    const text = fc.string({ unit: digit, minLength: 60, maxLength: 72 });
    const alike = fc.tuple(text, text).map(([one, other]) => `${one}${'-'.repeat(400)}${other}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(text, alike)), (texts) => {
        for (const each of texts) assert.equal(lookUp(known, each), each);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('are told apart where they differ in a character that is not looked at', () => {
    const known = new KnownTexts(1_000, (text) => text);
    for (let at = 0; at < 200; at++) {
      const text = `${'a'.repeat(at)}b${'a'.repeat(199 - at)}`;
      assert.equal(lookUp(known, text), text);
    }
  });

  it('are forgotten all at once when there are too many', () => {
    let made = 0;
    const known = new KnownTexts(2, (text) => {
      made++;
      return text;
    });
    for (const text of ['a', 'b'.repeat(100), 'c', 'a', 'b'.repeat(100)]) lookUp(known, text);
    assert.equal(made, 5);
  });
});
