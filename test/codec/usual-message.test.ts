/** What is read on the short way must be what the full decoder reads, or nothing. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decode, decodeFully } from '../../src/codec/envelope.js';
import { type Gist, gistOf, saysNothing } from '../../src/codec/gists.js';
import { isObject, type PyObject, type PyValue } from '../../src/codec/python-json.js';
import type { TraceEvent } from '../../src/codec/trace-event.js';
import { readUsualMessage } from '../../src/codec/usual-message.js';
import { captureNames, readCapture } from '../support/captures.js';

const HEAD =
  '{"message_id": "m", "publisher_id": "p", "event_type": "profiler.api", "priority": "INFO", "payload": ' +
  '{"name": "db-start", "base_id": "b", "trace_id": "t", "parent_id": "b", ' +
  '"timestamp": "2026-11-22T07:16:10.147459", "info": ';
const TAIL =
  ', "project": "nova", "service": "api"}, "timestamp": "2026-11-22 07:16:10.1", "_unique_id": "u"';

/** Whether the short way was taken; it must agree with the full one, with parameters and without. */
function isUsual(text: string): boolean {
  const body = Buffer.from(text, 'latin1');
  const read = readUsualMessage(body);
  const short = readUsualMessage(body, false);
  assert.equal(short === undefined, read === undefined, text);
  if (read === undefined || short === undefined) return false;
  const full = decodeFully(text);
  assert.deepStrictEqual({ kind: 'event', event: read }, full, text);
  const isShort = gistOf(short)?.statement !== undefined;
  assert.deepStrictEqual(short, isShort ? { ...read, info: withoutParams(read.info) } : read);
  assertGist(short, hasOnlySql(read.info) ? (read.info['db'] as PyObject)['statement'] : undefined);
  assert.equal(gistOf(read)?.statement, undefined, 'its parameters are more than a gist says');
  return true;
}

function hasOnlySql(info: PyObject): boolean {
  return keysOf(info) === 'db,host' && isObject(info['db']) && keysOf(info['db']) === 'statement,params';
}

function withoutParams({ db, host }: PyObject): PyObject {
  return { db: { statement: (db as PyObject)['statement'] as PyValue }, host: host as PyValue };
}

const keysOf = (object: object) => Object.keys(object).join();

const gists = new Map<string, Gist>();

/** It says all that there is to say, and there is one of each. */
function assertGist(notification: TraceEvent, statement: PyValue | undefined): void {
  const gist = gistOf(notification);
  const { name, project, service, info } = notification;
  assert.equal(saysNothing(notification), gist !== undefined && gist.statement === undefined);
  if (gist === undefined) return;
  assert.ok(typeof info['host'] === 'string' && (typeof statement === 'string' || keysOf(info) === 'host'));
  assert.deepEqual(gist, { name, project, service, statement });
  const key = JSON.stringify(gist);
  assert.equal(gists.get(key) ?? gist, gist);
  gists.set(key, gist);
}

const plain = captureNames()
  .flatMap((name) => readCapture(name).map(({ body }) => body.toString('utf8')))
  .filter((text) => /^[\x20-\x7e]*$/.test(text));

