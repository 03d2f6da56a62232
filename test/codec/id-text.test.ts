import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AsciiReader, ascii } from '../../src/codec/ascii-reader.js';
import { readIdText } from '../../src/codec/id-text.js';
import { property } from '../support/notifications.js';

/** The id at the begin of a text, and what is left of it. */
function read(text: string): [id: string | undefined, rest: string] {
  const reader = new AsciiReader(ascii(text));
  const id = readIdText(reader);
  return [id, text.slice(reader.at)];
}

describe('the text of an id in a message', () => {
  it('is that of any UUID, first and again, among many', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { maxLength: 40 }), (ids) => {
        for (const id of [...ids, ...ids]) assert.deepEqual(read(`${id}", `), [id, '", ']);
      }),
      property(200),
    );
    const many = Array.from({ length: 20_000 }, () => randomUUID());
    for (const id of [...many, ...many]) assert.equal(read(`${id}"`)[0], id);
  });

  it('is that of each of many UUIDs that share a place', () => {
    const alike = Array.from(
      { length: 100 },
      (_none, at) => `00000000-0000-4000-8000-${String(at).padStart(4, '0')}00000000`,
    );
    for (const id of [...alike, ...alike]) assert.equal(read(`${id}"`)[0], id);
    assert.equal(read('00000000-0000-0000-0000-000000000000"')[0], '00000000-0000-0000-0000-000000000000');
  });

  it('is that of any other id without escapes', () => {
    const id = randomUUID();
    for (const other of [
      '',
      'b',
      'not-a-uuid',
      id.toUpperCase(),
      id.slice(1),
      id.replaceAll('-', ''),
      `${id}0`,
    ])
      assert.deepEqual(read(`${other}", "next": "`), [other, '", "next": "']);
  });

  it('is none when anything in it is escaped, or it does not end', () => {
    for (const text of ['a\\u0062"', 'a\\"', '\\\\"', 'abc', '', 'a\nb"'])
      assert.equal(read(text)[0], undefined);
  });
});
