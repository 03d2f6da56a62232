/** Identifiers against osprofiler's own and Python's UUIDs, so that fleets with its drivers and this join in one trace. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toSpanId, toTraceId } from '../../src/mapping/ids.js';
import { parsePythonUuid } from '../../src/mapping/python-uuid.js';
import { askPython } from '../integration/python.js';

const OSPROFILER = `
import json, sys, uuid
from osprofiler import _utils
table = []
for text in json.load(sys.stdin):
    value = int(text[4:]) if text.startswith('int ') else text
    whole = value if isinstance(value, int) else uuid.UUID(value).int
    table.append([format(whole, '032x'), format(_utils.shorten_id(value), '016x')])
print(json.dumps(table))
`;

const PYTHON = `
import json, sys, uuid
table = []
for text in json.load(sys.stdin):
    try:
        table.append(uuid.UUID(text).hex)
    except ValueError:
        table.append(None)
print(json.dumps(table))
`;

const SAMPLES = { seed: 20_261_122, numRuns: 3_000 };

describe('ids', () => {
  it("of UUIDs and integers are those of osprofiler's own drivers", () => {
    const uuids = fc.sample(fc.uuid(), SAMPLES);
    const forms = uuids.map(
      (uuid, index) => [uuid, uuid.toUpperCase(), `{${uuid}}`, `urn:uuid:${uuid}`][index % 4]!,
    );
    const integers = fc.sample(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), { ...SAMPLES, numRuns: 200 });
    const table = askPython(OSPROFILER, [...forms, ...integers.map((id) => `int ${id}`)]) as [
      string,
      string,
    ][];
    for (const [index, id] of [...forms, ...integers].entries()) {
      const [traceId, spanId] = table[index]!;
      if (!/^0+$/.test(traceId)) assert.equal(toTraceId(id), traceId, String(id));
      if (!/^0+$/.test(spanId)) assert.equal(toSpanId(id), spanId, String(id));
    }
  });

  it('are read as UUIDs where Python reads them so, and nowhere else', () => {
    const digit = fc.constantFrom(...'0123456789abcdefABCDEF');
    const odd = fc.constantFrom(
      ...[
        '-',
        '_',
        '+',
        ' ',
        '{',
        '}',
        'x',
        '0x',
        'urn:',
        'uuid:',
        '\n',
        '\u001c',
        '\u0085',
        '\u00a0',
        '\u2003',
      ],
      ...[
        '\u3000',
        '\ufeff',
        '\u200b',
        '１',
        '٣',
        '९',
        '๓',
        '𝟙',
        '²',
        'Ⅷ',
        'g',
        'é',
        '\ud800',
        '一',
        '೬',
        '𞥐',
      ],
    );
    const mixed = fc.array(fc.oneof({ weight: 30, arbitrary: digit }, { weight: 1, arbitrary: odd }), {
      minLength: 31,
      maxLength: 34,
    });
    const exact = fc
      .tuple(
        fc.array(digit, { minLength: 30, maxLength: 32 }),
        fc.array(fc.tuple(odd, fc.nat(32)), { maxLength: 3 }),
      )
      .map(([digits, odds]) => odds.reduce((text, [piece, at]) => text.toSpliced(at, 0, piece), digits));
    const texts = [
      ...fc.sample(mixed, SAMPLES).map((pieces) => pieces.join('')),
      ...fc.sample(exact, SAMPLES).map((pieces) => pieces.join('')),
    ];
    const table = askPython(PYTHON, texts) as (string | null)[];
    assert.ok(table.filter((hex) => hex !== null).length > 500, 'enough of them are read');
    for (const [index, text] of texts.entries()) {
      assert.equal(parsePythonUuid(text) ?? null, table[index], JSON.stringify(text));
    }
  });
});
