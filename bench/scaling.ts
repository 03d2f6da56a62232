/**
 * What sharding costs and what replicas bring, on one machine: a bridge on the queue itself, sharders alone, and
 * replicas on shards that are full. For each the notifications a second, and the CPU that the processes and the broker
 * used for one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createVhost, type Vhost } from './support/broker.js';
import { wholeCopies } from './support/corpus.js';
import { Backend, Program } from './support/programs.js';
import type { Say, Scale, Table } from './support/report.js';
import { cpuSeconds } from './support/usage.js';

const SHARDS = 8;
const NOTIFICATIONS: Record<Scale, number> = { full: 60_000, quick: 20_000, smoke: 2_000 };
const LOOK_MS = 50;
const DEADLINE_MS = 900_000;
const BRIDGE = join(process.cwd(), 'dist', 'cli', 'main.js');

/** What is measured in turn. */
interface Subject {
  readonly name: string;
  readonly command: 'run' | 'shard';
  readonly processes: number;
  readonly args: readonly string[];
  /** The shards are filled before. */
  readonly onShards?: boolean;
}

const bridge: Subject = { name: 'bridge on the queue', command: 'run', processes: 1, args: [] };
const sharders = (processes: number): Subject => ({
  ...{ command: 'shard', processes, args: [] },
  name: `${processes} ${processes === 1 ? 'sharder' : 'sharders'}`,
});
const replicas = (processes: number): Subject => ({
  ...{ command: 'run', processes, args: ['--shards', 'auto'], onShards: true },
  name: `${processes} ${processes === 1 ? 'replica' : 'replicas'} on shards`,
});

const SUBJECTS: Record<'all' | 'smoke', readonly Subject[]> = {
  all: [...[bridge, sharders(1), sharders(2), replicas(1), replicas(2), replicas(4)]],
  smoke: [sharders(2), replicas(2)],
};

export interface Scaled {
  readonly subject: string;
  readonly notifications: number;
  /** Notifications a second, of all processes together. */
  readonly rate: number;
  /** Microseconds of CPU a notification: of each process, and of the broker. */
  readonly cpuMicros: readonly number[];
  readonly brokerMicros: number;
  /** Cores busy: of the processes, and of the broker. */
  readonly cores: number;
  readonly brokerCores: number;
  /** Spans that the backend got again. */
  readonly repeated: number;
}

export async function scaling(scale: Scale, say: Say): Promise<Table> {
  const backend = await Backend.start();
  const broker = await brokerPid();
  const scaled: Scaled[] = [];
  const [load = 0] = loadavg();
  try {
    for (const subject of SUBJECTS[scale === 'smoke' ? 'smoke' : 'all']) {
      const one = await measure(subject, wholeCopies(NOTIFICATIONS[scale]), backend, broker);
      scaled.push(one);
      say(`${one.subject}: ${one.rate.toFixed(0)}/s, ${sum(one.cpuMicros).toFixed(1)} µs`);
    }
  } finally {
    await backend.stop();
  }
  return {
    title: `Many bridges: ${SHARDS} quorum shards, ${scaled[0]!.notifications.toLocaleString('en')} notifications`,
    head: ['', 'notifications/s', 'CPU a notification, µs', 'broker, µs', 'cores busy', 'of them the broker'],
    rows: scaled.map(rowOf),
    data: { scaled, loadBefore: load },
    notes: [
      'CPU is user and system, from the first span or shard filled on. All on one machine: where the cores busy come ' +
        'near to those that there are, more processes bring nothing, and what the broker has of them is the wall.',
      ...costOf(scaled),
      `Load of the machine before: ${load.toFixed(1)}.`,
    ],
  };
}

function rowOf(scaled: Scaled): string[] {
  const { subject, rate, cpuMicros, brokerMicros, cores, brokerCores } = scaled;
  const each = cpuMicros.map((micros) => micros.toFixed(1)).join(' + ');
  return [
    ...[subject, rate.toFixed(0), sum(cpuMicros).toFixed(1) + (cpuMicros.length > 1 ? ` (${each})` : '')],
    ...[brokerMicros.toFixed(1), (cores + brokerCores).toFixed(2), brokerCores.toFixed(2)],
  ];
}

