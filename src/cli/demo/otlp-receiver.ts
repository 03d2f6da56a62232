/**
 * A small OTLP/HTTP backend for the demo: takes traces as JSON on 127.0.0.1 and keeps them in memory.
 * Source: opentelemetry-specification `protocol/otlp.md`, "OTLP/HTTP".
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { messageOf } from '../../errors.js';
import { readRequest } from '../../trace-view/otlp.js';
import type { Span } from '../../trace-view/span.js';

/** Bytes of a request, before and after decompression; what the OpenTelemetry Collector takes by default. */
const MAX_BODY_BYTES = 20 * 1024 * 1024;
const TRACES_PATH = '/v1/traces';

interface Answer {
  readonly status: number;
  /** Absent for a success. */
  readonly problem?: string;
}

export class OtlpReceiver {
  /** Everything taken so far, in order of arrival. */
  readonly spans: Span[] = [];
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));

  /** Listens on a free port. @returns the URL that traces are posted to. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${TRACES_PATH}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, problem } = await this.take(request).catch((error: unknown) =>
      refuse(400, messageOf(error)),
    );
    // The rest of a body that is not read would be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(problem === undefined ? {} : { message: problem }));
  }

  private async take(request: IncomingMessage): Promise<Answer> {
    const { method, url = '', headers } = request;
    if (url.split('?')[0] !== TRACES_PATH) return refuse(404, `only ${TRACES_PATH} is here`);
    if (method !== 'POST') return refuse(405, 'traces are posted');
    if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return refuse(415, 'only JSON is read');
    const body = await readBody(request);
    if (body === undefined) return refuse(413, `more than ${MAX_BODY_BYTES} bytes`);
    const spans = readRequest(JSON.parse(decompress(body, headers['content-encoding']).toString('utf8')));
    if (spans === undefined) return refuse(400, 'not an ExportTraceServiceRequest');
    for (const span of spans) this.spans.push(span);
    return { status: 200 };
  }
}

function refuse(status: number, problem: string): Answer {
  return { status, problem };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not `for await`: leaving that early destroys the socket, and the answer with it.
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve(undefined);
    });
  });
}

function decompress(body: Buffer, encoding = 'identity'): Buffer {
  if (encoding === 'identity') return body;
  if (encoding === 'gzip') return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
  throw new Error('only gzip is read');
}
