/** What a gRPC status means for a batch. Source: the OTLP specification's table of retryable status codes. */
import type { Outcome } from '../contracts.js';
import { messageOf } from '../errors.js';
import { explainNoAnswer, hintForGrpcStatus } from './hints.js';

const INVALID_ARGUMENT = 3;
const UNAVAILABLE = 14;
const RESOURCE_EXHAUSTED = 8;

/** Only what is wrong with the batch itself is permanent; credentials, paths and outages can be put right. */
export function judgeGrpcFailure(error: unknown): Outcome {
  const code = (error as { code?: unknown } | undefined)?.code;
  const reason = messageOf(error ?? 'the exporter failed without an error');
  const isTooLarge = code === RESOURCE_EXHAUSTED && /larger than max/i.test(reason);
  if (code === INVALID_ARGUMENT || isTooLarge) return { kind: 'permanent', reason };
  // Without a connection gRPC itself says that the service is unavailable.
  const explained = code === UNAVAILABLE ? explainNoAnswer(error) : undefined;
  const hint = explained?.hint ?? hintForGrpcStatus(code);
  return { kind: 'retryable', reason: explained?.reason ?? reason, ...(hint === undefined ? {} : { hint }) };
}
