import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Document, DocumentAssembler } from '../../src/recordings/documents.js';
import { LineSplitter } from '../../src/recordings/lines.js';
import { property } from '../support/notifications.js';

function assemble(chunks: readonly Buffer[], maxBytes = 1_000_000, maxLineBytes = 1_000_000): string[] {
  const lines = new LineSplitter(maxLineBytes);
  const documents = new DocumentAssembler(maxBytes);
  const found: Document[] = [];
  for (const chunk of chunks) for (const line of lines.push(chunk)) found.push(...documents.push(line));
  for (const line of lines.end()) found.push(...documents.push(line));
  found.push(...documents.end());
  return found.map(describeDocument);
}

function assembleText(text: string, maxBytes?: number): string[] {
  return assemble([Buffer.from(text)], maxBytes);
}

function describeDocument(document: Document): string {
  switch (document.kind) {
    case 'line':
    case 'document':
      return `${document.kind} ${document.number} ${document.bytes}`;
    case 'too long':
      return `line ${document.number} too long`;
    case 'unreadable':
      return document.problem;
  }
}

const VALUE = { info: { name: '}"]' }, children: [{ a: ['{', 1, [], {}] }] };
const INDENTED = JSON.stringify(VALUE, null, 2);
const ONE_LINE = JSON.stringify(VALUE);

describe('documents', () => {
  it('are the lines of a recording, torn ones too', () => {
    for (const line of [
      ONE_LINE,
      'no JSON',
      '{}',
      '[]',
      '}',
      '{"info": {"torn": "of',
      '{"info": {"torn":',
      '{"info": {"torn": [1,',
      '{"info": [{',
    ]) {
      assert.deepEqual(assembleText(`${line}\n${ONE_LINE}`), [`line 1 ${line}`, `line 2 ${ONE_LINE}`], line);
    }
  });

  it('are whole where they are printed over several lines', () => {
    assert.deepEqual(assembleText(`\uFEFF\n${INDENTED}\n\n`), [`document 2 ${INDENTED}`]);
    const lines = `[\n${ONE_LINE},\n${ONE_LINE}\n]`;
    assert.deepEqual(assembleText(lines), [`document 1 ${lines}`]);
  });

  it('may follow each other with and without a line end, and lines may follow them', () => {
    const { length } = INDENTED.split('\n');
    assert.deepEqual(assembleText(`${INDENTED}${INDENTED}\n${ONE_LINE}\n${INDENTED}`), [
      `document 1 ${INDENTED}`,
      `document ${length} ${INDENTED}`,
      `line ${2 * length} ${ONE_LINE}`,
      `document ${2 * length + 1} ${INDENTED}`,
    ]);
  });

  it('end with one that is torn, too long, or has a line that is', () => {
    assert.deepEqual(assembleText(INDENTED.slice(0, -3)), ['it ends before its brackets are closed']);
    assert.deepEqual(assembleText(`${INDENTED}\n${INDENTED}`, 20), ['it is longer than 20 bytes']);
    const long = assemble([Buffer.from(`{\n"${'x'.repeat(50)}": 1\n}\nline`)], 1000, 40);
    assert.deepEqual(long, ['one of its lines is too long']);
  });

  it('of an HTML page are the data of osprofiler alone', () => {
    const page = (data: string) =>
      `<!doctype html>\n<script>\n{\n  var OSProfilerData = ${data};\n\n  angular\n}\n</script>\n`;
    const indented = JSON.stringify(VALUE, null, 4);
    assert.deepEqual(assembleText(page(indented)), [`document 4 ${indented}`]);
    assert.deepEqual(assembleText(page(ONE_LINE)), [`document 4 ${ONE_LINE}`]);
    assert.deepEqual(assembleText(page('null')), [
      'an HTML page without the data of osprofiler trace show --html',
    ]);
  });

  it('are any JSON that is printed with an indent', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const some = fc.oneof(fc.dictionary(fc.string(), json, { minKeys: 1 }), fc.array(json, { minLength: 1 }));
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 4 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(assembleText(`${text}\n${ONE_LINE}`), [
          `document 1 ${text}`,
          `line ${text.split('\n').length + 1} ${ONE_LINE}`,
        ]);
      }),
      property(300),
    );
  });

  it('are the same however the stream is cut', () => {
    const piece = fc.constantFrom(ONE_LINE, INDENTED, '\n', ' ', '{', '}', '[\n', '"\\', ',', 'é', '\uFEFF');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.nat(600), { maxLength: 8 }),
        (pieces, cuts) => {
          const whole = Buffer.from(pieces.join(''));
          const edges = [0, ...cuts.sort((a, b) => a - b), whole.length];
          const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
          assert.deepEqual(assemble(chunks), assemble([whole]));
        },
      ),
      property(400),
    );
  });
});
