import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toSpanId, toTraceId } from '../../src/mapping/ids.js';
import { anyId, property } from '../support/notifications.js';

const UUID = '01234567-89ab-4def-8123-456789abcdef';
const NIL = '00000000-0000-0000-0000-000000000000';

describe('trace ids', () => {
  it("are base_id's UUID without its dashes", () => {
    assert.equal(toTraceId(UUID), '0123456789ab4def8123456789abcdef');
  });

  it('are the same for every way in which Python reads a UUID', () => {
    const forms = [UUID.toUpperCase(), UUID.replaceAll('-', ''), `{${UUID}}`, `urn:uuid:${UUID}`];
    for (const form of forms) assert.equal(toTraceId(form), toTraceId(UUID), form);
  });

  it('are a hash of what is no UUID', () => {
    assert.equal(toTraceId('not-a-uuid'), sha256('not-a-uuid', 32));
    assert.equal(toTraceId(''), sha256('', 32));
  });

  it("are an integer's low 128 bits", () => {
    assert.equal(toTraceId(255n), `${'0'.repeat(30)}ff`);
    assert.equal(toTraceId(2n ** 128n + 1n), `${'0'.repeat(31)}1`);
    assert.equal(toTraceId(-1n), 'f'.repeat(32));
  });
});

describe('span ids', () => {
  it("are the low 64 bits of trace_id's UUID", () => {
    assert.equal(toSpanId(UUID), '8123456789abcdef');
    assert.equal(toSpanId(`urn:uuid:{${UUID.toUpperCase()}}`), '8123456789abcdef');
    assert.equal(toSpanId(2n ** 64n + 10n), '000000000000000a');
  });

  it('are a hash of what is no UUID', () => {
    assert.equal(toSpanId('req-1'), sha256('req-1', 16));
  });
});

describe('ids', () => {
  it('are never all zero', () => {
    assert.equal(toTraceId(NIL), sha256(NIL, 32));
    assert.equal(toSpanId(NIL), sha256(NIL, 16));
    assert.equal(toTraceId(0n), sha256('0', 32));
    const zeroEnd = '01234567-89ab-4def-0000-000000000000';
    assert.equal(toSpanId(zeroEnd), sha256(zeroEnd, 16));
    assert.equal(toTraceId(zeroEnd), '0123456789ab4def0000000000000000');
    assert.equal(toSpanId(2n ** 64n), sha256(String(2n ** 64n), 16));
  });

  it('are well formed and always the same, whatever was sent', () => {
    fc.assert(
      fc.property(anyId(), (id) => {
        assert.match(toTraceId(id), /^(?!0+$)[0-9a-f]{32}$/);
        assert.match(toSpanId(id), /^(?!0+$)[0-9a-f]{16}$/);
        assert.equal(toTraceId(id), toTraceId(id));
        assert.equal(toSpanId(id), toSpanId(id));
      }),
      property(1000),
    );
  });

  it('of any UUID agree: the span id is the end of the trace id', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        fc.pre(!/^0+$/.test(toTraceId(uuid).slice(16)));
        assert.equal(toSpanId(uuid), toTraceId(uuid).slice(16));
      }),
      property(),
    );
  });
});

function sha256(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
