import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { hashOf, hashText, shardOf } from '../../src/sharding/shard-of.js';
import { BASE_ID, body, property } from '../support/notifications.js';

const MAX = 4 * 1024 * 1024;

describe("a message's shard", () => {
  it('is that of its trace, however the message is written', () => {
    const plain = hashOf(body(), {}, MAX);
    assert.equal(plain, hashText(BASE_ID));
    const compressed = hashOf(deflateSync(body()), { headers: { compression: 'application/x-gzip' } }, MAX);
    assert.equal(compressed, plain);
    assert.equal(hashOf(body({ info: { base_id: 'of another' } }), {}, MAX), plain);
    const stop = body({ name: 'work-stop', trace_id: 'other', timestamp: '2026-11-22T08:00:00.000001' });
    assert.equal(hashOf(stop, {}, MAX), plain);
  });

  it('never changes: these are the hashes of every version', () => {
    assert.deepEqual(
      ['', 'a', BASE_ID, 'Vórtice'].map(hashText),
      [2_872_998_923, 444_641_715, 3_937_988_569, 410_016_109],
    );
  });

  it('is the same for a body that cannot be read, whenever it comes', () => {
    const broken = Buffer.from('{"event_type": "profiler.nova"');
    const hash = hashOf(broken, {}, MAX);
    assert.equal(typeof hash, 'number');
    assert.equal(hashOf(Buffer.from(broken), {}, MAX), hash);
  });

  it('is none for other kinds of notifications', () => {
    const foreign = Buffer.from('{"event_type": "identity.authenticate", "payload": {}}');
    assert.equal(hashOf(foreign, {}, MAX), undefined);
  });

  it('spreads evenly, for UUIDs and for ids that hardly differ', () => {
    const uuids = fc.sample(fc.uuid(), { numRuns: 8_000, seed: 20_261_122 });
    const numbered = Array.from({ length: 8_000 }, (_, index) => `trace-${index}`);
    for (const ids of [uuids, numbered]) {
      for (const shards of [3, 4, 8, 16]) {
        const sizes = Array.from({ length: shards }, () => 0);
        for (const id of ids) sizes[shardOf(hashText(id), shards)]! += 1;
        const fair = ids.length / shards;
        for (const size of sizes) assert.ok(Math.abs(size - fair) < 0.2 * fair, `${shards}: ${sizes}`);
      }
    }
  });

  it('exists for any id and any number of shards', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 256 }), (id, shards) => {
        const shard = shardOf(hashText(id), shards);
        assert.ok(Number.isInteger(shard) && shard >= 0 && shard < shards);
      }),
      property(),
    );
  });
});
