import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { inflate } from '../../src/codec/compression.js';
import { readCapture } from '../support/captures.js';
import { property } from '../support/notifications.js';

const TEXT = Buffer.from(JSON.stringify({ text: 'osprofiler '.repeat(200) }));
const LIMIT = 1_000_000;

describe('compressed bodies', () => {
  it('named gzip are read as kombu writes them, which is zlib, and as gzip proper', () => {
    for (const name of ['application/x-gzip', 'APPLICATION/X-GZIP', 'gzip', 'zlib']) {
      assert.deepEqual(inflate(zlib.deflateSync(TEXT), name, LIMIT), { ok: true, body: TEXT }, name);
      assert.deepEqual(inflate(zlib.gzipSync(TEXT), name, LIMIT), { ok: true, body: TEXT }, name);
    }
  });

  it('named brotli are read', () => {
    assert.deepEqual(inflate(zlib.brotliCompressSync(TEXT), 'application/x-brotli', LIMIT), {
      ok: true,
      body: TEXT,
    });
  });

  it('of a real bzip2 publisher are read', () => {
    const [message] = readCapture('wire-bzip2');
    assert.ok(message);
    const inflated = inflate(message.body, 'application/x-bz2', LIMIT);
    assert.ok(inflated.ok);
    assert.equal(JSON.parse(inflated.body.toString()).event_type, 'profiler.public');
  });

  it('named zstd are read where Node can, and unsupported elsewhere', () => {
    const compress = (zlib as unknown as Record<string, ((body: Buffer) => Buffer) | undefined>)[
      'zstdCompressSync'
    ];
    const inflated = inflate(compress?.(TEXT) ?? TEXT, 'application/zstd', LIMIT);
    if (compress === undefined) assert.ok(!inflated.ok && inflated.reason === 'compression-unsupported');
    else assert.deepEqual(inflated, { ok: true, body: TEXT });
  });

  it('under another name are unsupported, the name cut short', () => {
    const inflated = inflate(TEXT, `application/x-lzma${'!'.repeat(1000)}`, LIMIT);
    assert.ok(!inflated.ok && inflated.reason === 'compression-unsupported');
    assert.match(inflated.detail, /x-lzma/);
    assert.ok(inflated.detail.length < 100);
  });

  it('are never inflated past the limit', () => {
    const bomb = Buffer.alloc(5_000_000, 0x20);
    const bombs: [string, Buffer][] = [
      ['application/x-gzip', zlib.deflateSync(bomb)],
      ['application/x-gzip', zlib.gzipSync(bomb)],
      ['application/x-brotli', zlib.brotliCompressSync(bomb)],
      // Python: bz2.compress(b' ' * 5_000_000)
      ['application/x-bz2', Buffer.from(BZIP2_BOMB, 'base64')],
    ];
    for (const [name, body] of bombs) {
      const inflated = inflate(body, name, 4_999_999);
      assert.ok(!inflated.ok && inflated.reason === 'too-large', name);
      const whole = inflate(body, name, 5_000_000);
      assert.ok(whole.ok && whole.body.equals(bomb), name);
    }
  });

  it('that are cut or damaged are corrupt, and the detail quotes nothing of them', () => {
    const bzip2 = readCapture('wire-bzip2')[0]!.body;
    for (const [name, body] of [
      ['application/x-gzip', zlib.deflateSync(TEXT)],
      ['application/x-bz2', bzip2],
      ['application/x-brotli', zlib.brotliCompressSync(TEXT)],
    ] as const) {
      for (const cut of [0, 1, 5, Math.floor(body.length / 2), body.length - 11]) {
        const inflated = inflate(body.subarray(0, cut), name, LIMIT);
        assert.ok(!inflated.ok && inflated.reason === 'compression-corrupt', `${name} cut at ${cut}`);
        assert.equal(inflated.detail, `not a ${name} stream`);
      }
    }
    const damaged = Buffer.from(bzip2);
    damaged[60] = damaged[60]! ^ 0xff;
    const inflated = inflate(damaged, 'application/x-bz2', LIMIT);
    assert.ok(!inflated.ok && inflated.reason === 'compression-corrupt');
  });

  it('of random bytes never throw and never hang', () => {
    const names = fc.constantFrom('gzip', 'bzip2', 'brotli', 'zlib', 'lzma');
    const bytes = fc.uint8Array({ maxLength: 300 });
    const bzip2 = readCapture('wire-bzip2')[0]!.body;
    fc.assert(
      fc.property(names, bytes, fc.nat(bzip2.length - 1), (name, noise, at) => {
        const inflated = inflate(Buffer.from(noise), name, 10_000);
        assert.ok(inflated.ok || inflated.detail !== '');
        const spoilt = Buffer.concat([bzip2.subarray(0, at), noise, bzip2.subarray(at)]);
        const again = inflate(spoilt, 'bzip2', 10_000);
        assert.ok(again.ok || again.detail !== '');
      }),
      property(300),
    );
  });
});

const BZIP2_BOMB = 'QlpoOTFBWSZTWZ3DcjEAJkuQAsAACAAACCAAMMwFKaapEUbAoijxdyRThQkJ3DcjEA==';
