/**
 * The bytes of a recording → its parts: lines, or whole reports of osprofiler's, told apart by their content. An input
 * that begins with a report may hold several, and lines after them; one that begins with a line holds lines only.
 * Memory is bounded by the longest line or report that is allowed. Pure: no I/O.
 */
import { DocumentScanner } from './document-scanner.js';
import { type Line, LineSplitter } from './lines.js';

export type Part =
  | Line
  /** One JSON document. */
  | { readonly kind: 'report'; readonly bytes: Buffer }
  /** A report that is not read, and nothing after it. */
  | { readonly kind: 'bad report'; readonly problem: ReportProblem };

export type ReportProblem = 'too long' | 'torn';

export interface PartBounds {
  readonly maxLineBytes: number;
  readonly maxReportBytes: number;
}

/** Splits one stream. */
export class PartSplitter {
  /** Once it is known that lines come. */
  #lines: LineSplitter | undefined;
  #scanner = new DocumentScanner();
  /** What was scanned of the document that is under way. */
  #held: Buffer[] = [];
  #length = 0;
  #isOver = false;

  constructor(private readonly bounds: PartBounds) {}

  /** The parts that end in this chunk. Lines are views of it. */
  *push(chunk: Buffer): Generator<Part> {
    let rest = chunk;
    while (this.#lines === undefined && rest.length > 0 && !this.#isOver) {
      const scan = this.#scanner.push(rest);
      const end = scan.kind === 'end' ? scan.at : rest.length;
      this.#hold(rest.subarray(0, end));
      rest = rest.subarray(end);
      if (this.#length > this.bounds.maxReportBytes) {
        yield* this.#scanner.isReport ? this.#giveUp('too long') : this.#turnToLines();
      } else if (scan.kind === 'end' && this.#scanner.isReport) {
        yield { kind: 'report', bytes: this.#release() };
      } else if (scan.kind !== 'open') {
        yield* this.#scanner.isReport ? this.#giveUp('torn') : this.#turnToLines();
      }
    }
    if (this.#lines !== undefined) yield* this.#lines.push(rest);
  }

  /** What nothing ended: the last line, or a report that is torn off. */
  *end(): Generator<Part> {
    if (this.#isOver) return;
    if (this.#lines === undefined) {
      yield* this.#scanner.isReport ? this.#giveUp('torn') : this.#turnToLines();
    }
    if (this.#lines !== undefined) yield* this.#lines.end();
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#length += bytes.length;
  }

  #release(): Buffer {
    const bytes = Buffer.concat(this.#held, this.#length);
    this.#held = [];
    this.#length = 0;
    this.#scanner = new DocumentScanner();
    return bytes;
  }

  *#giveUp(problem: ReportProblem): Generator<Part> {
    this.#isOver = true;
    this.#held = [];
    yield { kind: 'bad report', problem };
  }

  *#turnToLines(): Generator<Part> {
    const lines = new LineSplitter(this.bounds.maxLineBytes);
    this.#lines = lines;
    for (const bytes of this.#held.splice(0)) yield* lines.push(bytes);
  }
}
