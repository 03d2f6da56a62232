/** How fast a backlog leaves the queue, by the bridge and by what one would use instead, in turn on one broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_BATCH } from '../src/export/batcher.js';
import { DEFAULT_PAIR_BOUNDS } from '../src/pairing/pair.js';
import { createVhost, QUEUE, type Vhost } from './support/broker.js';
import { wholeCopies } from './support/corpus.js';
import { Backend, type Program, startBridge, startOther } from './support/programs.js';
import { driverCost, type Python, startListener } from './support/python.js';
import { type Say, type Scale, show, type Table } from './support/report.js';
import { type Spread, spreadOf } from './support/statistics.js';
import { memory } from './support/usage.js';

/** The bridge's prefetch with default settings; the bare consumer has the same. */
const WINDOW =
  DEFAULT_PAIR_BOUNDS.maxOpenPoints + 2 * DEFAULT_BATCH.maxSize * (DEFAULT_BATCH.maxInFlight + 1);

export const NOTIFICATIONS: Record<Scale, number> = { full: 400_000, quick: 40_000, smoke: 3_000 };
export const ROUNDS: Record<Scale, number> = { full: 5, quick: 2, smoke: 1 };
/** Whoever loses a notification would be waited for for ever. */
const DEADLINE_MS = 900_000;
const BARE = 'bare amqplib consumer';
const PYTHON = 'oslo.messaging listener with OpenTelemetry SDK';
/** Python drains so small a part of the backlog, or it would take longer than all the rest. */
const PYTHON_SHARE = 0.05;

export interface Drained {
  readonly subject: string;
  readonly notifications: number;
  /** Notifications a second. */
  readonly rate: Spread;
  /** Microseconds of CPU, user and system, a notification. */
  readonly cpuMicros: Spread;
  /** MiB. */
  readonly peakMemory: Spread;
}

export interface Sample {
  readonly rate: number;
  readonly cpuMicros: number;
  readonly peakMemory: number;
}

export interface Subject {
  readonly name: string;
  /** The part of the backlog that it drains. */
  readonly share?: number;
  readonly makesSpans: boolean;
  start(vhost: Vhost, backend: Backend, count: number): Promise<{ program: Program; done?: Promise<void> }>;
}

const bridge = (name: string, ...args: readonly string[]): Subject => bridgeOf(undefined, name, ...args);

/** @param root of another checkout that was built. */
export function bridgeOf(root: string | undefined, name: string, ...args: readonly string[]): Subject {
  return {
    name,
    makesSpans: true,
    start: async (vhost, backend) => ({
      program: await startBridge(
        ['--transport-url', vhost.transportUrl, '--endpoint', backend.url, ...args],
        [],
        root,
      ),
    }),
  };
}

const DEFAULT_BRIDGE = bridge('bridge, JSON', '--protocol', 'http/json');

const listenerOf = (python: Python): Subject => ({
  name: PYTHON,
  makesSpans: true,
  share: PYTHON_SHARE,
  start: async (vhost, backend) => ({
    program: await startListener(python, vhost.transportUrl, backend.url, WINDOW),
  }),
});

const SUBJECTS: readonly Subject[] = [
  {
    name: BARE,
    makesSpans: false,
    start: (vhost, _backend, count) =>
      startOther('consumer', [vhost.amqpUrl, QUEUE, String(WINDOW), String(count)]),
  },
  DEFAULT_BRIDGE,
  bridge('bridge, protobuf', '--protocol', 'http/protobuf'),
  bridge('bridge, JSON with gzip', '--protocol', 'http/json', '--compression', 'gzip'),
];

/** Every subject in turn, several rounds of it. */
export async function drain(scale: Scale, say: Say, python: Python | undefined): Promise<Table> {
  const listener: Subject[] = python === undefined ? [] : [listenerOf(python)];
  const drained = await drainAll([...SUBJECTS, ...(scale === 'smoke' ? [] : listener)], scale, say);
  const driver = python === undefined || scale === 'smoke' ? undefined : await driverMicros(python);
  const bare = drained.find(({ subject }) => subject === BARE)!;
  return {
    title: `Drain of ${bare.notifications.toLocaleString('en')} real notifications`,
    head: [...['', 'notifications/s', 'of bare', 'CPU a notification, µs', 'of bare', 'peak memory, MiB']],
    rows: drained.map((each) => rowOf(each, bare)),
    data: { drained, driverMicrosASpan: driver },
    notes: [
      'Median of the rounds, and their range. CPU is user and system of the process alone, from the moment it consumes.',
      python === undefined
        ? 'Python packages could not be had: no Python listener and no osprofiler driver in this run.'
        : `osprofiler's own OTLP driver costs the traced service ${driver?.toFixed(0)} µs of CPU a span; publishing to ` +
          'the broker for the bridge is not in that figure.',
    ],
  };
}

