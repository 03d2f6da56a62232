/**
 * What passes between an OTLP/HTTP exporter and the backend.
 *
 * The exporter package hides most of it: `Retry-After`, the status behind "Export failed with retryable status", a
 * partial success (a line in a log), a 200 with a login page (a success). Node publishes every HTTP request that
 * starts on a diagnostics channel; those made inside {@link observed} are looked at there, and no others.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

/** The last response to the requests of one export; absent when there was none. */
export interface Exchange {
  status?: number;
  contentType?: string;
  retryAfter?: string;
  body?: Buffer;
}

/** More of an answer than this is not read: OTLP's are a few bytes. */
const MAX_BODY_BYTES = 64 * 1024;

const current = new AsyncLocalStorage<Exchange>();
let isSubscribed = false;

/** Runs `send` and notes in the exchange what answer its HTTP requests got. */
export function observed<Result>(exchange: Exchange, send: () => Result): Result {
  subscribeOnce();
  return current.run(exchange, send);
}

/** Not on import: loading the library changes nothing in the process. */
function subscribeOnce(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http.client.request.start', (message) => {
    const exchange = current.getStore();
    if (exchange === undefined) return;
    const { request } = message as { request: ClientRequest };
    forget(exchange);
    request.once('response', (response) => note(exchange, response));
  });
}

/** The exporter tries again by itself: only the last try's answer counts. */
function forget(exchange: Exchange): void {
  delete exchange.status;
  delete exchange.contentType;
  delete exchange.retryAfter;
  delete exchange.body;
}

function note(exchange: Exchange, response: IncomingMessage): void {
  const { statusCode, headers } = response;
  if (statusCode !== undefined) exchange.status = statusCode;
  if (headers['content-type'] !== undefined) exchange.contentType = headers['content-type'];
  if (headers['retry-after'] !== undefined) exchange.retryAfter = headers['retry-after'];
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    if (bytes < MAX_BODY_BYTES) chunks.push(chunk);
    bytes += chunk.length;
  });
  // The exporter listens to 'end' first; its callback runs in a later microtask, when the body is noted here.
  response.on('end', () => {
    exchange.body = Buffer.concat(chunks);
  });
}
