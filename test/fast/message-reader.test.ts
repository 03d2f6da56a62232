/** What is read from the bytes must be what the codec reads, or nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode } from '../../src/codec/envelope.js';
import { MessageReader } from '../../src/fast/message-reader.js';
import { isObject, type PyObject, type PyValue } from '../../src/python-json/parse.js';
import type { TraceEvent } from '../../src/trace-point.js';
import { captureNames, readCapture } from '../support/captures.js';

const HEAD =
  '{"message_id": "m", "publisher_id": "p", "event_type": "profiler.api", "priority": "INFO", "payload": ' +
  '{"name": "db-start", "base_id": "b", "trace_id": "t", "parent_id": "b", ' +
  '"timestamp": "2026-11-22T07:16:10.147459", "info": ';
const TAIL =
  ', "project": "nova", "service": "api"}, "timestamp": "2026-11-22 07:16:10.1", "_unique_id": "u"';

const UUID_ID = '05f7ba29-f4f3-423a-9d56-3fde5b7883e9';
const WITH_UUIDS = HEAD.replaceAll(/"[bt]"/g, `"${UUID_ID}"`);
const full = new MessageReader(true);
const lean = new MessageReader(false);

/** Whether a message was read from its bytes: then as by the codec, with parameters of SQL and without. */
function isRead(text: string): boolean {
  const body = Buffer.from(text, 'latin1');
  const read = full.read(body);
  const short = lean.read(body);
  assert.equal(short === undefined, read === undefined, text);
  if (read === undefined || short === undefined) return false;
  assert.deepStrictEqual({ kind: 'event', event: withoutKey(read) }, decode(Buffer.from(text)), text);
  const isSql = hasOnlySql(read.info) && short.templateKey !== undefined;
  const event = withoutKey(read);
  const leftOut = hasOnlySql(read.info) && !('params' in (short.info['db'] as PyObject));
  assert.deepStrictEqual(withoutKey(short), leftOut ? { ...event, info: withoutParams(read.info) } : event);
  if (isSql) assert.equal(read.templateKey, undefined, 'its parameters are more than a key stands for');
  assertKey(short);
  return true;
}

function withoutKey({ templateKey: _key, ...event }: TraceEvent): TraceEvent {
  return event;
}

function hasOnlySql(info: PyObject): boolean {
  return keysOf(info) === 'db,host' && isObject(info['db']) && keysOf(info['db']) === 'statement,params';
}

function withoutParams({ db, host }: PyObject): PyObject {
  return { db: { statement: (db as PyObject)['statement'] as PyValue }, host: host as PyValue };
}

const keysOf = (object: object) => Object.keys(object).join();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-(?!0000-0{12})[0-9a-f]{4}-[0-9a-f]{12}$/;
const said = new Map<number, object>();

/** Events with one key say the same, and have UUIDs. */
function assertKey({
  templateKey,
  baseId,
  traceId,
  parentId,
  timestamp: _timestamp,
  ...rest
}: TraceEvent): void {
  if (templateKey === undefined) return;
  for (const id of [baseId, traceId, parentId]) assert.match(String(id), UUID);
  assert.deepStrictEqual(said.get(templateKey) ?? rest, rest);
  said.set(templateKey, rest);
}

const plain = captureNames()
  .flatMap((name) => readCapture(name).map(({ body }) => body.toString('utf8')))
  .filter((text) => /^[\x20-\x7e]*$/.test(text));

