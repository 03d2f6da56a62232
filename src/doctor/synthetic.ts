/** A trace point of doctor's own, as a service would send it. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { decode } from '../codec/envelope.js';
import { toTraceId } from '../mapping/ids.js';
import { isSampled } from '../mapping/sampling.js';
import { readTraceInfo, signTraceInfo } from '../propagation/trace-info.js';
import type { TranslateSettings } from '../settings/settings.js';
import { Translator } from '../translator.js';
import { PACKAGE_NAME } from '../version.js';

export interface SyntheticPoint {
  readonly traceId: string;
  /** Bodies of the two notifications, in the format that osprofiler sends. */
  readonly start: Buffer;
  readonly stop: Buffer;
}

/** The chance to find no sampled trace at the smallest ratio that anybody sets is nil. */
const MOST_TRIES = 1_000_000;

/**
 * A trace point in a trace of its own.
 * @param keys with any, the trace is what the headers of a request say that the first of them signed, read again as
 * the services read it.
 * @returns undefined when the settings sample nothing.
 */
export function syntheticPoint(
  { sampleRatio }: Pick<TranslateSettings, 'sampleRatio'>,
  keys: readonly string[] = [],
): SyntheticPoint | undefined {
  for (let tries = 0; tries < MOST_TRIES && sampleRatio > 0; tries += 1) {
    const baseId = randomUUID();
    const traceId = toTraceId(baseId);
    if (!isSampled(traceId, sampleRatio)) continue;
    const point = randomUUID();
    const parent = signedAndRead(baseId, keys);
    const half = (which: 'start' | 'stop') => notification(parent, point, which);
    return { traceId, start: half('start'), stop: half('stop') };
  }
  return undefined;
}

/** What a service makes of the headers of a request that begins a trace. */
function signedAndRead(baseId: string, keys: readonly string[]): Parent {
  const [key] = keys;
  const begun = { baseId, parentId: baseId };
  if (key === undefined) return begun;
  const read = readTraceInfo(signTraceInfo(begun, key), keys);
  if (read === undefined) throw new Error('what was signed cannot be read');
  return { baseId: String(read.baseId), parentId: String(read.parentId) };
}

interface Parent {
  readonly baseId: string;
  readonly parentId: string;
}

/** The span of a point by itself, whatever the settings filter. */
export function spanOf({ start, stop }: SyntheticPoint, settings: TranslateSettings): ReadableSpan {
  const translator = new Translator<undefined>({
    ...settings,
    ...{ sampleRatio: 1, drop: [], rootSpan: false, maxSpansPerTrace: 0 },
  });
  for (const body of [start, stop]) {
    const decoded = decode(body, {});
    if (decoded.kind !== 'event') throw new Error('the synthetic notification cannot be read');
    for (const made of translator.add(decoded.event, undefined)) {
      if (made.kind === 'span') return made.span;
    }
  }
  throw new Error('the synthetic notifications made no span');
}

function notification({ baseId, parentId }: Parent, point: string, half: 'start' | 'stop'): Buffer {
  const name = `${PACKAGE_NAME}.doctor`;
  // Naive UTC with microseconds, as Python's datetime writes it.
  const now = `${new Date().toISOString().slice(0, -1)}000`;
  const payload = {
    name: `${name}-${half}`,
    base_id: baseId,
    trace_id: point,
    parent_id: parentId,
    timestamp: now,
    info: { host: hostname() },
    project: PACKAGE_NAME,
    service: PACKAGE_NAME,
  };
  const message = {
    message_id: randomUUID(),
    publisher_id: name,
    event_type: `profiler.${PACKAGE_NAME}`,
    priority: 'INFO',
    payload,
    timestamp: now.replace('T', ' '),
  };
  return Buffer.from(JSON.stringify(message));
}