/** What one notification costs more for being sharded: a sharder, and what the broker does for both sides of the shards. */
function costOf(scaled: readonly Scaled[]): string[] {
  const of = ({ name }: Subject) => scaled.find(({ subject }) => subject === name);
  const [direct, sharder, replica] = [of(bridge), of(sharders(1)), of(replicas(1))];
  if (direct === undefined || sharder === undefined || replica === undefined) return [];
  const before = sum(direct.cpuMicros) + direct.brokerMicros;
  const after = [sharder, replica].map((each) => sum(each.cpuMicros) + each.brokerMicros);
  return [
    `Sharding adds ${(sum(after) - before).toFixed(0)} µs a notification, all processes and the broker together: ` +
      `${sum(after).toFixed(0)} instead of ${before.toFixed(0)}.`,
  ];
}

async function measure(subject: Subject, count: number, backend: Backend, broker: number): Promise<Scaled> {
  const vhost = await createVhost();
  const children: ChildProcess[] = [];
  try {
    await vhost.fill(0, count);
    if (subject.onShards) await fillShards(vhost, count);
    const isSharding = subject.command === 'shard';
    const done = isSharding ? () => inShards(vhost) : async () => 2 * (await backend.count()).distinct;
    backend.expect(count / 2);
    const started = Array.from({ length: subject.processes }, () => start(subject, vhost, backend));
    children.push(...started.map(({ child }) => child));
    await Promise.race([...started.map(({ consuming }) => consuming), until(async () => (await done()) > 0)]);
    const [before, cpuBefore, begun] = [await done(), cpuSeconds(broker), performance.now()];
    const programs = children.map((child) => new Program(child));
    await until(async () => (await done()) >= count);
    const seconds = (performance.now() - begun) / 1_000;
    const brokerCpu = cpuSeconds(broker) - cpuBefore;
    const cpu = programs.map((program) => program.used().cpu);
    await Promise.all(programs.map((program) => program.stop()));
    await check(subject, vhost, await done(), count);
    const micros = (used: number) => (used * 1e6) / (count - before);
    return {
      ...{ subject: subject.name, notifications: count, rate: (count - before) / seconds },
      ...{ cpuMicros: cpu.map(micros), brokerMicros: micros(brokerCpu) },
      ...{ cores: sum(cpu) / seconds, brokerCores: brokerCpu / seconds },
      repeated: isSharding ? 0 : (await backend.count()).repeated,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await vhost.remove();
  }
}

/** What was fast and wrong is not counted: everything is there once, and nothing is left behind. */
async function check({ name, command }: Subject, vhost: Vhost, done: number, count: number): Promise<void> {
  const left = (await vhost.ready()) + (command === 'run' ? await inShards(vhost) : 0);
  if (done !== count || left !== 0) throw new Error(`${name}: ${done} of ${count}, ${left} left behind`);
}

async function fillShards(vhost: Vhost, count: number): Promise<void> {
  const { child } = start(sharders(1), vhost);
  const program = new Program(child);
  try {
    await until(async () => (await inShards(vhost)) >= count);
    await program.stop();
  } finally {
    child.kill('SIGKILL');
  }
}

function start(subject: Subject, vhost: Vhost, backend?: Backend) {
  const { command, args } = subject;
  const own = command === 'shard' ? ['--shard-count', String(SHARDS)] : ['--endpoint', backend!.url];
  const where = ['--transport-url', vhost.transportUrl, '--listen', 'none', '--log-format', 'json'];
  const child = spawn(process.execPath, [BRIDGE, command, ...where, ...own, ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const consuming = new Promise<void>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (/"msg":"consuming /.test(line)) resolve();
    });
  });
  return { child, consuming };
}

/** Messages in all shards; 0 while there are none. */
async function inShards(vhost: Vhost): Promise<number> {
  try {
    return await vhost.withChannel(async (channel) => {
      channel.on('error', () => undefined);
      let messages = 0;
      for (let index = 0; index < SHARDS; index++)
        messages += (await channel.checkQueue(`osprofiler-otel-bridge.shard.${index}-of-${SHARDS}`))
          .messageCount;
      return messages;
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === 404) return 0;
    throw error;
  }
}

/** The private broker's process: it runs on this machine. */
async function brokerPid(): Promise<number> {
  const { protocol, host, username, password } = new URL(
    process.env['OSPROFILER_BRIDGE_BENCH_MANAGEMENT_URL'] ?? '',
  );
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${protocol}//${host}/api/nodes`, { headers: { authorization } });
  const [node] = (await response.json()) as { os_pid?: string }[];
  const pid = Number(node?.os_pid);
  if (Number.isInteger(pid)) return pid;
  // The management API knows it only some seconds after the broker's start.
  await sleep(LOOK_MS);
  return brokerPid();
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error('a measurement of many bridges did not come to an end');
    await sleep(LOOK_MS);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
