/** The sidecar's HTTP server: one port, for probes, Prometheus and people. */
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { BridgeError, messageOf } from '../errors.js';
import { formatListen, type ListenAddress } from '../settings/listen-address.js';
import { type AppOptions, createApp } from './http/app.js';

export interface ServerOptions extends Omit<AppOptions, 'host'> {
  readonly listen: ListenAddress;
}

export interface RunningServer {
  /** `http://127.0.0.1:13133`, with the port that it really has. */
  readonly url: string;
  /** Takes no further connection, and waits for answers on their way, but not for ever. Idempotent. */
  close(): Promise<void>;
}

/** Requests are a line and a few headers, answers at most a page; whoever is slower than this holds a connection up. */
const LIMITS = {
  requestTimeout: 10_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
} as const;
/** Without a byte in either direction, ms: a reader that has stopped reading. */
const IDLE_MS = 30_000;
const MAX_CONNECTIONS = 128;
const MAX_HEADERS = 64;
/** How long closing waits for answers on their way, ms. */
const CLOSING_MS = 2_000;

/**
 * Listens and answers.
 * @throws BridgeError `LISTEN_FAILED` when it cannot listen there.
 */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const { listen } = options;
  const app = createApp({ ...options, host: listen.host });
  // HTTP/1.0 needs no Host header, and some load balancers' checks send none.
  const answer = getRequestListener(app.fetch, { hostname: 'localhost', overrideGlobalObjects: false });
  const server = createHttpServer(LIMITS, (request, response) => void answer(request, response));
  server.setTimeout(IDLE_MS);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  await startListening(server, listen);
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${urlHost(listen.host)}:${port}`,
    close: () => {
      closing ??= stop(server);
      return closing;
    },
  };
}

async function startListening(server: Server, { host, port }: ListenAddress): Promise<void> {
  try {
    // Without a host Node listens on every address of both families, or of the one that the machine has.
    server.listen({ port, ...(host === '::' ? {} : { host }) });
    await once(server, 'listening');
  } catch (error) {
    throw listenFailed(error, { host, port });
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Something listens there already, perhaps another bridge: choose another port with --listen, or --listen none.',
  EACCES: 'Ports below 1024 need a privilege: choose another one with --listen.',
  EADDRNOTAVAIL: 'This machine has no such address: correct --listen.',
  ENOTFOUND: 'The name is unknown: correct --listen.',
};

function listenFailed(error: unknown, listen: ListenAddress): BridgeError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new BridgeError(
    'LISTEN_FAILED',
    `cannot listen on ${formatListen(listen)}: ${messageOf(error)}`,
    REMEDIES[code] ?? 'Choose another address with --listen, or --listen none.',
    { cause: error },
  );
}

/** What people and programs on this machine can open: a wildcard is no address to go to. */
function urlHost(host: string): string {
  if (host === '::' || host === '0.0.0.0') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
  await closed;
  clearTimeout(timer);
}
