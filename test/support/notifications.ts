/** Notifications made up for tests, with what does not matter filled in. */
import fc from 'fast-check';
import type { PyObject } from '../../src/python-json/parse.js';
import type { TraceEvent } from '../../src/trace-point.js';

export const BASE_ID = '11111111-2222-4333-8444-555555555555';
export const TRACE_ID = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
/** 2026-11-22T07:29:39.892094Z. */
export const MOMENT = 1_795_332_579_892_094;

/** The moment as osprofiler writes it. */
export const MOMENT_TEXT = '2026-11-22T07:29:39.892094';

/** A start of a root point called `work`. */
export function start(changes: Partial<TraceEvent> = {}): TraceEvent {
  return {
    phase: 'start',
    name: 'work',
    baseId: BASE_ID,
    traceId: TRACE_ID,
    parentId: BASE_ID,
    timestamp: MOMENT,
    info: { host: 'ctl-01' },
    project: 'nova',
    service: 'nova-conductor',
    host: 'ctl-01',
    ...changes,
  };
}

/** The stop that belongs to {@link start}, one and a half milliseconds later. */
export function stop(changes: Partial<TraceEvent> = {}): TraceEvent {
  return start({ phase: 'stop', timestamp: MOMENT + 1_500, ...changes });
}

/** osprofiler's payload, as it is inside a message. */
export function payload(changes: PyObject = {}): PyObject {
  return {
    name: 'work-start',
    base_id: BASE_ID,
    trace_id: TRACE_ID,
    parent_id: BASE_ID,
    timestamp: MOMENT_TEXT,
    info: { host: 'ctl-01' },
    project: 'nova',
    service: 'nova-conductor',
    ...changes,
  };
}

/** A message's body in format 1.0. */
export function body(changes: PyObject = {}): Buffer {
  const message = { message_id: 'm', event_type: 'profiler.nova-conductor', payload: payload(changes) };
  return Buffer.from(JSON.stringify(message));
}

/** An identifier as anybody may send it: mostly a UUID's text, else any text or an integer. */
export function anyId(): fc.Arbitrary<string | bigint> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.bigInt() },
  );
}

/** The options of every property test: reproducible, and small enough to run each time. */
export function property(numRuns = 200): { seed: number; numRuns: number } {
  return { seed: 20_261_122, numRuns };
}
