/** The bytes of a recording, in chunks → its messages. Pure: no I/O. */
import type { Log } from '../contracts.js';
import { BridgeError } from '../errors.js';
import { type Document, DocumentAssembler } from './documents.js';
import { readDocument, readLine, type Unreadable } from './forms.js';
import { LineSplitter } from './lines.js';
import { bareMessage, type ReadMessage } from './record-line.js';

const DEFAULT_MAX_LINE_BYTES = 32 * 1024 * 1024;
const DEFAULT_MAX_DOCUMENT_BYTES = 256 * 1024 * 1024;
const DEFAULT_HINT =
  'Make it again, for a report with osprofiler trace show --json; or give the notifications one per line.';

export interface ReaderOptions {
  /** A longer line is replaced by a message that says so, and cannot be decoded. @default 32 MiB */
  readonly maxLineBytes?: number;
  /** A longer document of several lines ends the reading with an error. @default 256 MiB */
  readonly maxDocumentBytes?: number;
  /** @default nothing is logged */
  readonly log?: Log;
}

/** Reads one recording. Its methods throw a BridgeError INPUT_UNREADABLE at a document that cannot be read. */
export class MessageReader {
  readonly #lines: LineSplitter;
  readonly #documents: DocumentAssembler;

  /** @param name of the recording, for people */
  constructor(
    private readonly name: string,
    private readonly options: ReaderOptions,
  ) {
    this.#lines = new LineSplitter(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
    this.#documents = new DocumentAssembler(options.maxDocumentBytes ?? DEFAULT_MAX_DOCUMENT_BYTES);
  }

  *push(chunk: Buffer): Generator<ReadMessage> {
    for (const line of this.#lines.push(chunk)) yield* this.#read(this.#documents.push(line));
  }

  *end(): Generator<ReadMessage> {
    for (const line of this.#lines.end()) yield* this.#read(this.#documents.push(line));
    yield* this.#read(this.#documents.end());
  }

  *#read(documents: Iterable<Document>): Generator<ReadMessage> {
    for (const document of documents) {
      if (document.kind === 'line') {
        yield* readLine(document.bytes);
      } else if (document.kind === 'too long') {
        yield this.#tooLong(document.number, document.length);
      } else {
        const read = document.kind === 'document' ? readDocument(document.bytes) : document;
        if ('problem' in read) throw this.#unreadable(document.number, read);
        yield* read;
      }
    }
  }

  #tooLong(line: number, bytes: number): ReadMessage {
    this.options.log?.warn({ file: this.name, line, bytes }, 'line of a recording is too long');
    // Nothing of such a line is kept. This text is not JSON, so it is counted among what cannot be decoded.
    return bareMessage(Buffer.from(`line ${line} of ${this.name} is too long: ${bytes} bytes`));
  }

  #unreadable(line: number, { problem, hint = DEFAULT_HINT }: Unreadable): BridgeError {
    const message = `${this.name}: the document on line ${line} cannot be read: ${problem}`;
    return new BridgeError('INPUT_UNREADABLE', message, hint);
  }
}
