/**
 * HTTP, server and client.
 *
 * Facts: `osprofiler/web.py` starts `wsgi` with `request{path, query, method, scheme}` and stops it with nothing, so a
 * server span has no status. `osprofiler/requests.py` (≥ 4.2) starts with `requests{method, query, path, hostname,
 * port, scheme}` and stops with `requests{status_code}`, or, when the call raised, not at all.
 * Conventions: opentelemetry semantic-conventions, HTTP spans (stable).
 */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { PyObject } from '../python-json/parse.js';
import { type Convention, isText, isWholeNumber, textOf } from './convention.js';
import { templatePath } from './path-template.js';
import type { SpanBuilder } from './span-builder.js';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

export const httpServer: Convention = {
  infoKey: 'request',
  fields: { method: isText, path: isText, query: isText, scheme: isText },
  describe(builder, start) {
    builder.kind = SpanKind.SERVER;
    describeRequest(builder, start);
    describeTarget(builder, start);
  },
};

export const httpClient: Convention = {
  infoKey: 'requests',
  fields: {
    method: isText,
    path: isText,
    query: isText,
    scheme: isText,
    hostname: isText,
    port: isWholeNumber,
    status_code: isWholeNumber,
  },
  describe(builder, start, stop, halves) {
    builder.kind = SpanKind.CLIENT;
    describeRequest(builder, start);
    describeServer(builder, start);
    describeTarget(builder, start);
    const path = textOf(start, 'path');
    if (path !== '') builder.put('url.template', templatePath(path));
    describeResponse(builder, stop, halves.start !== undefined);
  },
};

function describeRequest(builder: SpanBuilder, request: PyObject): void {
  const method = textOf(request, 'method');
  const path = textOf(request, 'path');
  const isKnown = builder.options.httpKnownMethods.includes(method);
  const target = path === '' ? '' : ` ${templatePath(path)}`;
  builder.name = `${isKnown ? method : 'HTTP'}${target}`;
  if (method === '') return;
  builder.put('http.request.method', isKnown ? method : '_OTHER');
  if (!isKnown) builder.put('http.request.method_original', builder.redact.text(method));
}

function describeTarget(builder: SpanBuilder, request: PyObject): void {
  const path = textOf(request, 'path');
  const query = textOf(request, 'query');
  const scheme = textOf(request, 'scheme');
  if (path !== '') builder.put('url.path', builder.redact.text(path));
  if (query !== '') builder.put('url.query', builder.redact.query(query));
  if (scheme !== '') builder.put('url.scheme', scheme);
}

function describeServer(builder: SpanBuilder, request: PyObject): void {
  const hostname = textOf(request, 'hostname');
  if (hostname === '') return;
  const port = portOf(request);
  builder.put('server.address', builder.redact.url(`//${hostname}`).slice(2));
  if (port !== undefined) builder.put('server.port', port);
  builder.put('url.full', builder.redact.url(fullUrl(request, hostname, port)));
}

function fullUrl(request: PyObject, hostname: string, port: number | undefined): string {
  const scheme = textOf(request, 'scheme') || 'http';
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  const authority = port === undefined || port === DEFAULT_PORTS[scheme] ? host : `${host}:${port}`;
  const query = textOf(request, 'query');
  return `${scheme}://${authority}${textOf(request, 'path')}${query === '' ? '' : `?${query}`}`;
}

function portOf(request: PyObject): number | undefined {
  const port = request['port'];
  return typeof port === 'number' && isWholeNumber(port) ? port : undefined;
}

/**
 * For a client every status from 400 on is an error; the code as text is its type.
 * @param isComplete an incomplete point stays UNSET: one event of it is unknown.
 */
function describeResponse(builder: SpanBuilder, response: PyObject, isComplete: boolean): void {
  const status = response['status_code'];
  if (typeof status !== 'number' || !isWholeNumber(status)) return;
  builder.put('http.response.status_code', status);
  if (status < 400) return;
  if (isComplete) builder.statusCode = SpanStatusCode.ERROR;
  builder.put('error.type', String(status));
}
