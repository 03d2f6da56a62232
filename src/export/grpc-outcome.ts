/** What a gRPC status means for a batch. Source: the OTLP specification's table of retryable status codes. */
import type { Outcome } from '../delivery.js';
import { messageOf } from '../errors.js';

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;

/** Only what is wrong with the batch itself is permanent; credentials, paths and outages can be put right. */
export function judgeGrpcFailure(error: unknown): Outcome {
  const code = (error as { code?: unknown } | undefined)?.code;
  const reason = messageOf(error ?? 'the exporter failed without an error');
  const isTooLarge = code === RESOURCE_EXHAUSTED && /larger than max/i.test(reason);
  return code === INVALID_ARGUMENT || isTooLarge
    ? { kind: 'permanent', reason }
    : { kind: 'retryable', reason };
}
