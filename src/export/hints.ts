/**
 * What a failed export means to whoever runs the bridge, and what to do about it. Pure. The texts that are told apart
 * here were seen with Node.js 20 and @grpc/grpc-js 1.14, which buries the reason in a sentence of its own.
 */
import { messageOf } from '../errors.js';

/** What went wrong, and what to do about it: two sentences without a full stop. */
export interface Explanation {
  readonly reason: string;
  readonly hint: string;
}

interface Case extends Explanation {
  /** Matched against the error's code and message. */
  readonly of: RegExp;
}

const CASES: readonly Case[] = [
  {
    of: /UNABLE_TO_(VERIFY_LEAF|GET_ISSUER)|SELF_SIGNED|CERT_UNTRUSTED|unable to (verify the first|get (local )?issuer) certificate|self-signed certificate/,
    reason: "the backend's certificate is not trusted",
    hint: 'name the CA file that signed it in OTEL_EXPORTER_OTLP_CERTIFICATE (--ca-file)',
  },
  {
    of: /ERR_TLS_CERT_ALTNAME_INVALID/,
    reason: "the backend's certificate is for another name",
    hint: 'use a name that the certificate carries in OTEL_EXPORTER_OTLP_ENDPOINT',
  },
  {
    of: /CERT_(HAS_EXPIRED|NOT_YET_VALID)|certificate (has expired|is not yet valid)/,
    reason: "the backend's certificate is not valid now",
    hint: "renew the backend's certificate, and check both clocks",
  },
  {
    of: /alert (certificate|bad certificate|unsupported certificate|unknown ca|handshake failure|access denied)|ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA)/i,
    reason: 'the backend does not accept the client certificate, or wants one',
    hint: 'name a certificate and key that the backend trusts in OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY',
  },
  {
    of: /wrong version number|packet length too long/i,
    reason: 'the backend does not speak TLS on this port',
    hint: 'begin the endpoint with http://, or use the port that speaks TLS',
  },
  {
    of: /HPE_/,
    reason: 'what answered does not speak HTTP/1.1',
    hint: 'port 4317 usually speaks gRPC: use port 4318, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc',
  },
  {
    of: /Protocol error/,
    reason: 'what answered does not speak gRPC',
    hint: 'port 4318 usually speaks HTTP: use port 4317, or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
  },
  {
    of: /NO_ANSWER_IN_TIME|DEADLINE_EXCEEDED/,
    reason: 'no answer in time',
    hint: 'see whether the backend is overloaded, or give it longer with --export-timeout (OTEL_EXPORTER_OTLP_TIMEOUT)',
  },
  {
    of: /ECONNREFUSED/,
    reason: 'nothing listens there',
    hint: 'start the backend, or correct host and port in OTEL_EXPORTER_OTLP_ENDPOINT',
  },
  {
    of: /ENOTFOUND|Name resolution failed/,
    reason: "the backend's name is unknown",
    hint: "correct the host in OTEL_EXPORTER_OTLP_ENDPOINT, or the machine's name resolution",
  },
  {
    of: /EAI_AGAIN/,
    reason: "the backend's name cannot be looked up now",
    hint: "check the machine's name resolution",
  },
  {
    of: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    reason: 'no answer from there',
    hint: 'check the address, the routes and the firewalls on the way',
  },
  {
    of: /ECONNRESET|EPIPE|socket hang up|Failed to connect/,
    reason: 'the backend cut the connection',
    hint: 'see whether it runs, whether it expects TLS (https://) on this port, and whether it wants a client certificate',
  },
];

/** Explains why no answer came; undefined for what nobody has seen yet. */
export function explainNoAnswer(error: unknown): Explanation | undefined {
  const told = describe(error);
  const known = CASES.find(({ of }) => of.test(told));
  return known && { reason: `${known.reason} (${shorten(told)})`, hint: known.hint };
}

/** The error's code and message, the former unless the latter says it. */
export function describe(error: unknown): string {
  const message = messageOf(error);
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code !== 'string' || message.includes(code)) return message;
  return message === '' ? code : `${code}: ${message}`;
}

/** Where OTLP over HTTP is to be sent. */
export const TO_THE_PATH =
  'OTLP over HTTP is POST /v1/traces, usually on port 4318; OTEL_EXPORTER_OTLP_ENDPOINT gets that path added, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is taken as it is';
const TO_CREDENTIALS = 'correct the credentials in OTEL_EXPORTER_OTLP_HEADERS';
const TO_PROTOBUF = 'set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf';
const TO_SMALLER_BATCHES =
  "send smaller batches (--batch-max-size, OTEL_BSP_MAX_EXPORT_BATCH_SIZE), or raise the backend's limit";

/** What an answer of this HTTP status calls for; undefined where only waiting helps. */
export function hintForStatus(status: number): string | undefined {
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) return TO_THE_PATH;
  return HINTS_FOR_STATUS[status];
}

const HINTS_FOR_STATUS: Readonly<Record<number, string>> = {
  401: TO_CREDENTIALS,
  403: TO_CREDENTIALS,
  407: 'a proxy wants credentials: see HTTP_PROXY and HTTPS_PROXY',
  411: 'a proxy on the way takes Content-Length from the request: send to the backend without it',
  413: TO_SMALLER_BATCHES,
  415: TO_PROTOBUF,
  429: TO_SMALLER_BATCHES,
  431: 'send fewer or shorter headers in OTEL_EXPORTER_OTLP_HEADERS',
};

/** What backends say when it is the set-up that is wrong, whatever their status. */
const WORDS: readonly { readonly of: RegExp; readonly hint: string }[] = [
  {
    of: /no org id|X-Scope-OrgID|missing tenant|tenant (is )?(required|missing|not found)/i,
    hint: 'name the tenant: OTEL_EXPORTER_OTLP_HEADERS=X-Scope-OrgID=<tenant>',
  },
  {
    of: /json (encoding|format)? ?(is(n't| not)|not) supported|unsupported content.?type/i,
    hint: TO_PROTOBUF,
  },
];
const PLAIN_HTTP_TO_TLS = /HTTP request to an? HTTPS server|plain HTTP request was sent to HTTPS port/i;

/** What these words of the backend call for, when they are about the set-up. @param url where the request went. */
export function hintForWords(words: string, url: string): string | undefined {
  if (url.startsWith('http:') && PLAIN_HTTP_TO_TLS.test(words))
    return 'the port speaks TLS: begin the endpoint with https://';
  return WORDS.find(({ of }) => of.test(words))?.hint;
}

const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

/** What a gRPC status of the backend's own calls for. */
export function hintForGrpcStatus(code: unknown): string | undefined {
  if (code === UNAUTHENTICATED || code === PERMISSION_DENIED) return TO_CREDENTIALS;
  if (code === RESOURCE_EXHAUSTED) return TO_SMALLER_BATCHES;
  return code === UNIMPLEMENTED
    ? 'a gRPC server is there, but none that takes OTLP traces: correct host and port'
    : undefined;
}

/** OpenSSL's and gRPC's trails of where in their sources it happened help nobody. */
function shorten(text: string): string {
  const openssl = /(?:^|\s)[0-9A-F]{8,}:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):\S*/.exec(text);
  if (openssl !== null) return openssl[1]!.trim();
  const grpc = /Last error: (?:Error(?: \[[A-Z_]+\])?: )?(.*?)(?: \(\d{4}-[^)]*\))?\.? Resolution note/s.exec(
    text,
  );
  return (grpc?.[1] ?? text).trim();
}
