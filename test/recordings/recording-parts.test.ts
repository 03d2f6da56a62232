import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Part, PartSplitter } from '../../src/recordings/recording-parts.js';
import { property } from '../support/notifications.js';

function split(chunks: readonly Buffer[], maxReportBytes = 1000, maxLineBytes = 1000): string[] {
  const splitter = new PartSplitter({ maxLineBytes, maxReportBytes });
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()].map(describePart);
}

function splitText(text: string, maxReportBytes?: number): string[] {
  return split([Buffer.from(text)], maxReportBytes);
}

function describePart(part: Part): string {
  switch (part.kind) {
    case 'line':
      return `line ${part.number} ${part.bytes}`;
    case 'report':
      return `report ${part.bytes}`;
    case 'bad report':
      return part.problem;
    case 'too long':
      return `line ${part.number} too long`;
  }
}

const ONE_LINE = '{"info": {"name": "total"}, "children": [{"a": "}]"}], "stats": {"x": {"count": 1}}}';
const INDENTED = JSON.stringify(JSON.parse(ONE_LINE), null, 2);
const NODE = '{"info": {"x": [1, -2.5e+3, null, NaN]}, "children": []}';

describe('the parts of a recording', () => {
  it('are whole reports when it begins with one, on one line or many, whatever the order of keys', () => {
    assert.deepEqual(splitText(`${ONE_LINE}\n`), [`report ${ONE_LINE}`]);
    assert.deepEqual(splitText(`\uFEFF\n ${INDENTED}\r\n\n`), [`report \uFEFF\n ${INDENTED}`]);
    const sorted = '{"children":[],\n"info":\n{},"stats":{}}';
    assert.deepEqual(splitText(sorted), [`report ${sorted}`]);
  });

  it('are lines when it begins with anything else', () => {
    for (const first of [
      '{"exchange": "nova", "body": "{\\"info\\": {}, \\"children\\": []}"}',
      '{"payload": {"info": {}, "children": []}}',
      '{"info": {"children": []}, "base_id": "x"}',
      '{"info": "x", "children": "y"}',
      '{"info": [], "children": {}}',
      '[{"info": {}, "children": []}]',
      'no JSON',
      '"info"',
      '{',
      '}',
      '{"info": {"torn": "of',
      '{"info": {"torn":',
      '{"info": {"torn": 1',
      '{"info": {"torn": [1,',
      '{"info": {"torn": "x"',
      '{]',
      '{"a" "b"}',
      '{,}',
      '{"a":,1}',
      '{"a":1,}',
      '{"a":[1,]}',
      '{"a":}',
      '{true}',
    ]) {
      const second = '{"exchange": "nova"}';
      const third = '{"exchange": "glance"}';
      assert.deepEqual(
        splitText(`${first}\n${second}\n${third}`),
        [`line 1 ${first}`, `line 2 ${second}`, `line 3 ${third}`],
        first,
      );
    }
  });

  it('are nothing when it is empty or blank', () => {
    assert.deepEqual(splitText(''), []);
    assert.deepEqual(splitText('\n \r\n'), []);
  });

  it('may be several reports, with lines after them', () => {
    assert.deepEqual(splitText(`${ONE_LINE}\n${INDENTED}${NODE}\n{"a": 1}\n${ONE_LINE}`), [
      `report ${ONE_LINE}`,
      `report \n${INDENTED}`,
      `report ${NODE}`,
      'line 2 {"a": 1}',
      `line 3 ${ONE_LINE}`,
    ]);
  });

  it('end at a report that is torn', () => {
    for (const end of [INDENTED.length - 1, INDENTED.length - 20, INDENTED.indexOf('"a"')]) {
      assert.deepEqual(splitText(INDENTED.slice(0, end)), ['torn'], `${end}`);
    }
    assert.deepEqual(splitText('{"info": {}, "children": [}\n{"a": 1}'), ['torn']);
    assert.deepEqual(splitText(`{"info": {}, "children": ["a\n"]}\n${ONE_LINE}`), ['torn']);
  });

  it('end at a report that is too long', () => {
    assert.deepEqual(splitText(`${ONE_LINE}\n`, ONE_LINE.length - 1), ['too long']);
    assert.deepEqual(splitText(`${ONE_LINE}\n`, ONE_LINE.length), [`report ${ONE_LINE}`]);
  });

  it('are lines when a document goes on beyond the bound without having shown itself to be a report', () => {
    const text = `{"info": {"x": "${'y'.repeat(40)}"}}`;
    assert.deepEqual(split([Buffer.from(text.slice(0, 30)), Buffer.from(text.slice(30))], 20), [
      `line 1 ${text}`,
    ]);
    assert.deepEqual(split([Buffer.from(text)], 20, 30), ['line 1 too long']);
  });

  it('are the same however the stream is cut', () => {
    const piece = fc.constantFrom(
      ONE_LINE,
      INDENTED,
      NODE,
      '\n',
      ' ',
      '{',
      '}',
      '"\\',
      '"info"',
      ':',
      ',',
      'é',
      '\uFEFF',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.nat(600), { maxLength: 8 }),
        (pieces, cuts) => {
          const whole = Buffer.from(pieces.join(''));
          const edges = [0, ...cuts.sort((a, b) => a - b), whole.length];
          const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
          assert.deepEqual(split(chunks, 5000, 5000), split([whole], 5000, 5000));
        },
      ),
      property(400),
    );
  });

  it('take any JSON object for one document, ended where it ends', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const report = fc.record({
      info: fc.dictionary(fc.string(), json),
      children: fc.array(json),
      more: json,
    });
    fc.assert(
      fc.property(report, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(splitText(`${text}${ONE_LINE}`, 1_000_000), [
          `report ${text}`,
          `report ${ONE_LINE}`,
        ]);
      }),
      property(300),
    );
  });
});
