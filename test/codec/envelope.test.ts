import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { type Decoded, decode, MALFORMED_REASONS } from '../../src/codec/envelope.js';
import { captureNames, readCapture } from '../support/captures.js';
import { body, payload, property, start } from '../support/notifications.js';

const MESSAGE = { event_type: 'profiler.nova-conductor', payload: payload() };
const NOTIFICATION: Decoded = { kind: 'event', event: start() };

describe('message bodies', () => {
  it('are read in format 1.0, the bare notification', () => {
    assert.deepEqual(decode(body()), NOTIFICATION);
  });

  it('are read in format 2.0, the notification as a string in an envelope', () => {
    const envelope = { 'oslo.version': '2.0', 'oslo.message': JSON.stringify(MESSAGE) };
    assert.deepEqual(decode(encode(envelope)), NOTIFICATION);
  });

  it("are read as osprofiler's bare payload", () => {
    assert.deepEqual(decode(encode(payload())), NOTIFICATION);
  });

  it('are read compressed, in either format', () => {
    const headers = { compression: 'application/x-gzip' };
    assert.deepEqual(decode(zlib.deflateSync(body()), { headers }), NOTIFICATION);
  });

  it('are read plain under an empty compression header or one that is no text', () => {
    for (const compression of ['', null, 5, {}]) {
      assert.deepEqual(decode(body(), { headers: { compression } }), NOTIFICATION);
    }
  });

  it('of other notifications are foreign, in either format', () => {
    const message = { event_type: 'identity.authenticate', payload: { any: 'thing' } };
    const foreign: Decoded = { kind: 'foreign', eventType: 'identity.authenticate' };
    assert.deepEqual(decode(encode(message)), foreign);
    assert.deepEqual(decode(encode({ 'oslo.message': JSON.stringify(message) })), foreign);
    assert.equal(decode(encode({ event_type: 'profilers.x', payload: payload() })).kind, 'foreign');
  });

  it('that can never be read say why', () => {
    const wrong: [Buffer, string][] = [
      [Buffer.alloc(0), 'not-json'],
      [Buffer.from('hello'), 'not-json'],
      [Buffer.from([0x22, 0xff, 0x22]), 'not-utf-8'],
      [encode([MESSAGE]), 'not-a-notification'],
      [encode('text'), 'not-a-notification'],
      [encode(null), 'not-a-notification'],
      [encode({}), 'not-a-notification'],
      [encode({ 'oslo.message': MESSAGE }), 'not-a-notification'],
      [encode({ 'oslo.message': '[]' }), 'not-a-notification'],
      [encode({ 'oslo.message': '{' }), 'not-json'],
      [encode({ event_type: 5, payload: payload() }), 'not-a-notification'],
      [encode({ event_type: 'profiler.x' }), 'not-a-notification'],
      [encode({ event_type: 'profiler.x', payload: [] }), 'not-a-notification'],
      [encode({ event_type: 'profiler.x', payload: {} }), 'missing-field'],
      [body({ base_id: null }), 'wrong-type'],
      [body({ name: 'x' }), 'bad-name'],
      [body({ timestamp: 'x' }), 'bad-timestamp'],
      [Buffer.from('['.repeat(10)), 'not-json'],
      [Buffer.from('['.repeat(1000)), 'too-deep'],
      [Buffer.from(`${'['.repeat(1000)}${']'.repeat(1000)}`), 'too-deep'],
    ];
    for (const [bytes, reason] of wrong) {
      const decoded = decode(bytes);
      assert.equal(decoded.kind === 'malformed' ? decoded.reason : decoded.kind, reason, bytes.toString());
    }
  });

  it('are too large past the limit, before decompression and after', () => {
    const plain = body({ info: { text: 'x'.repeat(1000) } });
    const reasonOf = (decoded: Decoded) => (decoded.kind === 'malformed' ? decoded.reason : decoded.kind);
    assert.equal(reasonOf(decode(plain, {}, plain.length)), 'event');
    assert.equal(reasonOf(decode(plain, {}, plain.length - 1)), 'too-large');
    const packed = zlib.deflateSync(plain);
    const properties = { headers: { compression: 'gzip' } };
    assert.equal(reasonOf(decode(packed, properties, plain.length)), 'event');
    assert.equal(reasonOf(decode(packed, properties, plain.length - 1)), 'too-large');
  });

  it('never make decoding throw, and the reasons are the closed list', () => {
    const message = JSON.stringify(MESSAGE);
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.uint8Array({ maxLength: 6 }), (at, noise) => {
        const spoilt = Buffer.concat([
          Buffer.from(message.slice(0, at)),
          noise,
          Buffer.from(message.slice(at + noise.length)),
        ]);
        const decoded = decode(spoilt);
        if (decoded.kind === 'malformed') assert.ok(MALFORMED_REASONS.includes(decoded.reason));
      }),
      property(1000),
    );
  });

  it('with any JSON as their payload never make decoding throw', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 3 }), (whole, part) => {
        decode(encode(whole));
        decode(encode({ event_type: 'profiler.x', payload: whole as object }));
        for (const key of Object.keys(payload())) decode(body({ [key]: part as string }));
      }),
      property(100),
    );
  });
});

describe('recorded message bodies', () => {
  for (const name of captureNames()) {
    it(`of ${name} are all osprofiler's or foreign`, () => {
      const decoded = readCapture(name).map(({ body: bytes, properties }) => decode(bytes, properties));
      const malformed = decoded.filter(({ kind }) => kind === 'malformed');
      assert.deepEqual(malformed, []);
      assert.ok(decoded.some(({ kind }) => kind === 'event'));
      const isNoisy = name === 'wire-messagingv2-real-noise';
      assert.equal(
        decoded.some(({ kind }) => kind === 'foreign'),
        isNoisy,
      );
    });
  }
});

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
