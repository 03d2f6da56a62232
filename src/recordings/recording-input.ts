/** Recordings as bytes: files or standard input, plain or gzip. */
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BridgeError, messageOf } from '../errors.js';

/** Means standard input where a file is named. */
export const STDIN = '-';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** What a recording is called in logs and errors. */
export function inputName(file: string): string {
  return file === STDIN ? 'standard input' : file;
}

/**
 * Checks that every input is there and may be read. Nothing is opened: a named pipe can be opened only once.
 * @returns the bytes of all of them, unknown when one is no regular file.
 * @throws BridgeError INPUT_UNREADABLE
 */
export async function checkInputs(files: readonly string[], hasStdin: boolean): Promise<number | undefined> {
  let total: number | undefined = 0;
  for (const file of files) {
    if (file === STDIN) {
      checkStdin(files, hasStdin);
      total = undefined;
    } else {
      const size = await checkFile(file);
      total = total === undefined || size === undefined ? undefined : total + size;
    }
  }
  return total;
}

function checkStdin(files: readonly string[], hasStdin: boolean): void {
  if (!hasStdin) {
    throw new BridgeError(
      'INPUT_UNREADABLE',
      'there is no standard input to read',
      'Name files in place of -.',
    );
  }
  if (files.indexOf(STDIN) !== files.lastIndexOf(STDIN)) {
    throw new BridgeError('INPUT_UNREADABLE', 'standard input can be read once only', 'Name - once.');
  }
}

async function checkFile(file: string): Promise<number | undefined> {
  const found = await stat(file).catch((error: unknown) => Promise.reject(unreadable(file, error)));
  if (found.isDirectory()) {
    throw new BridgeError(
      'INPUT_UNREADABLE',
      `${file} is a directory`,
      'Name the recordings in it, as in dir/*.ndjson.',
    );
  }
  await access(file, constants.R_OK).catch((error: unknown) => Promise.reject(unreadable(file, error)));
  return found.isFile() ? found.size : undefined;
}

/** An input's bytes, unpacked when it begins like gzip. */
export interface InputSource {
  readonly file: string;
  /** Read in place of a file when the file is {@link STDIN}. */
  readonly stdin: Readable | undefined;
  /** Ends the reading, with an AbortError. */
  readonly signal: AbortSignal;
  /** Bytes that were read, before unpacking. */
  readonly onRead: (bytes: number) => void;
}

/** @throws BridgeError INPUT_UNREADABLE when reading or unpacking fails; AbortError when the signal says so. */
export async function* readInput(source: InputSource): AsyncGenerator<Buffer> {
  const { file, stdin, signal, onRead } = source;
  const stream = file === STDIN && stdin !== undefined ? stdin : createReadStream(file);
  addAbortSignal(signal, stream);
  try {
    yield* unpacked(counted(stream, onRead), signal);
  } catch (error) {
    throw signal.aborted ? error : unreadable(file, error);
  } finally {
    stream.destroy();
  }
}

async function* counted(stream: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    onRead(bytes.length);
    yield bytes;
  }
}

async function* unpacked(chunks: AsyncGenerator<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) {
      break;
    }
    head = Buffer.concat([head, next.value]);
  }
  if (!head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    yield head;
    yield* chunks;
    return;
  }
  const gunzip = addAbortSignal(signal, createGunzip());
  // Errors of either end reach whoever reads the unpacked end.
  pipeline(Readable.from(prepended(head, chunks)), gunzip, () => undefined);
  yield* gunzip;
}

async function* prepended(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* chunks;
}

function unreadable(file: string, error: unknown): BridgeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const options = { cause: error };
  const name = inputName(file);
  if (code.startsWith('Z_')) {
    const hint =
      'Make or copy the recording again; what can still be read of it, zcat unpacks into a plain file.';
    return new BridgeError(
      'INPUT_UNREADABLE',
      `${name} is no intact gzip file: ${messageOf(error)}`,
      hint,
      options,
    );
  }
  const hint = HINTS[code] ?? 'Check the path and the disk or program it comes from.';
  return new BridgeError('INPUT_UNREADABLE', `cannot read ${name}: ${messageOf(error)}`, hint, options);
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path; a relative one starts in the current directory.',
  EACCES: 'Give the user that runs this permission to read it.',
};
