/** What a gRPC answer means for a batch. Source: the OTLP specification, "OTLP/gRPC Response". Pure. */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Outcome } from '../contracts.js';
import { messageOf } from '../errors.js';
import { acceptedWithout, classifyResponse, type TraceResponse, withHint } from './classify.js';
import { explainNoAnswer, hintForGrpcStatus, hintForWords, TO_THE_PATH } from './hints.js';
import { readRpcStatus } from './rpc-status.js';
import { MAX_ANSWER_BYTES } from './transport.js';

/** What came back for one call. */
export interface GrpcAnswer {
  /** What grpc-js reports; absent when the status is OK. */
  readonly error?: (Error & { readonly code?: number }) | undefined;
  readonly body?: Buffer | undefined;
  readonly contentType?: string | undefined;
  /** The trailer `grpc-status-details-bin`. */
  readonly details?: Buffer | undefined;
}

const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const ABOUT_SOME_SPANS = new Set([9, 11, 12]);
/** CANCELLED, UNKNOWN, ABORTED, INTERNAL and DATA_LOSS do not say whose fault it is. */
const UNCLEAR = new Set([1, 2, 10, 13, 15]);

/** A limit that no backend has by chance: grpc-js words its own refusal of a long answer like a backend's of a long request. */
export const MAX_GRPC_ANSWER_BYTES = MAX_ANSWER_BYTES + 1;
const TOO_LONG_ANSWER = new RegExp(
  `received message larger than max \\(\\d+ vs ${MAX_GRPC_ANSWER_BYTES}\\)`,
  'i',
);

/** @param url where the request went. */
export function classifyGrpc(answer: GrpcAnswer, url: string): Outcome {
  const { error, body, contentType } = answer;
  if (contentType !== undefined && !contentType.startsWith('application/grpc'))
    return {
      kind: 'retryable',
      reason: `answered with ${contentType}, which is not gRPC`,
      hint: TO_THE_PATH,
    };
  if (error === undefined) return classifyOk(body ?? Buffer.alloc(0));
  return classifyError(error, answer.details, url);
}

function classifyOk(body: Buffer): Outcome {
  try {
    return classifyResponse(ProtobufTraceSerializer.deserializeResponse(body) as TraceResponse);
  } catch {
    return acceptedWithout('not OTLP');
  }
}

function classifyError(
  error: NonNullable<GrpcAnswer['error']>,
  details: Buffer | undefined,
  url: string,
): Outcome {
  const { code = -1 } = error;
  const reason = messageOf(error);
  // Without a connection gRPC itself says that the service is unavailable.
  const explained = code === UNAVAILABLE || code === DEADLINE_EXCEEDED ? explainNoAnswer(error) : undefined;
  if (explained !== undefined) return { kind: 'retryable', ...explained };
  if (TOO_LONG_ANSWER.test(reason)) return acceptedWithout('too long to be read');
  const hint = hintForWords(reason, url) ?? hintForGrpcStatus(code);
  if (code === INVALID_ARGUMENT && hintForWords(reason, url) === undefined)
    return withHint({ kind: 'permanent', reason, suspect: 'spans' }, hint);
  if (code === RESOURCE_EXHAUSTED && /larger than max/i.test(reason))
    return withHint({ kind: 'permanent', reason, suspect: 'size' }, hint);
  const retryAfterMs = details && readRpcStatus(details)?.retryAfterMs;
  const suspect = suspectOf(code);
  return withHint(
    {
      ...{ kind: 'retryable', reason },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(suspect === undefined ? {} : { suspect }),
    },
    hint,
  );
}

function suspectOf(code: number): 'spans' | 'size' | 'unknown' | undefined {
  if (code === RESOURCE_EXHAUSTED) return 'size';
  if (ABOUT_SOME_SPANS.has(code)) return 'spans';
  return UNCLEAR.has(code) ? 'unknown' : undefined;
}
