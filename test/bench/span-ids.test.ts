import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { IdSet } from '../../bench/support/id-set.js';
import { eachSpanId, hexOf } from '../../bench/support/span-ids.js';
import { property } from '../support/notifications.js';

/** Few of them, so that the same come again, and some whose halves are zero. */
const word = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const ids = fc.array(fc.tuple(word, word).filter(([high, low]) => high !== 0 || low !== 0));

function idsIn(body: string): string[] {
  const found: string[] = [];
  eachSpanId(Buffer.from(body), 'application/json', (high, low) => found.push(hexOf(high, low)));
  return found;
}

describe('the span ids that the measured backend counts', () => {
  it('are remembered as by a set', () => {
    fc.assert(
      fc.property(ids, (given) => {
        const words = new IdSet();
        const texts = new Set<string>();
        for (const [high, low] of given) {
          const isNew = !texts.has(hexOf(high, low));
          texts.add(hexOf(high, low));
          assert.equal(words.add(high, low), isNew);
          assert.equal(words.size, texts.size);
        }
      }),
      property(),
    );
  });

  it('are remembered when there are many, and forgotten together', () => {
    const words = new IdSet();
    for (let id = 1; id <= 5_000; id++) assert.equal(words.add(id % 7, id), true);
    for (let id = 1; id <= 5_000; id++) assert.equal(words.add(id % 7, id), false);
    assert.equal(words.size, 5_000);
    words.clear();
    assert.equal(words.size, 0);
    assert.equal(words.add(1, 1), true);
  });

  it('are read where they stand behind the trace, and those of parents are not', () => {
    const trace = 'a'.repeat(32);
    const spans =
      `{"traceId":"${trace}","spanId":"0f1e2d3c4b5a6978","parentSpanId":"1111111111111111"},` +
      `{"traceId":"${trace}","spanId":"ffffffff00000001"}`;
    assert.deepEqual(idsIn(spans), ['0f1e2d3c4b5a6978', 'ffffffff00000001']);
  });

  it('are missed aloud', () => {
    assert.throws(
      () => idsIn(`{"traceId":"${'a'.repeat(32)}","name":"x","spanId":"0f1e2d3c4b5a6978"}`),
      /behind/,
    );
  });
});
