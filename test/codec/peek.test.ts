import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/codec/envelope.js';
import { peekBaseId } from '../../src/codec/peek.js';
import { captureNames, readCapture } from '../support/captures.js';
import { anyId, BASE_ID, body, payload, property } from '../support/notifications.js';

describe('peeking at a message', () => {
  it('finds the base_id in both formats, spaced as Python or JavaScript writes them', () => {
    const inner = JSON.stringify({ event_type: 'profiler.nova', payload: payload() });
    const spaced = inner.replaceAll('":"', '": "');
    for (const text of [inner, spaced]) {
      assert.equal(peekBaseId(Buffer.from(text)), BASE_ID);
      const outer = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': text });
      assert.equal(peekBaseId(Buffer.from(outer)), BASE_ID);
    }
  });

  it('says nothing where only decoding can tell', () => {
    const undecided = [
      body({ info: { base_id: 'another' } }),
      body({ info: { text: 'the "base_id": "x"' } }),
      body({ base_id: 'dotted.id' }),
      body({ base_id: '' }),
      body({ base_id: 'x'.repeat(65) }),
      body({ base_id: 12 as never }),
      Buffer.from('{"my_base_id": "a"}'),
      Buffer.from('{"base_id_x": "a"}'),
      Buffer.from('{"event_type": "identity.authenticate"}'),
      Buffer.from('base_id'),
      Buffer.alloc(0),
    ];
    for (const each of undecided) assert.equal(peekBaseId(each), undefined, each.toString());
    const compressed = { headers: { compression: 'gzip' } };
    assert.equal(peekBaseId(body(), compressed), undefined);
  });

  it('never says anything else than decoding does, whatever the ids and texts', () => {
    const info = fc.dictionary(fc.oneof(fc.constant('base_id'), fc.string()), fc.string(), { maxKeys: 3 });
    fc.assert(
      fc.property(anyId(), info, fc.boolean(), (id, more, isInner) => {
        const message = body({ base_id: String(id), info: more });
        const sent = isInner
          ? Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': message.toString() }))
          : message;
        const peeked = peekBaseId(sent);
        const decoded = decode(sent);
        assert.equal(decoded.kind, 'event');
        if (peeked !== undefined && decoded.kind === 'event') assert.equal(peeked, decoded.event.baseId);
      }),
      property(1_000),
    );
  });

  it('agrees with decoding on every recorded notification, and reads nearly all of them', () => {
    let peeked = 0;
    let decodable = 0;
    for (const { body: sent, properties } of captureNames().flatMap(readCapture)) {
      const decoded = decode(sent, properties);
      const found = peekBaseId(sent, properties);
      if (decoded.kind !== 'event') continue;
      decodable++;
      if (found === undefined) continue;
      peeked++;
      assert.equal(decoded.event.baseId, found);
    }
    assert.ok(peeked > decodable * 0.8, `${peeked} of ${decodable}`);
  });
});
