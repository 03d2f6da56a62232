/**
 * Recorded notifications, from files or standard input, as a receiver like any other. Every line becomes a delivery,
 * and so does every payload of a report that `osprofiler trace show --json` wrote: what it is worth is for others to say.
 */
import type { Readable } from 'node:stream';
import type { Log, Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { BridgeError } from '../errors.js';
import type { Line } from './lines.js';
import { Pace } from './pace.js';
import { type ReadLine, readLine, timestampWithin } from './record-line.js';
import { Reading, Window } from './recorded-deliveries.js';
import { checkInputs, inputName, readInput } from './recording-input.js';
import { type Part, PartSplitter } from './recording-parts.js';
import { type ReportedPayload, readReport } from './report.js';

/** What a {@link RecordingReceiver} reads, and how fast. */
export interface RecordingOptions {
  /** Paths, read one after the other; `-` is standard input. Plain or gzip; one record or message a line, or reports. */
  readonly files: readonly string[];
  /** What `-` reads. */
  readonly stdin?: Readable;
  /** How many deliveries may be unsettled before reading waits: more than the points that are open at once. 10,000. */
  readonly window?: number;
  /** 1 keeps each recording's own pace, 10 plays it ten times as fast, above 0; absent: as fast as possible. */
  readonly speed?: number;
  /** A longer line is handed over as the statement that it is. 32 MiB. */
  readonly maxLineBytes?: number;
  /** A longer report is refused, and with it the recording. 256 MiB. */
  readonly maxReportBytes?: number;
  /** @default nothing is logged */
  readonly log?: Log;
  /** Bytes read so far, before unpacking, of how many; `undefined` when standard input or a pipe is among the inputs. */
  readonly onProgress?: (bytesRead: number, totalBytes: number | undefined) => void;
}

const DEFAULT_WINDOW = 10_000;
const DEFAULT_MAX_LINE_BYTES = 32 * 1024 * 1024;
const DEFAULT_MAX_REPORT_BYTES = 256 * 1024 * 1024;

/** Reads recordings to their end. `run` rejects with INPUT_UNREADABLE, before the first delivery when it can be known. */
export class RecordingReceiver implements Receiver {
  readonly name: string;
  #state: ReceiverState = { kind: 'connecting' };
  readonly #options: RecordingOptions;
  readonly #stopping = new AbortController();
  readonly #window: Window;
  #handler: ReceiverHandler | undefined;
  #running: Promise<void> | undefined;
  #readings: Reading[] = [];

  constructor(options: RecordingOptions) {
    const { speed = 1, window = DEFAULT_WINDOW } = options;
    if (!(speed > 0) || !(window >= 1)) {
      throw new RangeError('speed must be above 0 and window at least 1');
    }
    this.#options = options;
    this.#window = new Window(window, this.#stopping.signal);
    this.name = options.files.map(inputName).join(', ');
  }

  get #maxReportBytes(): number {
    return this.#options.maxReportBytes ?? DEFAULT_MAX_REPORT_BYTES;
  }

  get state(): ReceiverState {
    return this.#state;
  }

  get unacknowledged(): number {
    return this.#readings.reduce((sum, { unsettled }) => sum + unsettled, 0);
  }

  run(handler: ReceiverHandler): Promise<void> {
    this.#handler = handler;
    this.#running ??= this.#readAll(handler);
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
    this.#state = { kind: 'ended' };
  }

  async close(): Promise<void> {
    await this.stop();
    for (const reading of this.#readings.splice(0)) {
      const unsettled = reading.lose();
      if (unsettled > 0) {
        this.#handler?.onOriginLost(reading, unsettled);
      }
    }
  }

  async #readAll(handler: ReceiverHandler): Promise<void> {
    const { files, stdin, onProgress } = this.#options;
    try {
      const totalBytes = await checkInputs(files, stdin !== undefined);
      this.#state = { kind: 'consuming' };
      let bytesRead = 0;
      const onRead = (bytes: number) => {
        bytesRead += bytes;
        onProgress?.(bytesRead, totalBytes);
      };
      for (const file of files) {
        if (!this.#stopping.signal.aborted) {
          await this.#readOne(file, onRead, handler);
        }
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        throw error;
      }
    } finally {
      this.#state = { kind: 'ended' };
    }
  }

  async #readOne(file: string, onRead: (bytes: number) => void, handler: ReceiverHandler): Promise<void> {
    const { stdin, speed, maxLineBytes = DEFAULT_MAX_LINE_BYTES } = this.#options;
    const signal = this.#stopping.signal;
    const reading = new Reading(inputName(file), this.#window);
    this.#readings.push(reading);
    const pace = speed === undefined ? undefined : new Pace(speed);
    const splitter = new PartSplitter({ maxLineBytes, maxReportBytes: this.#maxReportBytes });
    const handOver = async (parts: Iterable<Part>) => {
      for (const message of this.#messages(parts, reading.name)) {
        const recorded = pace && (message.receivedAt ?? timestampWithin(message.body));
        if (recorded !== undefined) {
          await pace?.wait(recorded, signal);
        }
        // Waiting only when there is something to wait for spares a turn of the event loop for each line.
        if (this.#window.full) {
          await this.#window.room();
        }
        if (signal.aborted) {
          return;
        }
        handler.onDelivery(reading.deliver(message));
      }
    };
    for await (const chunk of readInput({ file, stdin, signal, onRead })) {
      await handOver(splitter.push(chunk));
      if (signal.aborted) {
        return;
      }
    }
    await handOver(splitter.end());
  }

  *#messages(parts: Iterable<Part>, name: string): Generator<ReadLine> {
    for (const part of parts) {
      if (part.kind === 'report') {
        yield* reportMessages(part.bytes, name);
      } else if (part.kind === 'bad report') {
        throw part.problem === 'torn' ? tornReport(name) : this.#tooLongReport(name);
      } else {
        yield this.#lineMessage(part, name);
      }
    }
  }

  #tooLongReport(name: string): BridgeError {
    return new BridgeError(
      'INPUT_UNREADABLE',
      `${name} holds an osprofiler report of more than ${this.#maxReportBytes} bytes`,
      'Replay a recording of the notifications themselves, which is read line by line.',
    );
  }

  #lineMessage(line: Line, name: string): ReadLine {
    if (line.kind === 'line') {
      return readLine(line.bytes);
    }
    const { number, length } = line;
    this.#options.log?.warn({ file: name, line: number, bytes: length }, 'line of a recording is too long');
    // Of such a line nothing is kept; this is no JSON, so it is counted as what cannot be read.
    return readLine(Buffer.from(`line ${number} of ${name} is too long: ${length} bytes`));
  }
}

function* reportMessages(bytes: Buffer, name: string): Generator<ReadLine> {
  const report = readReport(bytes.toString('utf8'));
  if (!report.ok) {
    throw tornReport(name, report.detail);
  }
  for (const payload of report.payloads) {
    yield payloadMessage(payload);
  }
}

/** Of how a payload came into a report's storage nothing is known. */
function payloadMessage({ text, time }: ReportedPayload): ReadLine {
  const body = Buffer.from(text, 'utf8');
  return { exchange: '', routingKey: '', redelivered: false, properties: {}, body, receivedAt: time };
}

function tornReport(name: string, detail = 'it ends or breaks off early'): BridgeError {
  return new BridgeError(
    'INPUT_UNREADABLE',
    `${name} holds an osprofiler report that is not intact: ${detail}`,
    'Make the report again with osprofiler trace show --json.',
  );
}
