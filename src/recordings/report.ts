/**
 * What `osprofiler trace show --json` writes, of whatever storage driver → the payloads that it was made of.
 *
 * Source: openstack/osprofiler `cmd/commands.py`, `drivers/base.py` (`_append_results`, `_parse_results`) and
 * `drivers/sqlalchemy_driver.py`; the same from 3.4.3 to 4.4.0. A report is `{info, children, stats}`, each node of its
 * tree `{info: {name, project, service, host, started, finished, exception, meta.raw_payload.<full name>…}, trace_id,
 * parent_id, children}`. Most drivers put the payload of each event in whole. The SQL driver keeps `info` and no ids
 * and times; where payloads are null or missing, what remains is put together again:
 * - the name is that of the `meta.raw_payload` key; without one, the node's, which osprofiler cut at the first dash;
 * - times are the node's, whole milliseconds after the report's beginning. When that was, only a payload's own time can
 *   tell; without any it is taken for 1970-01-01, which `--shift` moves to now;
 * - of an error the type remains, where osprofiler saw the payload when it made the report;
 * - the trace is the parent of the first top-level node: that of a root, unless the first point lost its parent;
 * - a missing event is known by its missing key. Without keys both are made, as osprofiler shows zero duration then.
 *
 * Of events that came twice osprofiler keeps the later one.
 */

import { formatPythonJson } from '../python-json/format.js';
import { isObject, own, type PyObject, type PyValue } from '../python-json/parse.js';
import { parseTimestamp } from '../timestamp.js';
import type { ReadMessage } from './record-line.js';

const RAW_PAYLOAD = 'meta.raw_payload.';
const NO_EXCEPTION = 'None';

/** What is known of one start or stop event. */
interface ReportedEvent {
  readonly node: PyObject;
  /** With its -start or -stop. */
  readonly name: string;
  /** Possibly in part only. */
  readonly payload: PyObject;
  /** Microseconds since the epoch, of the payload. */
  readonly timestamp: number | undefined;
  /** Microseconds since the report's beginning, in whole milliseconds. */
  readonly offset: number;
}

/** Whether a JSON object is a report. */
export function isReport(value: PyObject): boolean {
  return isObject(own(value, 'info')) && Array.isArray(own(value, 'children'));
}

/** The payloads of a report as messages, in the order of their times. How they were sent is not known. */
export function readReport(report: PyObject): Iterable<ReadMessage> {
  const roots = childrenOf(report);
  const events = Array.from(nodesBelow(roots), eventsOf).flat();
  return inOrder(events, baseIdOf(events, roots));
}

function childrenOf(node: PyObject): PyObject[] {
  const children = own(node, 'children');
  return Array.isArray(children) ? children.filter(isObject) : [];
}

/** Depth first; parents before their children. */
function* nodesBelow(roots: readonly PyObject[]): Generator<PyObject> {
  const waiting = roots.toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (const child of childrenOf(node).reverse()) waiting.push(child);
  }
}

function eventsOf(node: PyObject): ReportedEvent[] {
  const info = infoOf(node);
  const named = Object.keys(info)
    .filter((key) => key.startsWith(RAW_PAYLOAD))
    .map((key) => toEvent(node, key.slice(RAW_PAYLOAD.length), own(info, key)));
  if (named.length > 0) return named;
  const name = textOf(own(info, 'name'));
  const started = own(info, 'started') === undefined ? [] : [toEvent(node, `${name}-start`, null)];
  const finished = own(info, 'finished') === undefined ? [] : [toEvent(node, `${name}-stop`, null)];
  return [...started, ...finished];
}

function toEvent(node: PyObject, name: string, raw: PyValue | undefined): ReportedEvent {
  const payload = isObject(raw) ? raw : {};
  const milliseconds = own(infoOf(node), isStop(name) ? 'finished' : 'started');
  return {
    node,
    name,
    payload,
    timestamp: parseTimestamp(textOf(own(payload, 'timestamp'))),
    offset: typeof milliseconds === 'number' ? Math.round(milliseconds * 1000) : 0,
  };
}

function* inOrder(events: readonly ReportedEvent[], baseId: PyValue | undefined): Generator<ReadMessage> {
  const beginning = beginningOf(events);
  const timed = events.map((event) => ({ event, micros: event.timestamp ?? beginning + event.offset }));
  timed.sort((a, b) => a.micros - b.micros);
  for (const { event, micros } of timed) {
    const payload = isWhole(event.payload) ? event.payload : completed(event, baseId, micros);
    const body = Buffer.from(formatPythonJson(payload));
    yield {
      exchange: '',
      routingKey: '',
      redelivered: false,
      properties: {},
      body,
      receivedAt: micros / 1000,
    };
  }
}

/**
 * When the report begins. Offsets are cut to whole milliseconds, so each payload's time gives a moment up to a
 * millisecond after it, and the first one's the moment itself.
 */
function beginningOf(events: readonly ReportedEvent[]): number {
  const latest = events.reduce(
    (earliest, { timestamp, offset }) =>
      timestamp === undefined ? earliest : Math.min(earliest, timestamp - offset),
    Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(latest) ? Math.max(latest, 0) : 0;
}

function baseIdOf(events: readonly ReportedEvent[], roots: readonly PyObject[]): PyValue | undefined {
  const told = events.find(({ payload }) => own(payload, 'base_id') !== undefined);
  if (told !== undefined) return own(told.payload, 'base_id');
  return roots[0] && own(roots[0], 'parent_id');
}

function isWhole(payload: PyObject): boolean {
  return ['name', 'base_id', 'trace_id', 'parent_id', 'timestamp'].every((key) =>
    Object.hasOwn(payload, key),
  );
}

/** A payload with what the report says of it beside it. What the payload says itself wins. */
function completed(
  { node, name, payload }: ReportedEvent,
  baseId: PyValue | undefined,
  micros: number,
): PyObject {
  const info = infoOf(node);
  const host = own(info, 'host');
  const exception = own(info, 'exception');
  const hasFailed = isStop(name) && typeof exception === 'string' && exception !== NO_EXCEPTION;
  const inner = own(payload, 'info') ?? (hasFailed ? { etype: exception } : {});
  return {
    name,
    ...known({
      base_id: baseId,
      trace_id: own(node, 'trace_id'),
      parent_id: own(node, 'parent_id'),
      timestamp: formatTimestamp(micros),
      project: own(info, 'project'),
      service: own(info, 'service'),
    }),
    ...payload,
    info: isObject(inner) && typeof host === 'string' ? { host, ...inner } : inner,
  };
}

function known(members: Readonly<Record<string, PyValue | undefined>>): PyObject {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, PyValue] => member[1] !== undefined),
  );
}

function infoOf(node: PyObject): PyObject {
  const info = own(node, 'info');
  return isObject(info) ? info : {};
}

/** osprofiler's own rule; everything else is a start. */
function isStop(name: string): boolean {
  return name.endsWith('stop');
}

function textOf(value: PyValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** As osprofiler writes it; undefined for a time that no notification can have. */
function formatTimestamp(micros: number): string | undefined {
  if (!Number.isSafeInteger(micros) || micros < 0) return undefined;
  const fraction = String(micros % 1_000_000).padStart(6, '0');
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${fraction}`;
}
