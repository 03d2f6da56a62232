import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redactorFor } from '../../src/mapping/masking/mask.js';
import { DEFAULT_MAPPING, type MappingOptions } from '../../src/mapping/options.js';
import { SpanBuilder, scalarOf } from '../../src/mapping/span-builder.js';
import { property } from '../support/notifications.js';

describe('span drafts', () => {
  it('cut text at the limit', () => {
    const builder = builderOf({ attributeValueLengthLimit: 5 });
    builder.put('k', '1234567');
    assert.equal(builder.attributes['k'], '12345');
    assert.equal(builder.text('12345'), '12345');
  });

  it('never cut inside a surrogate pair, and let only well-formed text out', () => {
    assert.equal(builderOf({ attributeValueLengthLimit: 2 }).text('a😀b'), 'a');
    assert.equal(builderOf({ attributeValueLengthLimit: 3 }).text('a😀b'), 'a😀');
    assert.equal(builderOf({}).text('a\ud800b'), 'a\ufffdb');
    const text = fc.string({ unit: fc.constantFrom('a', '😀', '\ud83d', '\ude00', 'é'), maxLength: 12 });
    fc.assert(
      fc.property(text, fc.nat(12), (whole, limit) => {
        const out = builderOf({ attributeValueLengthLimit: limit }).text(whole);
        assert.ok(out.isWellFormed() && out.length <= limit);
        assert.ok(whole.toWellFormed().startsWith(out));
      }),
      property(500),
    );
  });

  it('drop and count attributes past the limit, and still change those there are', () => {
    const builder = builderOf({ attributeCountLimit: 2 });
    for (const key of ['a', 'b', 'c', 'd']) builder.put(key, key);
    builder.put('a', 'changed');
    assert.deepEqual(builder.attributes, { a: 'changed', b: 'b' });
    assert.equal(builder.droppedAttributes, 2);
  });

  it('write numbers that OTLP cannot hold as text', () => {
    const builder = builderOf({});
    const values: [string, number, string | number][] = [
      ['nan', Number.NaN, 'NaN'],
      ['inf', Number.NEGATIVE_INFINITY, '-Infinity'],
      ['big', 2 ** 60, '1152921504606847000'],
      ['small', 1.5, 1.5],
      ['whole', -7, -7],
    ];
    for (const [key, value, written] of values) {
      builder.put(key, value);
      assert.equal(builder.attributes[key], written);
    }
    builder.put('flag', false);
    assert.equal(builder.attributes['flag'], false);
  });

  it('write None and long integers as JSON does', () => {
    assert.equal(scalarOf(null), 'null');
    assert.equal(scalarOf(2n ** 70n), '1180591620717411303424');
    assert.equal(scalarOf(true), true);
  });
});

function builderOf(options: Partial<MappingOptions>): SpanBuilder {
  const all = { ...DEFAULT_MAPPING, ...options };
  return new SpanBuilder(all, redactorFor(all));
}
