/** What a notification costs when much is open, or many services speak; and what memory an open point takes. */

import { decode } from '../src/codec/envelope.js';
import { JSON_ENCODING } from '../src/export/json-encoding.js';
import { SpanMapper } from '../src/mapping/span.js';
import { Pairer } from '../src/pairing/pair.js';
import { pointId, type TraceEvent } from '../src/trace-point.js';
import { bodyAt } from './support/corpus.js';
import type { Say, Scale, Table } from './support/report.js';
import { show } from './support/report.js';
import { type Spread, spreadOf } from './support/statistics.js';

const OPEN_POINTS: Record<Scale, readonly number[]> = {
  full: [1e3, 1e4, 1e5, 1e6],
  quick: [1e3, 1e4, 1e5, 1e6],
  smoke: [1e3, 1e4],
};
const SERVICES = [10, 100, 1_000];
const ROUNDS: Record<Scale, number> = { full: 7, quick: 3, smoke: 1 };
const PAIRS: Record<Scale, number> = { full: 200_000, quick: 50_000, smoke: 1_000 };
const BATCH = 512;
const MEASURED_POINTS = 50_000;

interface Row {
  readonly what: string;
  readonly of: number;
  readonly nanos: Spread;
}

export async function growth(scale: Scale, say: Say): Promise<Table> {
  const rows: Row[] = [];
  const opens = OPEN_POINTS[scale].map((open) => ({ open, nanos: [] as number[] }));
  const services = SERVICES.map((count) => ({ count, nanos: [] as number[] }));
  // The first round only warms the compiler up.
  for (let round = -1; round < ROUNDS[scale]; round++) {
    for (const { open, nanos } of opens) keepFrom(round, nanos, pairing(open, PAIRS[scale]));
    for (const { count, nanos } of services) keepFrom(round, nanos, mapping(count, PAIRS[scale]));
    say(`growth: round ${round + 1} of ${ROUNDS[scale]}`);
  }
  for (const { open, nanos } of opens)
    rows.push({ what: 'open points, pairing', of: open, nanos: spreadOf(nanos) });
  for (const { count, nanos } of services)
    rows.push({ what: 'services, mapping and encoding', of: count, nanos: spreadOf(nanos) });
  const bytes = bytesOfOpenPoint();
  return {
    title: 'Growth',
    head: ['what', 'how many', 'ns a notification'],
    rows: [
      ...rows.map(({ what, of, nanos }) => [what, of.toLocaleString('en'), show(nanos)]),
      ['bytes of memory for an open point', '1', bytes.toFixed(0)],
    ],
    data: { rows, bytesOfOpenPoint: bytes },
  };
}

function keepFrom(round: number, all: number[], nanos: number): void {
  if (round >= 0) all.push(nanos);
}

/** Nanoseconds of CPU a notification: points that open and close while so many others stay open. */
function pairing(open: number, pairs: number): number {
  const pairer = new Pairer<undefined>({ maxOpenPoints: 2e7, maxOpenBytes: 1e12, pairTimeoutMs: 1e9 });
  for (let index = 0; index < open; index++) {
    const half = made('start', index);
    pairer.add(pointId(half), half, undefined, 1_000, 0);
  }
  const halves: TraceEvent[] = [];
  for (let index = open; index < open + pairs; index++)
    halves.push(made('start', index), made('stop', index));
  return nanosOf(halves.length, () => {
    for (const half of halves) pairer.add(pointId(half), half, undefined, 1_000, 0);
  });
}

/** Nanoseconds of CPU a notification: every service speaks in turn. */
function mapping(services: number, pairs: number): number {
  const mapper = new SpanMapper();
  const points = Array.from({ length: pairs }, (_none, index) => {
    const service = `service-${index % services}`;
    return { start: { ...made('start', index), service }, stop: { ...made('stop', index), service } };
  });
  return nanosOf(points.length * 2, () => {
    for (let at = 0; at < points.length; at += BATCH)
      JSON_ENCODING.join(
        points.slice(at, at + BATCH).map((point) => JSON_ENCODING.encode(mapper.toSpan(point))),
      );
  });
}

/** Heap and buffers for each real start that waits, its body included. */
function bytesOfOpenPoint(): number {
  const pairer = new Pairer<Buffer>({ maxOpenPoints: 2e7, maxOpenBytes: 1e12, pairTimeoutMs: 1e9 });
  const before = used();
  for (let index = 0; pairer.openPoints < MEASURED_POINTS; index++) {
    const body = bodyAt(index);
    const decoded = decode(body);
    if (decoded.kind !== 'event' || decoded.event.phase === 'stop') continue;
    pairer.add(pointId(decoded.event), decoded.event, body, body.length, 0);
  }
  const after = used();
  return (after - before) / pairer.openPoints;
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function nanosOf(count: number, run: () => void): number {
  globalThis.gc?.();
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / count;
}

/** A half with ids like real ones. */
function made(half: 'start' | 'stop', index: number): TraceEvent {
  // Multiplied by a large odd number, so that ids next to each other have nothing in common.
  const low = (Math.imul(index, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  const high = index.toString(16).padStart(8, '0');
  const baseId = '6f3b2f0e-2f1c-4b6e-9d0a-0d8f5c1e7a42';
  const traceId = `${low}-2f1c-4b6e-9d0a-0d8f${high}`;
  const params = {};
  return {
    phase: half,
    name: 'db',
    baseId,
    traceId,
    parentId: baseId,
    timestamp: 1.8e15 + index,
    info: { db: { statement: 'SELECT 1', params }, host: 'h' },
    project: 'nova',
    service: 'api',
    host: 'h',
  };
}
