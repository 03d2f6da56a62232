import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isObject, MAX_DEPTH, own, type PyValue, parsePythonJson } from '../../src/python-json/parse.js';
import { parseExactly } from '../../src/python-json/parse-exactly.js';
import { property } from '../support/notifications.js';

describe("Python's JSON", () => {
  it('may hold NaN and the infinities', () => {
    assert.deepEqual(read('[NaN, Infinity, -Infinity, 1.5]'), [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1.5,
    ]);
  });

  it('may hold integers of any size, exactly', () => {
    assert.equal(read('1180591620717411303424'), 2n ** 70n);
    assert.equal(read('-9007199254740993'), -9007199254740993n);
    assert.equal(read('9007199254740991'), 9007199254740991);
    assert.equal(read('1e400'), Number.POSITIVE_INFINITY);
    assert.equal(read('12345678901234567890.0'), 1.2345678901234567e19);
  });

  it('may hold lone surrogates', () => {
    assert.equal(read('"\\ud800x"'), '\ud800x');
    assert.deepEqual(read('["\\udc00", 1234567890123456]'), ['\udc00', 1234567890123456]);
  });

  it('keeps a member called __proto__ as an ordinary one', () => {
    for (const text of ['{"__proto__": {"x": 1}}', '{"__proto__": {"x": 1}, "n": NaN}']) {
      const parsed = parsePythonJson(text);
      assert.ok(parsed.ok && isObject(parsed.value));
      assert.deepEqual(own(parsed.value, '__proto__'), { x: 1 });
      assert.equal(own(parsed.value, 'toString'), undefined);
      assert.equal(Object.getPrototypeOf(parsed.value), Object.prototype);
    }
  });

  it('takes the last of two equal members', () => {
    assert.deepEqual(read('{"a": 1, "a": 2}'), { a: 2 });
    assert.deepEqual(read('{"a": NaN, "a": 2}'), { a: 2 });
    assert.deepEqual(Object.keys(read('{"__proto__": NaN, "__proto__": 2}') as object), ['__proto__']);
  });

  it('is refused where Python refuses it', () => {
    const wrong = [
      '',
      ' ',
      '{',
      '[1,]',
      '{"a":1,}',
      "{'a': 1}",
      '{a: 1}',
      '01',
      '+1',
      '.5',
      '1.',
      '- 1',
      'nan',
      'NaNN',
      '-NaN',
      'infinity',
      'undefined',
      '"\t"',
      '"\\x41"',
      '"\\u12g4"',
      '"open',
      '[NaN',
      '[NaN}',
      '{"a" NaN}',
      '{"a": NaN "b": 1}',
      'NaN NaN',
      '\ufeff{}',
      '[NaN,\u00a01]',
    ];
    for (const text of wrong) {
      const parsed = parsePythonJson(text);
      assert.ok(!parsed.ok && parsed.reason === 'not-json', JSON.stringify(text));
    }
  });

  it('says where it went wrong without quoting more than a character', () => {
    const parsed = parsePythonJson('{"password": hunter2, "n": NaN}');
    assert.ok(!parsed.ok);
    assert.match(parsed.detail, /character 13/);
    assert.doesNotMatch(parsed.detail, /unter|2/);
  });

  it('is refused when it is nested too deep, by either parser, and never overflows the stack', () => {
    const nested = (depth: number, core: string) => `${'['.repeat(depth)}${core}${']'.repeat(depth)}`;
    for (const core of ['1', 'NaN']) {
      assert.ok(parsePythonJson(nested(MAX_DEPTH, core)).ok);
      for (const depth of [MAX_DEPTH + 1, 100_000]) {
        const parsed = parsePythonJson(nested(depth, core));
        assert.ok(!parsed.ok && parsed.reason === 'too-deep', `${depth} levels round ${core}`);
      }
    }
    const objects = parsePythonJson(`${'{"a":'.repeat(50_000)}NaN${'}'.repeat(50_000)}`);
    assert.ok(!objects.ok && objects.reason === 'too-deep');
  });

  it('is refused when an integer has more digits than Python reads', () => {
    assert.equal(read('9'.repeat(4300)), BigInt('9'.repeat(4300)));
    assert.equal(read(`-${'9'.repeat(4300)}`), BigInt(`-${'9'.repeat(4300)}`));
    const parsed = parsePythonJson('9'.repeat(4301));
    assert.ok(!parsed.ok && parsed.reason === 'not-json');
  });

  it("reads kombu's tagged values as plain text", () => {
    const tagged = {
      when: { __type__: 'datetime', __value__: '2026-11-22T07:29:39' },
      cost: { __type__: 'decimal', __value__: '1.10' },
      raw: { __type__: 'base64', __value__: 'gA==' },
      id: { __type__: 'uuid', __value__: { hex: '0123456789abcdef0123456789abcdef' } },
      list: [{ __type__: 'date', __value__: '2026-11-22' }],
    };
    assert.deepEqual(read(JSON.stringify(tagged)), {
      when: '2026-11-22T07:29:39',
      cost: '1.10',
      raw: 'gA==',
      id: '01234567-89ab-cdef-0123-456789abcdef',
      list: ['2026-11-22'],
    });
  });

  it('reads a tag that is written with an escape', () => {
    assert.equal(read(String.raw`{"_\u005ftype__": "decimal", "__value__": "1"}`), '1');
  });

  it('leaves objects alone that only look tagged', () => {
    const ordinary = [
      { __type__: 'datetime' },
      { __type__: 'datetime', __value__: 'x', more: 1 },
      { __type__: 1, __value__: 'x' },
      { __type__: 'uuid', __value__: { hex: 'short' } },
      { __type__: 'decimal', __value__: 5 },
    ];
    for (const value of ordinary) assert.deepEqual(read(JSON.stringify(value)), value);
  });

  it('that JavaScript wrote is read alike by both parsers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, isSpaced) => {
        const text = JSON.stringify(value, null, isSpaced ? '\t' : undefined);
        const slow = parseExactly(text, MAX_DEPTH);
        assert.ok(slow.ok);
        assert.deepEqual(rounded(slow.value), JSON.parse(text));
      }),
      property(500),
    );
  });

  it('never makes the parser throw, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\u',
        'd8',
        '00',
        '1',
        '-',
        '.',
        'e',
        'NaN',
        'true',
        ' ',
        '_',
        '"a"',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const slow = parseExactly(text, MAX_DEPTH);
        let fast: { ok: boolean; value?: unknown };
        try {
          fast = { ok: true, value: JSON.parse(text) };
        } catch {
          fast = { ok: false };
        }
        if (fast.ok) assert.deepEqual(slow, fast);
        else if (!text.includes('NaN')) assert.equal(slow.ok, false);
      }),
      property(3000),
    );
  });
});

function read(text: string): PyValue {
  const parsed = parsePythonJson(text);
  assert.ok(parsed.ok, `${text}: ${parsed.ok || parsed.detail}`);
  return parsed.value;
}

/** With doubles where there are bigints, as JSON.parse() has it. */
function rounded(value: PyValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(copy, key, {
      value: rounded(item),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
