/**
 * An OTLP/HTTP backend for tests: remembers every request, and answers the next ones as it is told. It shares no code
 * with the bridge's exporters.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** How one request is answered. */
export type Answer =
  | {
      readonly kind: 'respond';
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
    }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Sends the head and then a byte now and then, without end. */
  | { readonly kind: 'drip' }
  /** Sends the head and half of the body, and cuts the connection. */
  | { readonly kind: 'cut' }
  /** Cuts the connection without an answer. */
  | { readonly kind: 'reset' };

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Decompressed. */
  readonly body: Buffer;
  /** The spans in it, when it was JSON. */
  readonly spans: readonly ReceivedSpan[];
  /** Whether it was answered as taken. */
  readonly isTaken: boolean;
}

/** A span as OTLP's JSON has it, attributes as plain objects. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: { readonly name?: string; readonly version?: string };
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

const TAKEN: Answer = { kind: 'respond' };
const DRIP_EVERY_MS = 50;

export class OtlpReceiver {
  readonly requests: ReceivedRequest[] = [];
  /** How requests are answered that no queued answer is for. */
  otherwise: Answer = TAKEN;
  private readonly answers: Answer[] = [];
  private readonly arrivals = new EventEmitter();
  private readonly sockets = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: 'http' | 'https',
  ) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.receive(request, response));
  }

  /** Listens on a free port of this machine. @param tls makes it speak HTTPS. */
  static async start(tls?: ServerOptions): Promise<OtlpReceiver> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    const receiver = new OtlpReceiver(server, tls === undefined ? 'http' : 'https');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  /** `http://127.0.0.1:<port>`, without a path; with TLS `https`. */
  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Answers the next requests so, one each. */
  answerNext(...answers: readonly Answer[]): void {
    this.answers.push(...answers);
  }

  /** The spans of all requests that were answered as taken. */
  get spans(): readonly ReceivedSpan[] {
    return this.requests.filter(({ isTaken }) => isTaken).flatMap(({ spans }) => spans);
  }

  /** Connections that are open. */
  get openConnections(): number {
    return this.sockets.size;
  }

  /** Resolves when so many requests have come, whatever they were answered. */
  async untilRequests(count: number): Promise<void> {
    while (this.requests.length < count) await once(this.arrivals, 'request');
  }

  /** Resolves when so many spans have been taken. */
  async untilSpans(count: number): Promise<readonly ReceivedSpan[]> {
    while (this.spans.length < count) await once(this.arrivals, 'request');
    return this.spans;
  }

  /** Forgets what it received. */
  clear(): void {
    this.requests.length = 0;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await buffer(request).catch(() => undefined);
    if (received === undefined) return;
    const answer = this.answers.shift() ?? this.otherwise;
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(received) : received;
    const isJson = request.headers['content-type']?.includes('json') === true;
    this.requests.push({
      path: request.url ?? '',
      headers: request.headers,
      body,
      spans: isJson ? readSpans(JSON.parse(body.toString('utf8'))) : [],
      isTaken: answer.kind === 'respond' && (answer.status ?? 200) < 300,
    });
    this.answer(answer, isJson, response);
    this.arrivals.emit('request');
  }

  private answer(answer: Answer, isJson: boolean, response: ServerResponse): void {
    if (answer.kind === 'hang') return;
    if (answer.kind === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    const headers = { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' };
    if (answer.kind === 'respond') {
      response.writeHead(answer.status ?? 200, { ...headers, ...answer.headers });
      response.end(answer.body ?? (isJson ? '{}' : ''));
      return;
    }
    response.writeHead(200, { ...headers, 'content-length': '1000000' });
    response.write('{');
    if (answer.kind === 'cut') response.socket?.end();
    else this.timers.add(setInterval(() => response.write(' '), DRIP_EVERY_MS));
  }
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

interface OtlpSpan extends Omit<ReceivedSpan, 'attributes' | 'events' | 'status' | 'resource' | 'scope'> {
  readonly attributes?: readonly OtlpAttribute[];
  readonly status?: ReceivedSpan['status'];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly OtlpAttribute[] }[];
}

interface OtlpRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly {
      readonly scope?: ReceivedSpan['scope'];
      readonly spans?: readonly OtlpSpan[];
    }[];
  }[];
}

function readSpans({ resourceSpans = [] }: OtlpRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope = {}, spans = [] }) =>
      spans.map((span) => ({
        ...span,
        parentSpanId: span.parentSpanId || undefined,
        status: span.status ?? {},
        attributes: readAttributes(span.attributes),
        events: (span.events ?? []).map(({ name, attributes }) => ({
          name,
          attributes: readAttributes(attributes),
        })),
        resource: readAttributes(resource?.attributes),
        scope,
      })),
    ),
  );
}

function readAttributes(attributes: readonly OtlpAttribute[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]));
}

function readValue({ stringValue, intValue, doubleValue, boolValue }: OtlpValue): unknown {
  return stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue;
}
