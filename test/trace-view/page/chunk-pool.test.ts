import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHUNK_BYTES, ChunkPool } from '../../../src/trace-view/page/chunk-pool.js';

describe('the bytes of the page’s memory', () => {
  it('are used again', () => {
    const chunks = new ChunkPool();
    const first = chunks.take(CHUNK_BYTES);
    assert.notEqual(chunks.take(CHUNK_BYTES), first);
    chunks.giveBack([first]);
    assert.equal(chunks.take(CHUNK_BYTES), first);
  });

  it('are as many as were asked for', () => {
    const chunks = new ChunkPool();
    chunks.giveBack([Buffer.alloc(10), chunks.take(CHUNK_BYTES)]);
    for (const size of [10, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
      assert.equal(chunks.take(size).length, size);
  });

  it('are left to the garbage collector beyond 4 MiB', () => {
    const chunks = new ChunkPool();
    const given: Buffer[] = Array.from({ length: 100 }, () => Buffer.alloc(CHUNK_BYTES));
    chunks.giveBack(given);
    const taken = given.map(() => chunks.take(CHUNK_BYTES));
    assert.equal(taken.filter((chunk) => given.includes(chunk)).length, 64);
  });
});
