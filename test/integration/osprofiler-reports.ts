/** Reports that the real osprofiler makes of captured notifications, with its own command and its own driver base. */

import assert from 'node:assert/strict';
import { inflate } from '../../src/codec/compression.js';
import { decode } from '../../src/codec/envelope.js';
import type { TraceEvent } from '../../src/trace-point.js';
import { captureNames, readCapture } from '../support/captures.js';
import { askPython } from './python.js';

/** The notifications of one trace of a capture, in the order of the capture. */
export interface CapturedTrace {
  readonly capture: string;
  readonly notifications: readonly TraceEvent[];
  /** The messages' bodies, decompressed; as many, in the same order. */
  readonly bodies: readonly string[];
}

const MAX_BYTES = 64 * 1024 * 1024;

export function capturedTraces(): CapturedTrace[] {
  return captureNames().flatMap(tracesOf);
}

function tracesOf(capture: string): CapturedTrace[] {
  const traces = new Map<string, { capture: string; notifications: TraceEvent[]; bodies: string[] }>();
  for (const { body, properties } of readCapture(capture)) {
    const decoded = decode(body, properties);
    if (decoded.kind !== 'event') continue;
    const { baseId } = decoded.event;
    const key = `${typeof baseId} ${baseId}`;
    const trace = traces.get(key) ?? { capture, notifications: [], bodies: [] };
    traces.set(key, trace);
    trace.notifications.push(decoded.event);
    trace.bodies.push(textOf(body, properties.headers?.['compression']));
  }
  return [...traces.values()];
}

/** A trace made of payloads that no capture holds. */
export function traceOf(bodies: readonly Buffer[]): CapturedTrace {
  const notifications = bodies.map((body) => {
    const decoded = decode(body);
    assert.ok(decoded.kind === 'event');
    return decoded.event;
  });
  return { capture: 'made up', notifications, bodies: bodies.map(String) };
}

function textOf(body: Buffer, compression: unknown): string {
  if (typeof compression !== 'string') return body.toString('utf8');
  const inflated = inflate(body, compression, MAX_BYTES);
  return inflated.ok ? inflated.body.toString('utf8') : '';
}

/** What the payloads that a storage driver hands to osprofiler hold. The names of halves are there in each case. */
export type RawPayloads = 'whole' | 'without identity' | 'none';

/**
 * `osprofiler trace show --json` for each trace, over a driver that finds these notifications in its storage and does
 * with them what osprofiler's own drivers do: most keep payloads whole; the SQL driver keeps ids, times, service and
 * project in columns beside them; null is what `_append_results` takes when there is none.
 */
export function osprofilerReports(traces: readonly CapturedTrace[], raw: RawPayloads): string[] {
  const input = { raw, traces: traces.map(({ bodies }) => bodies) };
  return askPython(PROGRAM, input) as string[];
}

const PROGRAM = `
import argparse, contextlib, io, json, sys
from osprofiler.cmd import commands
from osprofiler.drivers import base

COLUMNS = ('base_id', 'timestamp', 'parent_id', 'trace_id', 'project', 'host', 'service', 'name')
given = json.load(sys.stdin)

def payload_of(body):
    message = json.loads(body)
    if 'oslo.message' in message:
        message = json.loads(message['oslo.message'])
    return message.get('payload', message)

def raw_of(payload):
    if given['raw'] == 'none':
        return None
    if given['raw'] == 'whole':
        return payload
    return {key: value for key, value in payload.items() if key not in COLUMNS}

class Stored(base.Driver):
    storage = []
    @classmethod
    def get_name(cls):
        return 'stored'
    def get_report(self, base_id):
        for n in self.storage:
            self._append_results(n['trace_id'], n['parent_id'], n['name'], n['project'], n['service'],
                                 n['info']['host'], n['timestamp'], raw_of(n))
        return self._parse_results()

def show(bodies):
    Stored.storage = [payload_of(body) for body in bodies]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        commands.TraceCommands().show(argparse.Namespace(
            trace='00000000-0000-4000-8000-000000000000', conn_str='stored://', file_name=None,
            use_json=True, use_html=False, use_dot=False))
    return output.getvalue()

print(json.dumps([show(bodies) for bodies in given['traces']]))
`;