/** Notifications a second that the bridge drains with default settings, for measurements at a part of that. */
export async function measureRate(scale: Scale, say: Say): Promise<number> {
  const [drained] = await drainAll([DEFAULT_BRIDGE], scale === 'smoke' ? 'smoke' : 'quick', say);
  return drained!.rate.median;
}

async function drainAll(subjects: readonly Subject[], scale: Scale, say: Say): Promise<Drained[]> {
  const samples = new Map(subjects.map(({ name }) => [name, [] as Sample[]]));
  const countFor = ({ share = 1 }: Subject) => wholeCopies(NOTIFICATIONS[scale] * share);
  const backend = await Backend.start();
  try {
    for (let round = 0; round < ROUNDS[scale]; round++) {
      for (const subject of subjects) {
        const sample = await drainOnce(subject, countFor(subject), backend);
        samples.get(subject.name)!.push(sample);
        const [rate, cpu, peak] = [sample.rate, sample.cpuMicros, sample.peakMemory].map((n) => n.toFixed(1));
        say(`${subject.name}: ${rate}/s, ${cpu} µs, ${peak} MiB`);
      }
    }
  } finally {
    await backend.stop();
  }
  return subjects.map((subject) => summarize(subject.name, countFor(subject), samples.get(subject.name)!));
}

async function driverMicros(python: Python): Promise<number> {
  const backend = await Backend.start();
  try {
    return await driverCost(python, backend.url);
  } finally {
    await backend.stop();
  }
}

function rowOf({ subject, rate, cpuMicros, peakMemory }: Drained, bare: Drained): string[] {
  return [
    subject,
    show(rate),
    (rate.median / bare.rate.median).toFixed(2),
    show(cpuMicros, 1),
    (cpuMicros.median / bare.cpuMicros.median).toFixed(2),
    show(peakMemory),
  ];
}

function summarize(subject: string, notifications: number, samples: readonly Sample[]): Drained {
  return {
    subject,
    notifications,
    rate: spreadOf(samples.map(({ rate }) => rate)),
    cpuMicros: spreadOf(samples.map(({ cpuMicros }) => cpuMicros)),
    peakMemory: spreadOf(samples.map(({ peakMemory }) => peakMemory)),
  };
}

/** Fills a queue, and has the subject drain it. */
export async function drainOnce(subject: Subject, count: number, backend: Backend): Promise<Sample> {
  const vhost = await createVhost();
  try {
    await vhost.fill(0, count);
    const { complete } = backend.expect(count / 2);
    const { program, done: consumed } = await subject.start(vhost, backend, count);
    const done = await settledWithin(subject.makesSpans ? complete : consumed, DEADLINE_MS);
    if (!done) throw new Error(`${subject.name} did not come to an end`);
    const { wall, cpu } = program.used();
    const { peak } = memory(program.pid);
    await program.stop();
    await check(subject, vhost, backend, count);
    return { rate: count / wall, cpuMicros: (cpu / count) * 1e6, peakMemory: peak / 2 ** 20 };
  } finally {
    await vhost.remove();
  }
}

/** @returns false when the time has passed. */
async function settledWithin(done: Promise<void> | undefined, deadlineMs: number): Promise<boolean> {
  const stop = new AbortController();
  const late = sleep(deadlineMs, false, { signal: stop.signal }).catch(() => false);
  const isDone = await Promise.race([Promise.resolve(done).then(() => true), late]);
  stop.abort();
  return isDone;
}

/** What was fast and wrong is not counted. */
async function check(subject: Subject, vhost: Vhost, backend: Backend, count: number): Promise<void> {
  const left = await vhost.ready();
  if (left !== 0) throw new Error(`${subject.name} left ${left} notifications unacknowledged`);
  if (!subject.makesSpans) return;
  const { distinct, repeated } = await backend.count();
  if (distinct !== count / 2 || repeated !== 0) {
    throw new Error(`${subject.name}: ${distinct} spans of ${count / 2}, ${repeated} of them again`);
  }
}
