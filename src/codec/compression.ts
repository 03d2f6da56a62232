/**
 * kombu's compressions, named in the AMQP header `compression` (kombu/compression.py).
 * kombu's `gzip` is in truth a zlib stream under the content type `application/x-gzip`; real gzip is read as well.
 */
import zlib from 'node:zlib';
import Bunzip from 'seek-bzip';

export type Inflated =
  | { readonly ok: true; readonly body: Buffer }
  | {
      readonly ok: false;
      readonly reason: 'compression-unsupported' | 'compression-corrupt' | 'too-large';
      readonly detail: string;
    };

type Inflate = (body: Buffer, maxBytes: number) => Buffer;

const GZIP_MAGIC = 0x1f;

const INFLATERS: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ...named(['application/x-gzip', 'application/gzip', 'gzip', 'zlib'], inflateZlib),
  ...named(['application/x-bz2', 'application/x-bzip2', 'bzip2', 'bzip', 'bz2'], inflateBzip2),
  ...named(['application/x-brotli', 'brotli', 'br'], (body, maxOutputLength) =>
    zlib.brotliDecompressSync(body, { maxOutputLength }),
  ),
  ...zstd(),
]);

/**
 * Decompresses a body by the name that its `compression` header gives.
 * @param maxBytes the most that it may inflate to: what is larger is refused as `too-large`, never inflated.
 */
export function inflate(body: Buffer, compression: string, maxBytes: number): Inflated {
  const inflater = INFLATERS.get(compression.toLowerCase());
  if (inflater === undefined) {
    return {
      ok: false,
      reason: 'compression-unsupported',
      detail: `compression ${compression.slice(0, 60)}`,
    };
  }
  try {
    return { ok: true, body: inflater(body, maxBytes) };
  } catch (error) {
    if (isTooLarge(error)) {
      return { ok: false, reason: 'too-large', detail: `inflates to more than ${maxBytes} bytes` };
    }
    return { ok: false, reason: 'compression-corrupt', detail: `not a ${compression} stream` };
  }
}

function named(names: readonly string[], inflater: Inflate): [string, Inflate][] {
  return names.map((name) => [name, inflater]);
}

function inflateZlib(body: Buffer, maxOutputLength: number): Buffer {
  return body[0] === GZIP_MAGIC
    ? zlib.gunzipSync(body, { maxOutputLength })
    : zlib.inflateSync(body, { maxOutputLength });
}

class TooLarge extends Error {}

/**
 * seek-bzip reads and writes byte by byte through whatever has these methods: the place to stop a bomb, and to stop
 * at the end of a cut stream, past which it would read `undefined` for ever.
 */
function inflateBzip2(body: Buffer, maxBytes: number): Buffer {
  let output = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(1024, body.length * 8)));
  let written = 0;
  let at = 0;
  const input = {
    read(target: Buffer, from: number, count: number): number {
      const copied = body.copy(target, from, at, at + count);
      at += copied;
      return copied;
    },
    readByte(): number {
      const byte = body[at++];
      if (byte === undefined) throw new Error('cut off');
      return byte;
    },
    seek(position: number): void {
      at = position;
    },
    eof: (): boolean => at >= body.length,
  };
  const sink = {
    writeByte(byte: number): void {
      if (written === maxBytes) throw new TooLarge();
      if (written === output.length) output = Buffer.concat([output], Math.min(maxBytes, output.length * 2));
      output[written++] = byte;
    },
  };
  Bunzip.decode(input, sink);
  return output.subarray(0, written);
}

/** Node has zstd from 22.15 and 23.8; before, such a body is rejected as unsupported. */
function zstd(): [string, Inflate][] {
  const decompress = (zlib as unknown as Record<string, unknown>)['zstdDecompressSync'] as
    | ((body: Buffer, options: { maxOutputLength: number }) => Buffer)
    | undefined;
  if (decompress === undefined) return [];
  return named(['application/zstd', 'application/x-zstd', 'zstd', 'zstandard'], (body, maxOutputLength) =>
    decompress(body, { maxOutputLength }),
  );
}

function isTooLarge(error: unknown): boolean {
  return error instanceof TooLarge || (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
}
