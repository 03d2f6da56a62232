/**
 * As many real notifications as wanted: the recording of a server's boot over and over, each time under fresh ids. All
 * else, sizes and order included, is as it was on the wire.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const RECORDING = join(process.cwd(), 'recordings', 'nova-server-boot.ndjson.gz');
const ID = /"(?:base_id|trace_id|parent_id)": "[0-9a-f-]{28}([0-9a-f]{8})"/g;
const FRESH_DIGITS = 8;

interface Record {
  readonly body: Buffer;
  /** Where the last eight digits of its three ids stand, and what they are. */
  readonly ids: readonly { readonly at: number; readonly low: number }[];
}

const records = readRecording();

/** Notifications in one copy of the recording; half as many spans. */
export const COPY_SIZE = records.length;

/** Whole copies, so that every start has its stop: at least `atLeast` notifications. */
export function wholeCopies(atLeast: number): number {
  return Math.ceil(atLeast / COPY_SIZE) * COPY_SIZE;
}

/** Body `index` of the endless corpus. Its ids are unlike those of any other copy, and the same in every run. */
export function bodyAt(index: number): Buffer {
  const { body, ids } = records[index % COPY_SIZE]!;
  const copy = Math.floor(index / COPY_SIZE);
  const fresh = Buffer.from(body);
  for (const { at, low } of ids) {
    const digits = ((low ^ copy) >>> 0).toString(16).padStart(FRESH_DIGITS, '0');
    fresh.write(digits, at, 'latin1');
  }
  return fresh;
}

export function bodies(count: number): Buffer[] {
  return Array.from({ length: count }, (_none, index) => bodyAt(index));
}

function readRecording(): Record[] {
  const lines = gunzipSync(readFileSync(RECORDING)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const text = (JSON.parse(line) as { body: string }).body;
    const ids = Array.from(text.matchAll(ID), ({ index, 0: { length }, 1: low }) => ({
      at: index + length - 1 - FRESH_DIGITS,
      low: Number.parseInt(low!, 16),
    }));
    if (ids.length !== 3) throw new Error('a recorded notification without three UUIDs');
    return { body: Buffer.from(text, 'latin1'), ids };
  });
}
