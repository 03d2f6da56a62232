/**
 * Recorded notifications, from files or standard input, as a receiver like any other. Every message becomes a delivery:
 * to judge it is for the decoder.
 */
import type { Readable } from 'node:stream';
import type { Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { MessageReader, type ReaderOptions } from './message-reader.js';
import { Pace } from './pace.js';
import { type ReadMessage, timestampWithin } from './record-line.js';
import { Reading, Window } from './recorded-deliveries.js';
import { checkInputs, inputName, readInput } from './recording-input.js';

/** What a {@link RecordingReceiver} reads, and how fast. */
export interface RecordingOptions extends ReaderOptions {
  /** Paths, read one after the other; `-` is standard input. Plain or gzip, in any form of `forms.ts`. */
  readonly files: readonly string[];
  /** What `-` reads. */
  readonly stdin?: Readable;
  /** How many deliveries may be unacknowledged before reading waits: more than the points that are open at once. 10,000. */
  readonly window?: number;
  /** 1 keeps each recording's own pace, 10 plays it ten times as fast, above 0; absent: as fast as possible. */
  readonly speed?: number;
  /** Bytes read so far, before unpacking, of how many; `undefined` when standard input or a pipe is among the inputs. */
  readonly onProgress?: (bytesRead: number, totalBytes: number | undefined) => void;
}

const DEFAULT_WINDOW = 10_000;

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
    if (!(speed > 0) || !(window >= 1)) throw new RangeError('speed must be above 0 and window at least 1');
    this.#options = options;
    this.#window = new Window(window, this.#stopping.signal);
    this.name = options.files.map(inputName).join(', ');
  }

  get state(): ReceiverState {
    return this.#state;
  }

  get unacknowledged(): number {
    return this.#readings.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0);
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
      const unacknowledged = reading.lose();
      if (unacknowledged > 0) this.#handler?.onOriginLost(reading, unacknowledged);
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
        if (!this.#stopping.signal.aborted) await this.#readOne(file, onRead, handler);
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
      this.#state = { kind: 'ended' };
    }
  }

  async #readOne(file: string, onRead: (bytes: number) => void, handler: ReceiverHandler): Promise<void> {
    const { stdin, speed } = this.#options;
    const signal = this.#stopping.signal;
    const reading = new Reading(inputName(file), this.#window);
    this.#readings.push(reading);
    const pace = speed === undefined ? undefined : new Pace(speed);
    const messages = new MessageReader(reading.name, this.#options);
    const deliver = async (read: Iterable<ReadMessage>) => {
      for (const message of read) {
        const recorded = pace && (message.receivedAt ?? timestampWithin(message.body));
        if (recorded !== undefined) await pace?.wait(recorded, signal);
        // Waiting only when there is no room spares a turn of the event loop for each message.
        if (this.#window.full) await this.#window.room();
        if (signal.aborted) return;
        handler.onDelivery(reading.deliver(message));
      }
    };
    for await (const chunk of readInput({ file, stdin, signal, onRead })) {
      await deliver(messages.push(chunk));
      if (signal.aborted) return;
    }
    await deliver(messages.end());
  }
}
