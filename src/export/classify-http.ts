/** What an HTTP answer means for a batch. Source: the OTLP specification, "OTLP/HTTP Response". Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Outcome } from '../contracts.js';
import { acceptedWithout, classifyResponse, type TraceResponse, withHint, wordsOf } from './classify.js';
import { hintForStatus, hintForWords, TO_THE_PATH } from './hints.js';
import { type RpcStatus, readRpcStatus, readRpcStatusJson } from './rpc-status.js';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** There was more of the body than is read. */
  readonly isCut: boolean;
}

/** The batch itself is at fault, if the backend accepts others. */
const ABOUT_THE_BATCH = new Set([400, 413, 422]);
/** OTLP says that these pass; of other failures of the server nobody knows. */
const PASSING = new Set([502, 503, 504]);
/** gRPC's INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE and UNIMPLEMENTED behind a gateway that answers 500. */
const ABOUT_SOME_SPANS = new Set([3, 9, 11, 12]);

/** @param url where the request went. @param now milliseconds since the epoch, for dates in `Retry-After`. */
export function classifyHttp(answer: HttpAnswer, url: string, now = Date.now()): Outcome {
  return answer.status >= 200 && answer.status < 300
    ? classifySuccess(answer)
    : classifyFailure(answer, url, now);
}

function classifySuccess({ status, headers, body, isCut }: HttpAnswer): Outcome {
  const type = headers['content-type'] ?? '';
  const text = body.subarray(0, 200).toString('utf8').trimStart();
  if (isPage(type, text)) {
    const reason = `answered ${status} with a page for people (${type || 'no content type'})`;
    return { kind: 'retryable', reason, hint: TO_THE_PATH };
  }
  if (body.length === 0) return { kind: 'accepted' };
  if (isCut) return acceptedWithout('too long to be read');
  const response = type.includes('protobuf') ? readProtobuf(body) : readJson(body);
  return response === undefined ? acceptedWithout('not OTLP') : classifyResponse(response);
}

function isPage(type: string, text: string): boolean {
  return type.includes('html') || /^<(!doctype|html)/i.test(text);
}

function readProtobuf(body: Buffer): TraceResponse | undefined {
  try {
    return ProtobufTraceSerializer.deserializeResponse(body) as TraceResponse;
  } catch {
    return undefined;
  }
}

/** An object that says nothing of a partial success is a response if it is empty. */
function readJson(body: Buffer): TraceResponse | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return 'partialSuccess' in value || Object.keys(value).length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

function classifyFailure(answer: HttpAnswer, url: string, now: number): Outcome {
  const { status, headers, body } = answer;
  const text = body.subarray(0, 4_096).toString('utf8');
  const rpc = rpcStatusOf(answer);
  const reason = `the backend answered ${status}${wordsOf(rpc?.message ?? text)}`;
  const hint = hintForWords(text, url) ?? redirectHint(answer, url) ?? hintForStatus(status);
  if (ABOUT_THE_BATCH.has(status)) {
    // A page, or words about the set-up, come from a proxy or from another port than OTLP's.
    const isRefusal =
      !isPage(headers['content-type'] ?? '', text.trimStart()) && hintForWords(text, url) === undefined;
    if (isRefusal)
      return withHint({ kind: 'permanent', reason, suspect: status === 413 ? 'size' : 'spans' }, hint);
    return withHint({ kind: 'retryable', reason }, hint ?? TO_THE_PATH);
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now) ?? rpc?.retryAfterMs;
  const suspect = suspectOf(status, rpc);
  return withHint(
    {
      ...{ kind: 'retryable', reason },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(suspect === undefined ? {} : { suspect }),
    },
    hint,
  );
}

function suspectOf(status: number, rpc: RpcStatus | undefined): 'spans' | 'size' | 'unknown' | undefined {
  if (status === 429) return 'size';
  if (status < 500 || PASSING.has(status)) return undefined;
  return rpc?.code !== undefined && ABOUT_SOME_SPANS.has(rpc.code) ? 'spans' : 'unknown';
}

function rpcStatusOf({ headers, body }: HttpAnswer): RpcStatus | undefined {
  const type = headers['content-type'] ?? '';
  if (type.includes('protobuf')) return readRpcStatus(body);
  return readRpcStatusJson(body.toString('utf8'));
}

function redirectHint({ status, headers: { location } }: HttpAnswer, url: string): string | undefined {
  if (status < 300 || status >= 400 || location === undefined) return undefined;
  if (location.startsWith('https:') && url.startsWith('http:'))
    return 'it redirects to https: begin the endpoint with https://';
  return `it redirects to ${location.slice(0, 200)}: use that endpoint if it is the receiver's`;
}

/**
 * `Retry-After`: seconds or an HTTP date.
 * @returns milliseconds from now, not negative; undefined when absent or neither.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
