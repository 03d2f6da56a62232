/**
 * What passes between an OTLP/HTTP exporter and the backend.
 *
 * The exporter package hides most of it: `Retry-After`, the status behind "Export failed with retryable status", a
 * partial success (a line in a log), a 200 with a login page (a success). Node publishes every HTTP request that
 * starts on a diagnostics channel; those that go by way of an agent of {@link observe} are looked at there, and no
 * others. (Async context would tell them apart, too, but in Node 20 and 22 it costs something for every promise and
 * every callback of the process: 5 % of what a notification takes.)
 */
import { subscribe } from 'node:diagnostics_channel';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';

/** The last response to the requests of one export; absent when there was none. */
export interface Exchange {
  status?: number;
  contentType?: string;
  retryAfter?: string;
  body?: Buffer;
}

/** More of an answer than this is not read: OTLP's are a few bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** By the agent of the requests. */
const exchanges = new WeakMap<Agent, Exchange>();
let isSubscribed = false;

/** Notes in the exchange what answer the requests of `agent` get, from now on until it is given its next one. */
export function observe(agent: Agent, exchange: Exchange): void {
  subscribeOnce();
  exchanges.set(agent, exchange);
}

/** Not on import: loading the library changes nothing in the process. */
function subscribeOnce(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { request: ClientRequest & { readonly agent?: Agent } };
    const exchange = request.agent && exchanges.get(request.agent);
    if (exchange === undefined) return;
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
