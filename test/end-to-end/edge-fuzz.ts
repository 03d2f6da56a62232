/** Thousands of damaged `traceparent` headers, what W3C Trace Context makes of each, and what a proxy passes on. */
import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';

const CONNECTIONS = 32;
const INDEX = 'x-index';

/** The values of the `traceparent` lines of one request. */
export type Sent = readonly string[];

/** What a header may hold, and what stands in a traceparent far more often. A tab is left out: not all trim it. */
const CHARACTER = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'0123456789abcdef-') },
    { weight: 1, arbitrary: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) },
  )
  .filter((character) => character < '\x7f' || character > '\x9f');

const hex = (length: number) =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.string({
        unit: fc.constantFrom(...'0123456789abcdef'),
        minLength: length,
        maxLength: length,
      }),
    },
    { weight: 1, arbitrary: fc.constant('0'.repeat(length)) },
    // A trace id of a tracer with 64 bits.
    { weight: 1, arbitrary: fc.constant('0'.repeat(length / 2) + 'a'.repeat(length / 2)) },
  );
const VALID = fc
  .tuple(
    fc.constantFrom('00', '00', '00', '00', '00', '01', 'ff'),
    hex(32),
    hex(16),
    fc.oneof(fc.constant('01'), hex(2)),
  )
  .map((parts) => parts.join('-'));

const EDIT = fc.tuple(fc.constantFrom('replace', 'insert', 'delete', 'cut'), fc.nat(54), CHARACTER);
const DAMAGED = fc.tuple(VALID, fc.array(EDIT, { minLength: 1, maxLength: 3 })).map(([text, edits]) =>
  edits.reduce((damaged, [how, at, character]) => {
    if (how === 'cut') return damaged.slice(0, at);
    return (
      damaged.slice(0, at) +
      (how === 'delete' ? '' : character) +
      damaged.slice(how === 'insert' ? at : at + 1)
    );
  }, text),
);
const VALUE = fc.oneof(
  { weight: 4, arbitrary: VALID },
  { weight: 5, arbitrary: DAMAGED },
  { weight: 1, arbitrary: fc.string({ unit: CHARACTER, maxLength: 80 }) },
);
const SENT = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(VALUE) },
  { weight: 1, arbitrary: fc.tuple(VALUE, VALUE) },
);

export function fuzzedTraceparents(count: number): Sent[] {
  return fc.sample(SENT, { numRuns: count, seed: 25 });
}

/** The span that a request is below, when its one traceparent of version 00 is valid and sampled. */
export function expectedOf(sent: Sent): { readonly traceId: string; readonly spanId: string } | undefined {
  if (sent.length !== 1) return undefined;
  const [text = ''] = sent;
  const [version, traceId = '', spanId = '', flags = '', ...more] = text.replace(/^ +| +$/g, '').split('-');
  const isHex = (digits: string, length: number) =>
    digits.length === length && [...digits].every((digit) => '0123456789abcdef'.includes(digit));
  if (version !== '00' || more.length > 0) return undefined;
  if (!isHex(traceId, 32) || !isHex(spanId, 16) || !isHex(flags, 2)) return undefined;
  if (BigInt(`0x${traceId}`) === 0n || BigInt(`0x${spanId}`) === 0n) return undefined;
  return (Number.parseInt(flags, 16) & 1) === 1 ? { traceId, spanId } : undefined;
}

/** A server behind a proxy that keeps what it gets. */
export class Echo {
  private readonly signed: (Record<string, string> | undefined)[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', ({ headers }, response) => {
      const { [INDEX]: index, 'x-trace-info': info, 'x-trace-hmac': hmac } = headers;
      if (info !== undefined || hmac !== undefined)
        this.signed[Number(index)] = { 'X-Trace-Info': String(info), 'X-Trace-HMAC': String(hmac) };
      response.end();
    });
  }

  static async start(): Promise<Echo> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    // None is closed while a proxy begins to use it again.
    server.keepAliveTimeout = 0;
    return new Echo(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** @returns the signed headers that each request came with, undefined without. */
  async receive(url: string, requests: readonly Sent[]): Promise<(Record<string, string> | undefined)[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    let next = 0;
    const worker = async () => {
      while (next < requests.length) {
        const index = next++;
        await send(url, agent, index, requests[index]!);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    agent.destroy();
    return requests.map((_, index) => this.signed[index]);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

async function send(url: string, agent: Agent, index: number, traceparent: Sent): Promise<void> {
  const sending = request(url, { agent, headers: { [INDEX]: index, traceparent: [...traceparent] } });
  sending.end();
  const [response] = await once(sending, 'response');
  if (response.statusCode !== 200)
    throw new Error(`${response.statusCode} for ${JSON.stringify(traceparent)}`);
  response.resume();
  await once(response, 'end');
}
