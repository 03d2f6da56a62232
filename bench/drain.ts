/** How fast a backlog leaves the queue, by the bridge and by what one would use instead, in turn on one broker. */
import { DEFAULT_BATCH } from '../src/export/batcher.js';
import { DEFAULT_PAIR_BOUNDS } from '../src/translate/pair.js';
import { createVhost, QUEUE, type Vhost } from './support/broker.js';
import { wholeCopies } from './support/corpus.js';
import { Backend, type Program, startBridge, startOther } from './support/programs.js';
import { type Spread, spreadOf } from './support/statistics.js';
import { memory } from './support/usage.js';

/** The bridge's prefetch with default settings; the bare consumer has the same. */
const WINDOW =
  DEFAULT_PAIR_BOUNDS.maxOpenPoints + 2 * DEFAULT_BATCH.maxSize * (DEFAULT_BATCH.maxInFlight + 1);

export interface DrainOptions {
  /** Notifications in the backlog, rounded up to whole copies of the recording. */
  readonly notifications: number;
  readonly rounds: number;
  readonly only?: readonly string[];
}

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

interface Sample {
  readonly rate: number;
  readonly cpuMicros: number;
  readonly peakMemory: number;
}

interface Subject {
  readonly name: string;
  readonly makesSpans: boolean;
  start(vhost: Vhost, backend: Backend, count: number): Promise<{ program: Program; done?: Promise<void> }>;
}

const bridge = (name: string, ...args: readonly string[]): Subject => ({
  name,
  makesSpans: true,
  start: async (vhost, backend) => ({
    program: await startBridge(['--transport-url', vhost.transportUrl, '--endpoint', backend.url, ...args]),
  }),
});

const SUBJECTS: readonly Subject[] = [
  {
    name: 'bare amqplib consumer',
    makesSpans: false,
    start: (vhost, _backend, count) =>
      startOther('consumer', [vhost.amqpUrl, QUEUE, String(WINDOW), String(count)]),
  },
  bridge('bridge, JSON', '--protocol', 'http/json'),
  bridge('bridge, protobuf', '--protocol', 'http/protobuf'),
  bridge('bridge, JSON with gzip', '--protocol', 'http/json', '--compression', 'gzip'),
];

export async function drain(options: DrainOptions, say: (text: string) => void): Promise<Drained[]> {
  const count = wholeCopies(options.notifications);
  const subjects = SUBJECTS.filter(({ name }) => options.only?.some((part) => name.includes(part)) ?? true);
  const samples = new Map(subjects.map(({ name }) => [name, [] as Sample[]]));
  const backend = await Backend.start();
  try {
    for (let round = 0; round < options.rounds; round++) {
      for (const subject of subjects) {
        const sample = await drainOnce(subject, count, backend);
        samples.get(subject.name)!.push(sample);
        const { rate, cpuMicros, peakMemory } = sample;
        say(
          `${subject.name}: ${rate.toFixed(0)}/s, ${cpuMicros.toFixed(1)} µs, ${peakMemory.toFixed(0)} MiB`,
        );
      }
    }
  } finally {
    await backend.stop();
  }
  return subjects.map(({ name }) => summarize(name, count, samples.get(name)!));
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

async function drainOnce(subject: Subject, count: number, backend: Backend): Promise<Sample> {
  const vhost = await createVhost();
  try {
    await vhost.fill(0, count);
    const { complete } = backend.expect(count / 2);
    const { program, done } = await subject.start(vhost, backend, count);
    await (subject.makesSpans ? complete : done);
    const { wall, cpu } = program.used();
    const { peak } = memory(program.pid);
    await program.stop();
    await check(subject, vhost, backend, count);
    return { rate: count / wall, cpuMicros: (cpu / count) * 1e6, peakMemory: peak / 2 ** 20 };
  } finally {
    await vhost.remove();
  }
}

/** What was fast and wrong is not counted. */
async function check(subject: Subject, vhost: Vhost, backend: Backend, count: number): Promise<void> {
  const left = await vhost.ready();
  if (left !== 0) throw new Error(`${subject.name} left ${left} notifications unsettled`);
  if (!subject.makesSpans) return;
  const { distinct, repeated } = await backend.count();
  if (distinct !== count / 2 || repeated !== 0) {
    throw new Error(`${subject.name}: ${distinct} spans of ${count / 2}, ${repeated} of them again`);
  }
}
