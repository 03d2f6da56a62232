import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expandReferences, type IniSections, parseOsloIni } from '../../src/oslo/ini.js';

function sections(text: string): IniSections {
  const parsed = parseOsloIni(text, 'nova.conf');
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem);
  return parsed.sections;
}

function texts(text: string, section: string, key: string): string[] {
  return (sections(text).get(section)?.get(key) ?? []).map((value) => value.text);
}

function expanded(text: string, section = 'DEFAULT', key = 'x') {
  const parsed = sections(text);
  const value = parsed.get(section)?.get(key)?.at(-1);
  assert.ok(value);
  return expandReferences(parsed, section, value);
}

describe('a file of oslo.config', () => {
  it('has assignments with = or :, whichever comes first', () => {
    assert.deepEqual(texts('[DEFAULT]\nx = a:b=c\n', 'DEFAULT', 'x'), ['a:b=c']);
    assert.deepEqual(texts('[DEFAULT]\nx:a=b', 'DEFAULT', 'x'), ['a=b']);
    assert.deepEqual(texts('[DEFAULT]\nx = 1', 'DEFAULT', 'x'), ['1']);
  });

  it('has comments only at the beginning of a line, so values may contain # and ;', () => {
    const text = '# one\n[DEFAULT]\n; two\nx = rabbit://u:p#w;x@h # y\n';
    assert.deepEqual(texts(text, 'DEFAULT', 'x'), ['rabbit://u:p#w;x@h # y']);
  });

  it('continues a value over indented lines until an empty line, whatever they begin with', () => {
    assert.deepEqual(texts('[DEFAULT]\nx = a,\n  b,\n\t# c\n\ny = 1', 'DEFAULT', 'x'), ['a,\nb,\n# c']);
  });

  it('takes one pair of quotes round a value off', () => {
    for (const [written, value] of [
      ['"a b"', 'a b'],
      ["' a'", ' a'],
      ['"a\'', '"a\''],
      ['"', ''],
      ['a"b"', 'a"b"'],
      ['""a""', '"a"'],
    ] as const) {
      assert.deepEqual(texts(`[DEFAULT]\nx = ${written}`, 'DEFAULT', 'x'), [value]);
    }
  });

  it('collects values of repeated keys and repeated sections, whose case does not count', () => {
    const text = '[Nova]\nx=1\nx=2\n[DEFAULT]\nx=9\n[nova]\nx=3\r\n[default]\nx=8';
    assert.deepEqual(texts(text, 'nova', 'x'), ['1', '2', '3']);
    assert.deepEqual(texts(text, 'DEFAULT', 'x'), ['9']);
  });

  it('is refused with the number of the line and without its text', () => {
    for (const [text, expected] of [
      ['[DEFAULT]\nsecret', 'line 2 is no assignment: expected name = value'],
      ['[DEFAULT]\n= secret', 'line 2 is no assignment: expected name = value'],
      [
        '[DEFAULT]\n\n secret = 1',
        'line 3 is indented but continues no assignment: remove the space in front',
      ],
      [
        '[DEFAULT]\nx=1\n# c\n secret',
        'line 4 is indented but continues no assignment: remove the space in front',
      ],
      ['secret = 1', 'line 1 stands before the first section: expected [DEFAULT] above it'],
      ['[secret', 'line 1 is no section: expected [name] and nothing after it'],
      ['[secret] # c', 'line 1 is no section: expected [name] and nothing after it'],
      ['[]', 'line 1 is no section: expected [name] and nothing after it'],
    ] as const) {
      assert.deepEqual(
        parseOsloIni(text, 'nova.conf'),
        { ok: false, problem: `nova.conf: ${expected}` },
        text,
      );
    }
  });

  it('gives back any value that was written on one line without quotes', () => {
    const value = fc
      .string({ unit: fc.constantFrom(...'ab#;$=:[]@/%\\"\' \t'), maxLength: 20 })
      .map((text) => text.trim())
      .filter((text) => !/^["']/.test(text));
    fc.assert(
      fc.property(value, (text) => assert.deepEqual(texts(`[DEFAULT]\nx =${text}`, 'DEFAULT', 'x'), [text])),
      { seed: 4, numRuns: 300 },
    );
  });
});

describe('a value of oslo.config', () => {
  it('refers to options of its own section, of [DEFAULT] and of others', () => {
    const text = `
[DEFAULT]
my_ip = 10.0.0.1
x = $my_ip:\${my_ip}x \${nova.port}
[nova]
port = 1
my_ip = $port
x = $my_ip-\${my_ip}-$transport
transport = t$$
`;
    assert.deepEqual(expanded(text), { ok: true, value: '10.0.0.1:10.0.0.1x 1' });
    assert.deepEqual(expanded(text, 'nova'), { ok: true, value: '1-1-t$' });
  });

  it('writes a dollar sign as $$ or \\$, and alone where no name follows', () => {
    assert.deepEqual(expanded('[DEFAULT]\nx = a$$b\\$c$1$ $$$y\ny=z'), { ok: true, value: 'a$b$c$1$ $z' });
  });

  it('is a problem when it refers to nothing in the file or to itself', () => {
    const missing = 'refers with $ to an option that is not set (a dollar sign itself is written $$)';
    for (const text of [
      'x = a$secret',
      `x = \${DEFAULT.y}\ny=1`,
      `x = \${nova.x}`,
      'y = $secret\nx = $z\nz=$w',
    ]) {
      const got = expanded(`[DEFAULT]\n${text}`);
      assert.ok(!got.ok && got.problem.endsWith(missing), text);
      assert.doesNotMatch(got.problem, /secret/);
    }
    assert.deepEqual(expanded('[DEFAULT]\nx=$y\ny=$x'), {
      ok: false,
      problem: 'nova.conf: line 2 refers with $ to itself',
    });
  });
});
