/**
 * The backend of the measurements, a process of its own: takes OTLP over HTTP and checks that every span comes once.
 * It is told over IPC what to expect, and tells when it has that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { IdSet } from '../support/id-set.js';
import { eachSpanId, hexOf } from '../support/span-ids.js';

/** What this process is told. */
export type Order =
  | { readonly kind: 'expect'; readonly spans: number }
  /** Also tell when each span was taken. */
  | { readonly kind: 'watch' }
  | { readonly kind: 'count' }
  | { readonly kind: 'refuse'; readonly isDown: boolean };

/** What it tells. */
export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'complete' }
  | { readonly kind: 'accepted'; readonly ids: readonly string[]; readonly at: number }
  | {
      readonly kind: 'counted';
      readonly distinct: number;
      readonly repeated: number;
      readonly bytes: number;
      readonly requests: number;
    };

const seen = new IdSet();
let [repeated, bytes, requests, expected] = [0, 0, 0, Number.POSITIVE_INFINITY];
let [isDown, isWatched] = [false, false];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => answer(request, response, Buffer.concat(chunks)));
});
server.listen(0, '127.0.0.1', () => {
  tell({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
process.on('message', (order: Order) => {
  if (order.kind === 'expect') reset(order.spans);
  else if (order.kind === 'watch') isWatched = true;
  else if (order.kind === 'refuse') isDown = order.isDown;
  else tell({ kind: 'counted', distinct: seen.size, repeated, bytes, requests });
});
process.on('disconnect', () => process.exit(0));

function reset(spans: number): void {
  seen.clear();
  [repeated, bytes, requests, expected] = [0, 0, 0, spans];
  isWatched = false;
}

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (isDown) {
    response.writeHead(503).end();
    return;
  }
  const type = request.headers['content-type'] ?? '';
  response.writeHead(200, { 'content-type': type }).end(type.includes('json') ? '{}' : '');
  count(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body, body.length, type);
}

function count(body: Buffer, length: number, type: string): void {
  const ids: string[] = [];
  eachSpanId(body, type, (high, low) => {
    if (!seen.add(high, low)) repeated++;
    if (isWatched) ids.push(hexOf(high, low));
  });
  bytes += length;
  requests++;
  if (isWatched) tell({ kind: 'accepted', ids, at: performance.timeOrigin + performance.now() });
  if (seen.size < expected) return;
  expected = Number.POSITIVE_INFINITY;
  tell({ kind: 'complete' });
}

function tell(report: Report): void {
  process.send?.(report);
}
