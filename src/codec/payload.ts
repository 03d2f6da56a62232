/**
 * osprofiler's payload → TraceEvent.
 * Source: openstack/osprofiler `profiler.py` and `drivers/messaging.py`; unchanged from 3.4.3 to 4.4.0.
 */
import { isObject, own, type PyObject, type PyValue } from '../python-json/parse.js';
import { parseTimestamp } from '../timestamp.js';
import type { Id, TraceEvent } from '../trace-point.js';

/** Why a payload is none of osprofiler's. The detail names the field and never quotes its value. */
export interface PayloadProblem {
  readonly reason: 'missing-field' | 'wrong-type' | 'bad-name' | 'bad-timestamp';
  readonly detail: string;
}

export type ReadPayload =
  | { readonly ok: true; readonly notification: TraceEvent }
  | ({ readonly ok: false } & PayloadProblem);

/** Validates one payload. Unknown fields are left alone; `project`, `service` and `info` may be absent or null. */
export function readPayload(payload: PyObject): ReadPayload {
  const name = own(payload, 'name');
  const baseId = readId(own(payload, 'base_id'));
  const traceId = readId(own(payload, 'trace_id'));
  const parentId = readId(own(payload, 'parent_id'));
  const stamp = own(payload, 'timestamp');
  if (typeof name !== 'string') return wrong(payload, 'name', 'a string');
  if (baseId === undefined) return wrong(payload, 'base_id', 'a string or an integer');
  if (traceId === undefined) return wrong(payload, 'trace_id', 'a string or an integer');
  if (parentId === undefined) return wrong(payload, 'parent_id', 'a string or an integer');
  if (typeof stamp !== 'string') return wrong(payload, 'timestamp', 'a string');

  const phase = name.endsWith('-start') ? 'start' : name.endsWith('-stop') ? 'stop' : undefined;
  if (phase === undefined) {
    return { ok: false, reason: 'bad-name', detail: 'name ends neither in -start nor in -stop' };
  }
  const timestamp = parseTimestamp(stamp);
  if (timestamp === undefined) {
    return { ok: false, reason: 'bad-timestamp', detail: 'timestamp is no UTC moment from 1970 to 2254' };
  }
  const info = own(payload, 'info') ?? {};
  if (!isObject(info)) return wrong(payload, 'info', 'an object');
  const project = readText(own(payload, 'project'));
  if (project === undefined) return wrong(payload, 'project', 'a string');
  const service = readText(own(payload, 'service'));
  if (service === undefined) return wrong(payload, 'service', 'a string');
  const host = own(info, 'host');
  return {
    ok: true,
    notification: {
      phase,
      name: name.slice(0, phase === 'start' ? -6 : -5),
      baseId,
      traceId,
      parentId,
      timestamp,
      info,
      project,
      service,
      host: typeof host === 'string' ? host : '',
    },
  };
}

function readId(value: PyValue | undefined): Id | undefined {
  if (typeof value === 'string' || typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

function readText(value: PyValue | undefined): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : undefined;
}

function wrong(payload: PyObject, field: string, expected: string): ReadPayload {
  return own(payload, field) === undefined
    ? { ok: false, reason: 'missing-field', detail: `${field} is missing` }
    : { ok: false, reason: 'wrong-type', detail: `${field} is not ${expected}` };
}
