import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Interner, UuidInterner } from '../../src/fast/interner.js';

/** Of a text that stands in the midst of others. */
function lookUp<Value>(known: Interner<Value>, text: string): Value | undefined {
  return known.valueOf(Buffer.from(`before ${text} behind`), 7, 7 + text.length);
}

describe('texts that come over and over', () => {
  it('are made into a value once, short or long', () => {
    let made = 0;
    const known = new Interner(10, 10_000, (text) => ({ text, number: ++made }));
    for (const text of ['short', 'x'.repeat(65), 'x'.repeat(5_000)]) {
      const value = lookUp(known, text);
      assert.equal(value?.text, text);
      assert.equal(lookUp(known, text), value);
    }
    assert.equal(made, 3);
  });

  it('are ASCII: others have no value, and are not remembered', () => {
    let made = 0;
    const known = new Interner(10, 10_000, () => ++made);
    for (const other of ['é', `${'x'.repeat(100)}\u0080`]) {
      assert.equal(lookUp(known, other), undefined);
      assert.equal(lookUp(known, other), undefined);
    }
    assert.equal(made, 0);
  });

  it('are told apart, however much they look alike', () => {
    const known = new Interner(1_000, 10_000, (text) => text);
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
    const known = new Interner(1_000, 10_000, (text) => text);
    for (let at = 0; at < 200; at++) {
      const text = `${'a'.repeat(at)}b${'a'.repeat(199 - at)}`;
      assert.equal(lookUp(known, text), text);
    }
  });

  it('are one and the same value each time, however many have one hash', () => {
    const known = new Interner(1_000, 10_000, (text) => ({ text }));
    const texts = Array.from({ length: 100 }, (_none, at) => `${'a'.repeat(at)}b${'a'.repeat(199 - at)}`);
    const values = texts.map((text) => lookUp(known, text));
    for (const [at, text] of texts.entries()) assert.equal(lookUp(known, text), values[at]);
  });

  it('are forgotten all at once when there are too many', () => {
    let made = 0;
    const known = new Interner(2, 10_000, (text) => {
      made++;
      return text;
    });
    for (const text of ['a', 'b'.repeat(100), 'c', 'a', 'b'.repeat(100)]) lookUp(known, text);
    assert.equal(made, 5);
  });
});

describe('the text of a UUID in a message', () => {
  const uuids = new UuidInterner();
  const read = (text: string) => uuids.textAt(Buffer.from(`before ${text}`), 7);

  it('is that of any UUID, first and again, among many', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { maxLength: 40 }), (ids) => {
        for (const id of [...ids, ...ids]) assert.equal(read(`${id}", `), id);
      }),
      { seed: 7, numRuns: 200 },
    );
    const many = Array.from({ length: 20_000 }, () => randomUUID());
    for (const id of [...many, ...many]) assert.equal(read(`${id}"`), id);
  });

  it('is that of each of many UUIDs that share a slot', () => {
    const alike = Array.from(
      { length: 100 },
      (_none, at) => `00000000-0000-4000-8000-${String(at).padStart(4, '0')}00000000`,
    );
    for (const id of [...alike, ...alike]) assert.equal(read(`${id}"`), id);
  });

  it('is none of any other id, nor of a UUID whose low half is zero', () => {
    const id = randomUUID();
    const others = [
      '',
      'b',
      id.toUpperCase(),
      id.slice(1),
      id.replaceAll('-', ''),
      `${id.slice(0, 19)}0000-000000000000`,
    ];
    for (const other of others) assert.equal(read(`${other}"`), undefined, other);
  });
});