describe('the reader of common messages', () => {
  it('reads most of what services send, as the codec does', () => {
    const boot = readCapture('nova-server-boot-no-valid-host').map(({ body }) => body.toString('latin1'));
    assert.equal(boot.filter(isRead).length, boot.length);
    for (const text of plain) isRead(text);
    const withKey = boot.filter((text) => lean.read(Buffer.from(text, 'latin1'))?.templateKey !== undefined);
    assert.ok(withKey.length > 0.8 * boot.length, `${withKey.length} of ${boot.length}`);
  });

  it('reads messages without anything else, or with a context', () => {
    assert.ok(isRead(`${HEAD}{"host": "h"}${TAIL}}`));
    assert.ok(isRead(`${HEAD}{"host": "h"}${TAIL}, "_context_user": null}`));
    assert.ok(isRead(`${HEAD}{"db": {"statement": "SELECT 1", "params": {}}, "host": "h"}${TAIL}}`));
    assert.ok(isRead(`${HEAD}{"db": {"statement": "a\\n\\"b\\"", "params": {}}, "host": "h"}${TAIL}}`));
  });

  it('leaves a message to the codec when any byte in any place is not ASCII', () => {
    const sql = (params: string) => `{"db": {"statement": "SELECT x", "params": ${params}}, "host": "h"}`;
    const uuid = '05f7ba29-f4f3-423a-9d56-3fde5b7883e9';
    const texts = [
      `${HEAD}{"host": "h"}${TAIL}, "_context_user": "x"}`,
      `${HEAD.replaceAll('"b"', `"${uuid}"`)}${sql('{"a": "x", "b": [1]}')}${TAIL}}`,
      `${HEAD}${sql('{"a": "x"}')}${TAIL}}`,
      `${HEAD}{"request": {"path": "/x"}, "host": "h"}${TAIL}}`,
    ];
    for (const text of texts)
      for (let at = 0; at < text.length; at++)
        for (const other of ['é', '\u0080', '\ud800'])
          for (const body of [
            Buffer.from(text.slice(0, at) + other + text.slice(at + 1)),
            Buffer.from(text.slice(0, at) + other + text.slice(at + 1), 'latin1'),
          ]) {
            const place = `${JSON.stringify(other)} at ${at} of ${text}`;
            assert.equal(lean.read(body), undefined, place);
            assert.equal(full.read(body), undefined, place);
          }
  });

  it('leaves a message to the codec that says something twice that matters', () => {
    for (const key of ['payload', 'event_type', 'oslo.message', 'pay\\u006coad'])
      assert.ok(!isRead(`${HEAD}{"host": "h"}${TAIL}, "${key}": 1}`), key);
    assert.ok(isRead(`${HEAD}{"host": "h"}${TAIL}, "message_id": 1}`));
  });

  it('reads ids of any kind, but for escaped ones', () => {
    const uuid = '05f7ba29-f4f3-423a-9d56-3fde5b7883e9';
    for (const id of [uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), 'any', ''])
      assert.ok(
        isRead(`${HEAD.replaceAll('"b"', `"${id}"`).replace('"t"', `"${id}"`)}{"host": "h"}${TAIL}}`),
      );
    for (const id of ['\\u0062', uuid.replace('0', '\\u0030')])
      for (const key of ['base_id', 'trace_id', 'parent_id', 'message_id'])
        assert.ok(
          !isRead(`${HEAD.replace(new RegExp(`"${key}": "."`), `"${key}": "${id}"`)}{"host": "h"}${TAIL}}`),
        );
  });

  it('reads any host, project and service', () => {
    const sql = (host: string) => `{"db": {"statement": "SELECT 1", "params": {}}, "host": "${host}"}`;
    for (const host of ['h', '', 'a}b', '}}', '\\u00e9', '\\"', '__type__', 'x'.repeat(2_000)])
      for (const info of [`{"host": "${host}"}`, sql(host)])
        for (const tail of [TAIL, TAIL.replace('nova', 'a}b'), TAIL.replace('api', 'x'.repeat(2_000))])
          isRead(`${HEAD}${info}${tail}}`);
    assert.ok(isRead(`${HEAD}${sql('\\u00e9')}${TAIL}}`));
  });

  it('leaves a message to the codec that is cut off or goes on', () => {
    const text = `${HEAD}{"host": "h"}${TAIL}, "_context_user": null}`;
    for (let length = 0; length < text.length; length++) assert.ok(!isRead(text.slice(0, length)));
    for (const end of ['x', '}', ', ', '\0']) assert.ok(!isRead(text + end));
  });

  it('is not misled by an info that holds what elsewhere ends it', () => {
    const inner = '{"a": 1, "project": "x", "service": "y"}';
    isRead(`${HEAD}{"x": ${inner}, "host": "h"}${TAIL}}`);
    isRead(`${HEAD}{"x": ", \\"project\\": \\"", "host": "h"}${TAIL}}`);
    isRead(`${HEAD}{"db": {"statement": "s", "params": {"a": {}, "host": "h"}}, "host": "h"}${TAIL}}`);
    isRead(`${HEAD}{"db": {"statement": "s", "params": {"a": {}}, "host": "x"}, "host": "h"}${TAIL}}`);
    isRead(`${HEAD}{"db": {"statement": "s\\\\", "params": [1]}, "host": "h"}${TAIL}}`);
    isRead(`${HEAD}{"db": {"statement": "s\\", "params": [1]}, "host": "h"}${TAIL}}`);
  });

  it('reads the values that are Python’s own, of any depth that is allowed', () => {
    const values = [
      ...['NaN', '-Infinity', '12345678901234567890', '1e999', '{"__type__": "decimal", "__value__": "1"}'],
      ...[1, 90, 94, 95, 96, 97, 98, 99, 100].map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    ];
    for (const value of values) {
      isRead(`${HEAD}{"x": ${value}, "host": "h"}${TAIL}}`);
      isRead(`${HEAD}${value}${TAIL}}`);
      isRead(`${HEAD}{"db": {"statement": "s", "params": ${value}}, "host": "h"}${TAIL}}`);
      isRead(`${HEAD}{"host": "h"}${TAIL}, "_context_x": ${value}}`);
    }
  });

  it('reads parameters of every kind', () => {
    const lists = [
      '[]',
      '["a", 1]',
      '[{"a": 1}, {"a": 2}]',
      '{"a": {"b": [1]}}',
      '{"a": 1.5, "b": -0, "c": 1e3}',
    ];
    const flat = [
      '{}',
      '{"a": "b", "c": null, "d": true, "e": -12, "f": 12345678901234567890}',
      '{"a": 1, "a": 2}',
      `{"a": ${'1'.repeat(4_300)}}`,
    ];
    for (const params of [...lists, ...flat, '{"__type__": "uuid", "__value__": {"hex": "0"}}'])
      assert.ok(
        isRead(`${HEAD}{"db": {"statement": "s", "params": ${params}}, "host": "h"}${TAIL}}`),
        params,
      );
    for (const params of [
      '{"a": 1, }',
      '{, "a": 1}',
      '{"a" 1}',
      '{"a": 01}',
      `{"a": ${'1'.repeat(4_301)}}`,
      '{"a": }',
      '{"a": 1',
      '"a"}',
      '',
    ])
      assert.ok(
        !isRead(`${HEAD}{"db": {"statement": "s", "params": ${params}}, "host": "h"}${TAIL}}`),
        params,
      );
  });

  it('gives one key to all that say the same, however many senders and names there are', () => {
    const keys = new Map<string, number>();
    for (let at = 0; at < 6_000; at++) {
      const tail = TAIL.replace('nova', `project-${at % 50}`);
      const info =
        at % 3 === 0 ? '{"host": "h"}' : '{"db": {"statement": "SELECT 2", "params": {}}, "host": "h"}';
      const text = `${WITH_UUIDS.replace('db-start', `name-${at % 4}-start`)}${info}${tail}}`;
      const { templateKey, timestamp: _timestamp, ...rest } = lean.read(Buffer.from(text))!;
      assert.ok(templateKey !== undefined);
      const what = JSON.stringify(rest);
      assert.equal(keys.get(what) ?? templateKey, templateKey);
      keys.set(what, templateKey);
    }
    assert.equal(new Set(keys.values()).size, keys.size);
    assert.equal(keys.size, 200);
  });

  it('gives no key to what has other ids than UUIDs, nor where parameters are wanted', () => {
    const sql = '{"db": {"statement": "SELECT 1", "params": {}}, "host": "h"}';
    const keyOf = (text: string, reader = lean) => reader.read(Buffer.from(text))?.templateKey;
    assert.notEqual(keyOf(`${WITH_UUIDS}${sql}${TAIL}}`), undefined);
    assert.equal(keyOf(`${WITH_UUIDS}${sql}${TAIL}}`, full), undefined);
    assert.notEqual(keyOf(`${WITH_UUIDS}{"host": "h"}${TAIL}}`, full), undefined);
    for (const id of ['b', UUID_ID.toUpperCase(), `${UUID_ID.slice(0, 19)}0000-000000000000`])
      assert.equal(keyOf(`${WITH_UUIDS.replace(UUID_ID, id)}${sql}${TAIL}}`), undefined);
    assert.equal(keyOf(`${WITH_UUIDS}{"request": {"path": "/"}, "host": "h"}${TAIL}}`), undefined);
  });

  it('gives a key to any other info from its second time on', () => {
    const reader = new MessageReader(false);
    const read = (path: string, text = WITH_UUIDS) =>
      reader.read(Buffer.from(`${text}{"request": {"path": "${path}"}, "host": "h"}${TAIL}}`))!;
    assert.equal(read('/a').templateKey, undefined);
    const { templateKey, info } = read('/a');
    assert.ok(templateKey !== undefined);
    assert.deepEqual(info, { request: { path: '/a' }, host: 'h' });
    assert.equal(read('/a').templateKey, templateKey);
    assert.notEqual(read('/a', WITH_UUIDS.replace('db-start', 'wsgi-start')).templateKey, templateKey);
    assert.equal(read('/b').templateKey, undefined);
    assert.equal(read('/a', HEAD).templateKey, undefined);
  });

  it('reads as the codec does, however messages are damaged', () => {
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
        isRead(whole.slice(0, from) + piece + end);
      }),
      { numRuns: 3_000, seed: 5 },
    );
  });
});
