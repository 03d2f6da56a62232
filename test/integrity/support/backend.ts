/**
 * An OTLP backend that keeps every span byte for byte, and answers as a test tells it. What it took is what it had
 * read when it decided to take it, whether or not the answer ever reached the bridge. Shares no code with the bridge.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A span as it came. */
export interface BackendSpan {
  /** `<trace id>/<span id>`. */
  readonly key: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  /** Lacks a half, and says so. */
  readonly incomplete: boolean;
  /** The span, its scope and its resource, as JSON: the bytes that must never differ. */
  readonly bytes: string;
}

export interface Batch {
  readonly spans: readonly BackendSpan[];
  /** Of the request's body. */
  readonly length: number;
  /** How many requests came before this one. */
  readonly index: number;
}

/** What is done with a batch. */
export type Reply =
  /** Takes it, but for the spans that `refuse` names, and says so; with `body` it says that instead. */
  | { readonly kind: 'take'; readonly refuse?: (span: BackendSpan) => boolean; readonly body?: string }
  /** Takes it, and the connection breaks before the answer is out. */
  | { readonly kind: 'take and reset' }
  /** Takes it, and never answers. */
  | { readonly kind: 'take and hang' }
  /** Does not take it. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: 'hang' }
  /** Sends the head, and then a blank now and then. */
  | { readonly kind: 'drip' }
  | { readonly kind: 'reset' };

export type Rule = (batch: Batch) => Reply;

export const TAKE: Reply = { kind: 'take' };

const DRIP_EVERY_MS = 50;

export class Backend {
  /** Every span that was taken, by key: the first of its kind. */
  readonly spans = new Map<string, BackendSpan>();
  /** Spans that came again with other bytes; there must be none. */
  readonly mismatches: { readonly first: BackendSpan; readonly later: BackendSpan }[] = [];
  /** How often spans came that had been taken already. */
  duplicates = 0;
  /** Keys of the spans that were refused out of a batch that was taken. */
  readonly refused: string[] = [];
  requests = 0;
  rule: Rule = () => TAKE;
  private server: Server | undefined;
  private port = 0;
  private readonly sockets = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly events = new EventEmitter().setMaxListeners(0);

  static async start(): Promise<Backend> {
    const backend = new Backend();
    await backend.open();
    return backend;
  }

  /** `http://127.0.0.1:<port>`, the same before and after {@link close}. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Listens, again on the port that it had. */
  async open(): Promise<void> {
    const server = createServer((request, response) => {
      buffer(request).then(
        (body) => this.receive(body, response),
        // The bridge was killed while it sent.
        () => undefined,
      );
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Connections are cut, and new ones refused. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    for (const timer of this.timers) clearInterval(timer);
    this.timers.clear();
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(server, 'close');
  }

  /** Resolves when so many more requests have been read and, unless the rule says otherwise, answered. */
  async untilRequests(more: number): Promise<void> {
    const goal = this.requests + more;
    while (this.requests < goal) await once(this.events, 'request');
  }

  /** Answers the next requests so, one each; afterwards takes everything. Resolves when the last one was read. */
  async answerNext(...replies: readonly Reply[]): Promise<void> {
    const waiting = [...replies];
    const done = once(this.events, 'answered');
    this.rule = () => {
      const reply = waiting.shift() ?? TAKE;
      if (waiting.length === 0) setImmediate(() => this.events.emit('answered'));
      return reply;
    };
    await done;
    this.rule = () => TAKE;
  }

  private receive(body: Buffer, response: ServerResponse): void {
    const spans = readSpans(body.toString('utf8'));
    const reply = this.rule({ spans, length: body.length, index: this.requests });
    this.requests++;
    this.perform(reply, spans, response);
    this.events.emit('request');
  }

  private perform(reply: Reply, spans: readonly BackendSpan[], response: ServerResponse): void {
    switch (reply.kind) {
      case 'take':
        if (reply.body === undefined) answerJson(response, this.take(spans, reply.refuse));
        else {
          this.take(spans);
          response.writeHead(200, { 'content-type': 'application/json' }).end(reply.body);
        }
        return;
      case 'take and reset':
        this.take(spans);
        response.socket?.resetAndDestroy();
        return;
      case 'take and hang':
        this.take(spans);
        return;
      case 'answer':
        response.writeHead(reply.status, reply.headers).end(reply.body);
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'hang':
        return;
      case 'drip':
        response.writeHead(200, { 'content-type': 'application/json' });
        this.timers.add(setInterval(() => response.write(' '), DRIP_EVERY_MS));
    }
  }

  private take(spans: readonly BackendSpan[], refuse: (span: BackendSpan) => boolean = () => false): object {
    let refused = 0;
    for (const span of spans) {
      if (refuse(span)) {
        refused++;
        this.refused.push(span.key);
      } else this.keep(span);
    }
    return refused === 0
      ? {}
      : {
          partialSuccess: { rejectedSpans: String(refused), errorMessage: 'some spans are not to my taste' },
        };
  }

  private keep(span: BackendSpan): void {
    const first = this.spans.get(span.key);
    if (first === undefined) {
      this.spans.set(span.key, span);
      return;
    }
    this.duplicates++;
    if (first.bytes !== span.bytes) this.mismatches.push({ first, later: span });
  }
}

function answerJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly { readonly key: string }[];
}

interface OtlpRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: unknown;
    readonly scopeSpans?: readonly { readonly scope?: unknown; readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

function readSpans(text: string): BackendSpan[] {
  const { resourceSpans = [] } = JSON.parse(text) as OtlpRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const around = JSON.stringify(resource);
    return scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        key: `${span.traceId}/${span.spanId}`,
        startTimeUnixNano: span.startTimeUnixNano,
        endTimeUnixNano: span.endTimeUnixNano,
        incomplete: span.attributes?.some(({ key }) => key === 'osprofiler.incomplete') ?? false,
        bytes: `${JSON.stringify(span)} ${JSON.stringify(scope)} ${around}`,
      })),
    );
  });
}
