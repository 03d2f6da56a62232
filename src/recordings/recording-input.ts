/** Recordings as bytes: files or standard input, plain or gzip. */
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BridgeError, messageOf } from '../errors.js';

/** Means standard input where a file is named. */
export const STDIN = '-';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
/** How other formats begin, in latin1, and what to do about them. */
const OTHER_FORMATS: readonly (readonly [magic: string, name: string, remedy: string])[] = [
  ['\x28\xb5\x2f\xfd', 'compressed with zstd', 'zstd -dc FILE | osprofiler-otel-bridge replay -'],
  ['BZh', 'compressed with bzip2', 'bzip2 -dc FILE | osprofiler-otel-bridge replay -'],
  ['\xfd7zXZ', 'compressed with xz', 'xz -dc FILE | osprofiler-otel-bridge replay -'],
  ['PK\x03\x04', 'a zip file', 'unzip -p FILE | osprofiler-otel-bridge replay -'],
  ['SQLite f', 'an SQLite database', 'Export its rows as JSON, one per line.'],
  ['digraph ', 'a graph in the DOT language', 'Write the report with osprofiler trace show --json.'],
];

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
  const named = files.filter((file) => file !== STDIN);
  const stdins = files.length - named.length;
  if (stdins > 0 && !hasStdin)
    throw inputError('there is no standard input to read', 'Name files in place of -.');
  if (stdins > 1) throw inputError('standard input can be read once only', 'Name - once.');
  const sizes = await Promise.all(named.map(checkFile));
  return stdins > 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0) || undefined;
}

/** @returns its bytes, NaN when it is no regular file. */
async function checkFile(file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => Promise.reject(unreadable(file, error)));
  if (found.isDirectory()) {
    throw inputError(`${file} is a directory`, 'Name the recordings in it, as in dir/*.ndjson.');
  }
  await access(file, constants.R_OK).catch((error: unknown) => Promise.reject(unreadable(file, error)));
  return found.isFile() ? found.size : Number.NaN;
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
    yield* unpacked(counted(stream, onRead), signal, inputName(file));
  } catch (error) {
    throw signal.aborted || error instanceof BridgeError ? error : unreadable(file, error);
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

async function* unpacked(
  chunks: AsyncGenerator<Buffer>,
  signal: AbortSignal,
  name: string,
): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  refuseOtherFormats(head, name);
  if (!head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    yield* prepended(head, chunks);
    return;
  }
  const gunzip = addAbortSignal(signal, createGunzip());
  // Errors of either end reach whoever reads the unpacked end.
  pipeline(Readable.from(prepended(head, chunks)), gunzip, () => undefined);
  yield* gunzip;
}

function refuseOtherFormats(head: Buffer, name: string): void {
  const start = head.toString('latin1', 0, 8);
  const format = OTHER_FORMATS.find(([magic]) => start.startsWith(magic));
  if (format !== undefined)
    throw inputError(`${name} is ${format[1]}, which replay does not read`, format[2]);
}

async function* prepended(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* chunks;
}

function unreadable(file: string, error: unknown): BridgeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = inputName(file);
  return code.startsWith('Z_')
    ? inputError(`${name} is no intact gzip file: ${messageOf(error)}`, TORN_GZIP, error)
    : inputError(`cannot read ${name}: ${messageOf(error)}`, HINTS[code] ?? OTHER_HINT, error);
}

function inputError(message: string, hint: string, cause?: unknown): BridgeError {
  return new BridgeError('INPUT_UNREADABLE', message, hint, { cause });
}

const TORN_GZIP =
  'Make or copy the recording again; what can still be read of it, zcat unpacks into a plain file.';
const OTHER_HINT = 'Check the path and the disk or program it comes from.';
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path; a relative one starts in the current directory.',
  EACCES: 'Give the user that runs this permission to read it.',
};