describe('messages as they usually are', () => {
  it('are most of what services send, and read as by the full decoder', () => {
    const boot = readCapture('nova-server-boot-no-valid-host').map(({ body }) => body.toString('latin1'));
    assert.equal(boot.filter(isUsual).length, boot.length);
    for (const text of plain) isUsual(text);
    const short = boot.map((text) => readUsualMessage(Buffer.from(text, 'latin1'), false)!);
    const withGist = short.filter((notification) => gistOf(notification) !== undefined);
    assert.ok(withGist.length > 0.8 * boot.length, `${withGist.length} of ${boot.length}`);
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

  it('are ASCII: whatever byte in whatever place is none, is read as by the full decoder', () => {
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
            const read = readUsualMessage(body, false);
            assert.equal(read, undefined, place);
            assert.equal(readUsualMessage(body, true), undefined, place);
            const full = isUtf8(body) ? decodeFully(body.toString()) : undefined;
            const decoded = decode(body);
            if (full === undefined) assert.equal((decoded as { reason?: string }).reason, 'not-utf-8', place);
            else assert.deepStrictEqual(decoded, full, place);
          }
  });

  it('say nothing twice that matters', () => {
    for (const key of ['payload', 'event_type', 'oslo.message', 'pay\\u006coad'])
      assert.ok(!isUsual(`${HEAD}{"host": "h"}${TAIL}, "${key}": 1}`), key);
    assert.ok(isUsual(`${HEAD}{"host": "h"}${TAIL}, "message_id": 1}`));
  });

  it('have ids of any kind, and none that are escaped', () => {
    const uuid = '05f7ba29-f4f3-423a-9d56-3fde5b7883e9';
    for (const id of [uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), 'any', ''])
      assert.ok(
        isUsual(`${HEAD.replaceAll('"b"', `"${id}"`).replace('"t"', `"${id}"`)}{"host": "h"}${TAIL}}`),
      );
    for (const id of ['\\u0062', uuid.replace('0', '\\u0030')])
      for (const key of ['base_id', 'trace_id', 'parent_id', 'message_id'])
        assert.ok(
          !isUsual(`${HEAD.replace(new RegExp(`"${key}": "."`), `"${key}": "${id}"`)}{"host": "h"}${TAIL}}`),
        );
  });

  it('come from any host, project and service', () => {
    const sql = (host: string) => `{"db": {"statement": "SELECT 1", "params": {}}, "host": "${host}"}`;
    for (const host of ['h', '', 'a}b', '}}', '\\u00e9', '\\"', '__type__', 'x'.repeat(2_000)])
      for (const info of [`{"host": "${host}"}`, sql(host)])
        for (const tail of [TAIL, TAIL.replace('nova', 'a}b'), TAIL.replace('api', 'x'.repeat(2_000))])
          isUsual(`${HEAD}${info}${tail}}`);
    assert.ok(isUsual(`${HEAD}${sql('\\u00e9')}${TAIL}}`));
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

  it('may hold parameters of every kind', () => {
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
        isUsual(`${HEAD}{"db": {"statement": "s", "params": ${params}}, "host": "h"}${TAIL}}`),
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
        !isUsual(`${HEAD}{"db": {"statement": "s", "params": ${params}}, "host": "h"}${TAIL}}`),
        params,
      );
  });

  it('have a gist each, however many speakers and names there are', () => {
    gists.clear();
    for (let at = 0; at < 3_000; at++) {
      const tail = TAIL.replace('nova', `project-${at % 50}`);
      const info =
        at % 3 === 0 ? '{"host": "h"}' : '{"db": {"statement": "SELECT 2", "params": {}}, "host": "h"}';
      const text = `${HEAD.replace('db-start', `name-${at % 40}-start`)}${info}${tail}}`;
      const read = readUsualMessage(Buffer.from(text), false)!;
      const gist = gistOf(read);
      assert.deepEqual([gist?.name, gist?.project], [read.name, read.project]);
    }
  });

  it('have the gist of what they say when they were changed, or none', () => {
    const text = `${HEAD}{"db": {"statement": "SELECT 1", "params": {}}, "host": "h"}${TAIL}}`;
    const read = readUsualMessage(Buffer.from(text), false)!;
    assert.deepEqual(gistOf({ ...read, name: 'other' }), { ...gistOf(read), name: 'other' });
    assert.deepEqual(gistOf({ ...read, service: 'other' }), { ...gistOf(read), service: 'other' });
    assert.equal(gistOf({ ...read, info: { ...read.info } }), undefined);
    assert.equal(gistOf({ ...read, host: 'other' }), undefined);
  });

  it('share nothing that a caller could write to', () => {
    for (const info of ['{"host": "h"}', '{"db": {"statement": "SELECT 1", "params": {}}, "host": "h"}']) {
      const text = `${HEAD}${info}${TAIL}}`;
      const read = readUsualMessage(Buffer.from(text), false)?.info;
      assert.throws(() => {
        Object.assign(read ?? {}, { host: 'other' });
      }, TypeError);
      for (const inner of Object.values(read ?? {})) assert.ok(Object.isFrozen(inner));
    }
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
