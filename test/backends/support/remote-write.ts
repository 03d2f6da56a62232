/**
 * A receiver of Prometheus remote write, which is the only way that Tempo's metrics generator tells what it counted.
 * Reads just enough of the format: snappy's block format, and of the protobuf message each series' labels and last value.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class RemoteWrite {
  private readonly last = new Map<string, Series>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      buffer(request).then((body) => {
        for (const series of readSeries(unsnap(body))) this.last.set(JSON.stringify(series.labels), series);
        response.writeHead(204).end();
      });
    });
  }

  static async start(): Promise<RemoteWrite> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RemoteWrite(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1/write`;
  }

  /** The last value of each series of a metric. */
  series(name: string): Series[] {
    return [...this.last.values()].filter(({ labels }) => labels['__name__'] === name);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Snappy's block format: the length, then literals and copies of what came before. */
function unsnap(body: Buffer): Buffer {
  const [length, start] = varint(body, 0);
  const out = Buffer.alloc(length);
  let [at, to] = [start, 0];
  while (at < body.length) {
    const tag = body[at++]!;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const size = (extra === 0 ? tag >> 2 : body.readUIntLE(at, extra)) + 1;
      at += extra;
      body.copy(out, to, at, at + size);
      [at, to] = [at + size, to + size];
      continue;
    }
    const isShort = (tag & 3) === 1;
    const size = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const width = isShort ? 1 : (tag & 3) === 2 ? 2 : 4;
    const offset = body.readUIntLE(at, width) + (isShort ? (tag >> 5) << 8 : 0);
    at += width;
    // Byte by byte: a copy may reach into what it writes.
    for (const end = to + size; to < end; to++) out[to] = out[to - offset]!;
  }
  return out;
}

const SERIES_OF_REQUEST = 1;
const LABEL_OF_SERIES = 1;
const SAMPLE_OF_SERIES = 2;

function readSeries(request: Buffer): Series[] {
  return fieldsOf(request)
    .filter(({ number }) => number === SERIES_OF_REQUEST)
    .map(({ bytes }) => {
      const fields = fieldsOf(bytes);
      const labels = fields
        .filter(({ number }) => number === LABEL_OF_SERIES)
        .map((label) => fieldsOf(label.bytes).map((part) => part.bytes.toString('utf8')));
      const sample = fields.findLast(({ number }) => number === SAMPLE_OF_SERIES);
      const value = sample && fieldsOf(sample.bytes).find(({ number }) => number === 1);
      return {
        labels: Object.fromEntries(labels.map(([name = '', text = '']) => [name, text])),
        value: value?.bytes.readDoubleLE() ?? 0,
      };
    });
}

interface Field {
  readonly number: number;
  /** Empty for a varint, whose value nobody here asks for. */
  readonly bytes: Buffer;
}

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = varint(message, at);
    const wireType = tag & 7;
    const [size, start] = wireType === 1 ? [8, afterTag] : varint(message, afterTag);
    const end = wireType === 0 ? start : start + size;
    fields.push({ number: tag >> 3, bytes: message.subarray(wireType === 0 ? end : start, end) });
    at = end;
  }
  return fields;
}

/** @returns the value, and where it ends; exact up to 2^53. */
function varint(bytes: Buffer, from: number): [value: number, end: number] {
  let [value, scale, at] = [0, 1, from];
  for (;;) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at];
    scale *= 0x80;
  }
}
