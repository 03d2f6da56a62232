/** What is read on the short way must be what the full decoder reads, or nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode, decodeFully } from '../../src/wire/envelope.js';
import { readUsualMessage } from '../../src/wire/usual-message.js';
import { captureNames, readCapture } from '../support/captures.js';

const HEAD =
  '{"message_id": "m", "publisher_id": "p", "event_type": "profiler.api", "priority": "INFO", "payload": ' +
  '{"name": "db-start", "base_id": "b", "trace_id": "t", "parent_id": "b", ' +
  '"timestamp": "2026-11-22T07:16:10.147459", "info": ';
const TAIL =
  ', "project": "nova", "service": "api"}, "timestamp": "2026-11-22 07:16:10.1", "_unique_id": "u"';

/** Whether the short way was taken; it must agree with the full one. */
function isUsual(text: string): boolean {
  const read = readUsualMessage(text, Buffer.from(text, 'latin1'));
  if (read !== undefined) {
    assert.deepStrictEqual({ kind: 'notification', notification: read }, decodeFully(text), text);
  }
  return read !== undefined;
}

const plain = captureNames()
  .flatMap((name) => readCapture(name).map(({ body }) => body.toString('utf8')))
  .filter((text) => /^[\x20-\x7e]*$/.test(text));

describe('messages as they usually are', () => {
  it('are most of what services send, and read as by the full decoder', () => {
    const boot = readCapture('nova-server-boot-no-valid-host').map(({ body }) => body.toString('latin1'));
    assert.equal(boot.filter(isUsual).length, boot.length);
    for (const text of plain) isUsual(text);
  });

  it('are read so by decode() too', () => {
    for (const text of plain.slice(0, 500))
      assert.deepStrictEqual(decode(Buffer.from(text)), decodeFully(text));
  });

  it('are the ones without anything else, or with a context', () => {
    assert.ok(isUsual(`${HEAD}{"host": "h"}${TAIL}}`));
    assert.ok(isUsual(`${HEAD}{"host": "h"}${TAIL}, "_context_user": null}`));
    assert.ok(isUsual(`${HEAD}{"db": {"statement": "SELECT 1", "params": {}}, "host": "h"}${TAIL}}`));
    assert.ok(isUsual(`${HEAD}{"db": {"statement": "a\\n\\"b\\"", "params": {}}, "host": "h"}${TAIL}}`));
  });

  it('say nothing twice that matters', () => {
    for (const key of ['payload', 'event_type', 'oslo.message', 'pay\\u006coad'])
      assert.ok(!isUsual(`${HEAD}{"host": "h"}${TAIL}, "${key}": 1}`), key);
    assert.ok(isUsual(`${HEAD}{"host": "h"}${TAIL}, "message_id": 1}`));
  });

  it('are whole', () => {
    const text = `${HEAD}{"host": "h"}${TAIL}, "_context_user": null}`;
    for (let length = 0; length < text.length; length++) assert.ok(!isUsual(text.slice(0, length)));
    for (const end of ['x', '}', ', ', '\0']) assert.ok(!isUsual(text + end));
  });

  it('may hold in their info what elsewhere ends it', () => {
    const inner = '{"a": 1, "project": "x", "service": "y"}';
    isUsual(`${HEAD}{"x": ${inner}, "host": "h"}${TAIL}}`);
    isUsual(`${HEAD}{"x": ", \\"project\\": \\"", "host": "h"}${TAIL}}`);
    isUsual(`${HEAD}{"db": {"statement": "s", "params": {"a": {}, "host": "h"}}, "host": "h"}${TAIL}}`);
    isUsual(`${HEAD}{"db": {"statement": "s", "params": {"a": {}}, "host": "x"}, "host": "h"}${TAIL}}`);
    isUsual(`${HEAD}{"db": {"statement": "s\\\\", "params": [1]}, "host": "h"}${TAIL}}`);
    isUsual(`${HEAD}{"db": {"statement": "s\\", "params": [1]}, "host": "h"}${TAIL}}`);
  });

  it('hold the values that are Python’s own, of any depth that is allowed', () => {
    const values = [
      ...['NaN', '-Infinity', '12345678901234567890', '1e999', '{"__type__": "decimal", "__value__": "1"}'],
      ...[1, 90, 94, 95, 96, 97, 98, 99, 100].map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    ];
    for (const value of values) {
      isUsual(`${HEAD}{"x": ${value}, "host": "h"}${TAIL}}`);
      isUsual(`${HEAD}${value}${TAIL}}`);
      isUsual(`${HEAD}{"db": {"statement": "s", "params": ${value}}, "host": "h"}${TAIL}}`);
      isUsual(`${HEAD}{"host": "h"}${TAIL}, "_context_x": ${value}}`);
    }
  });

  it('share nothing that a caller could write to', () => {
    const text = `${HEAD}{"host": "h"}${TAIL}}`;
    const info = readUsualMessage(text, Buffer.from(text))?.info;
    assert.throws(() => {
      Object.assign(info ?? {}, { host: 'other' });
    }, TypeError);
  });

  it('read as by the full decoder however they are damaged', () => {
    const pieces = [
      '"',
      '\\',
      '}',
      '{',
      ', ',
      '": "',
      '\n',
      '"payload": 1',
      '\\"',
      ', "project": "',
      '0',
      '',
    ];
    const damage = fc.record({
      text: fc.integer({ min: 0, max: plain.length - 1 }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.integer({ min: 0, max: 12 }),
      piece: fc.constantFrom(...pieces),
      other: fc.integer({ min: 0, max: plain.length - 1 }),
      splices: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ text, at, cut, piece, other, splices }) => {
        const whole = plain[text]!;
        const from = Math.floor(at * whole.length);
        const end = splices ? plain[other]!.slice(from) : whole.slice(from + cut);
        isUsual(whole.slice(0, from) + piece + end);
      }),
      { numRuns: 3_000, seed: 5 },
    );
  });
});
