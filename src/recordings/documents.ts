/**
 * Lines → documents: a line by itself, or a JSON document that is printed over several lines. Such a document begins
 * with a line of nothing but brackets, as every pretty-printer has it, and ends where its brackets close. A torn line
 * of a recording therefore cannot swallow the lines after it. Of an HTML page only osprofiler's data is read. Pure: no
 * I/O.
 */
import type { Line } from './lines.js';

export type Document =
  | Line
  /** `number` is that of its first line. */
  | { readonly kind: 'document'; readonly number: number; readonly bytes: Buffer }
  /** A document that is not read, and nothing after it. */
  | { readonly kind: 'unreadable'; readonly number: number; readonly problem: string };

const FIRST_LINE = /^\s*[[{][\s[{]*$/;
/** Longer lines have more than brackets. */
const MAX_FIRST_LINE = 100;
/** A string, or a bracket outside of strings. JSON has no line ends within strings. */
const TOKEN = /"(?:[^"\\]|\\.)*"?|[[\]{}]/g;
const HTML = /^\s*<(!doctype|html)/i;
/** Source: openstack/osprofiler `cmd/template.html`. */
const HTML_DATA = /\bOSProfilerData = (?=\{)/;
const NEWLINE = Buffer.from('\n');

/** Assembles the documents of one stream. */
export class DocumentAssembler {
  /** What begins a document on a line. */
  #find: (line: Buffer) => Buffer | undefined;
  #isHtml: boolean | undefined;
  #isOver = false;
  #held: Buffer[] = [];
  #length = 0;
  #depth = 0;
  #number = 1;

  constructor(private readonly maxBytes: number) {
    this.#find = (line) => (isFirstLine(line) ? line : undefined);
  }

  *push(line: Line): Generator<Document> {
    if (this.#isOver) return;
    if (line.kind === 'too long') {
      if (this.#depth > 0) yield* this.#giveUp('one of its lines is too long');
      else yield line;
      return;
    }
    if (this.#isHtml === undefined) {
      this.#isHtml = HTML.test(line.bytes.toString('latin1', 0, MAX_FIRST_LINE));
      if (this.#isHtml) this.#find = dataOfPage;
    }
    if (this.#depth > 0) {
      yield* this.#continue(line.bytes, line.number);
      return;
    }
    const start = this.#find(line.bytes);
    if (start !== undefined) {
      this.#number = line.number;
      yield* this.#continue(start, line.number);
    } else if (!this.#isHtml) {
      yield line;
    }
  }

  /** What the end of the stream leaves unfinished. */
  *end(): Generator<Document> {
    if (this.#isOver) return;
    if (this.#depth > 0) yield* this.#giveUp('it ends before its brackets are closed');
    else if (this.#isHtml)
      yield* this.#giveUp('an HTML page without the data of osprofiler trace show --html');
  }

  *#continue(bytes: Buffer, number: number): Generator<Document> {
    for (const { 0: token, index } of bytes.toString('latin1').matchAll(TOKEN)) {
      if (token === '{' || token === '[') this.#depth++;
      else if (token === '}' || token === ']') this.#depth--;
      if (this.#depth > 0) continue;
      const document = Buffer.concat([...this.#held.splice(0), bytes.subarray(0, index + 1)]);
      this.#length = 0;
      yield { kind: 'document', number: this.#number, bytes: document };
      // A page has one document, and the rest of its line belongs to the script.
      if (this.#isHtml) this.#isOver = true;
      const rest = bytes.subarray(index + 1);
      if (rest.toString('latin1').trim() !== '') yield* this.push({ kind: 'line', number, bytes: rest });
      return;
    }
    // Copied, since lines are views of the chunk that they came with.
    this.#held.push(Buffer.from(bytes), NEWLINE);
    this.#length += bytes.length + 1;
    if (this.#length > this.maxBytes) yield* this.#giveUp(`it is longer than ${this.maxBytes} bytes`);
  }

  *#giveUp(problem: string): Generator<Document> {
    this.#isOver = true;
    this.#held = [];
    yield { kind: 'unreadable', number: this.#number, problem };
  }
}

function isFirstLine(line: Buffer): boolean {
  return line.length < MAX_FIRST_LINE && FIRST_LINE.test(line.toString('latin1'));
}

function dataOfPage(line: Buffer): Buffer | undefined {
  const found = HTML_DATA.exec(line.toString('latin1'));
  return found === null ? undefined : line.subarray(found.index + found[0].length);
}
