import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Line, LineSplitter } from '../../src/recordings/lines.js';

function split(chunks: readonly Buffer[], maxLineBytes = 1000): Line[] {
  const splitter = new LineSplitter(maxLineBytes);
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
}

function texts(lines: readonly Line[]): string[] {
  return lines.map((line) =>
    line.kind === 'line' ? `${line.number} ${line.bytes}` : `${line.number} (${line.length})`,
  );
}

describe('lines', () => {
  it('are counted from 1, blank ones too, and end with the stream if need be', () => {
    assert.deepEqual(texts(split([Buffer.from('a\n\n \t\r\nb c\r\nd')])), ['1 a', '4 b c\r', '5 d']);
    assert.deepEqual(split([]), []);
    assert.deepEqual(split([Buffer.from('\n')]), []);
  });

  it('lose a byte order mark at the beginning only', () => {
    assert.deepEqual(texts(split([Buffer.from('\uFEFFa\n\uFEFFb')])), ['1 a', '2 \uFEFFb']);
    assert.deepEqual(split([Buffer.from('\uFEFF')]), []);
  });

  it('that are too long are told by their length, and the next one is whole', () => {
    const chunks = [Buffer.from('12345\n123'), Buffer.from('45'), Buffer.from('678\n12345\n123456')];
    assert.deepEqual(texts(split(chunks, 5)), ['1 12345', '2 (8)', '3 12345', '4 (6)']);
  });

  it('are the same however the stream is cut', () => {
    const bytes = fc.string({ unit: fc.constantFrom('a', 'é', '\n', ' ', '\r', '\uFEFF'), maxLength: 60 });
    const cuts = fc.array(fc.nat(60), { maxLength: 8 });
    fc.assert(
      fc.property(bytes, cuts, fc.integer({ min: 1, max: 12 }), (text, positions, max) => {
        const whole = Buffer.from(text);
        const edges = [0, ...positions.sort((a, b) => a - b), whole.length];
        const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
        assert.deepEqual(texts(split(chunks, max)), texts(split([whole], max)));
      }),
      { seed: 7, numRuns: 400 },
    );
  });
});
