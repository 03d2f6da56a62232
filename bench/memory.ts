/** The resident memory of the real program: idle, with much open, and with the backend down before a long backlog. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createVhost, type Vhost } from './support/broker.js';
import { bodyAt, wholeCopies } from './support/corpus.js';
import { Backend, type Program, startBridge } from './support/programs.js';
import type { Say, Scale, Table } from './support/report.js';
import { spreadOf } from './support/statistics.js';
import { memory } from './support/usage.js';

const OPEN: Record<Scale, number> = { full: 50_000, quick: 50_000, smoke: 1_000 };
const BACKLOG: Record<Scale, number> = { full: 1_000_000, quick: 100_000, smoke: 3_000 };
const OUTAGE_SECONDS: Record<Scale, number> = { full: 120, quick: 20, smoke: 3 };
const STARTS: Record<Scale, number> = { full: 5, quick: 3, smoke: 1 };
const IDLE_MS = 5_000;
const RETURN_DEADLINE_MS = 20_000;
const MEBIBYTE = 2 ** 20;

/** From the command to the first span, and what the bridge takes when nothing happens. */
export async function start(scale: Scale): Promise<Table> {
  const samples: { firstSpanMs: number; idle: number }[] = [];
  for (let round = 0; round < STARTS[scale]; round++) {
    samples.push(
      await withBridge(async (vhost, backend) => {
        await vhost.fill(0, 2);
        const { complete } = backend.expect(1);
        const begun = performance.now();
        const program = await startBridge(['--transport-url', vhost.transportUrl, '--endpoint', backend.url]);
        await complete;
        const firstSpanMs = performance.now() - begun;
        await sleep(scale === 'smoke' ? 0 : IDLE_MS);
        const idle = memory(program.pid).rss / MEBIBYTE;
        await program.stop();
        return { firstSpanMs, idle };
      }),
    );
  }
  const firstSpanMs = spreadOf(samples.map((sample) => sample.firstSpanMs));
  const idle = spreadOf(samples.map((sample) => sample.idle));
  return {
    title: 'Start',
    head: ['what', 'median', 'from', 'to'],
    rows: [
      [
        'first span, ms',
        ...[firstSpanMs.median, firstSpanMs.min, firstSpanMs.max].map((ms) => ms.toFixed(0)),
      ],
      ['idle, MiB', ...[idle.median, idle.min, idle.max].map((each) => each.toFixed(0))],
    ],
    data: { firstSpanMs, idle },
    notes: ['The first span waits for the batch delay of 200 ms, too.'],
  };
}

/** Starts without their stops: the most that the bridge ever holds. */
export async function open(scale: Scale): Promise<Table> {
  const points = OPEN[scale];
  const peak = await withBridge(async (vhost, backend) => {
    const args = ['--transport-url', vhost.transportUrl, '--endpoint', backend.url];
    const program = await startBridge([...args, '--max-open-points', String(points)]);
    await publishStarts(vhost, points);
    await untilEmpty(vhost);
    // Messages that stay open get bodies of their own after a second or so, which takes memory, too.
    await sleep(scale === 'smoke' ? 0 : IDLE_MS);
    const highest = memory(program.pid).peak / MEBIBYTE;
    await program.stop();
    // What was open returns to the queue: nothing of it was settled.
    await untilReady(vhost, points);
    return highest;
  });
  return {
    title: 'Open points',
    head: ['open at once', 'peak memory, MiB'],
    rows: [[points.toLocaleString('en'), peak.toFixed(0)]],
    data: { points, peak },
  };
}

/** Memory while the backend is away, and whether everything arrives when it is back. */
export async function outage(scale: Scale, say: Say): Promise<Table> {
  const count = wholeCopies(BACKLOG[scale]);
  const samples = await withBridge(async (vhost, backend) => {
    await vhost.fill(0, count);
    say(`outage: ${count} notifications wait`);
    const { complete } = backend.expect(count / 2);
    backend.order({ kind: 'refuse', isDown: true });
    const program = await startBridge(['--transport-url', vhost.transportUrl, '--endpoint', backend.url]);
    const seen = await sample(program, OUTAGE_SECONDS[scale]);
    backend.order({ kind: 'refuse', isDown: false });
    await complete;
    await program.stop();
    const { distinct, repeated } = await backend.count();
    if (distinct !== count / 2 || repeated !== 0)
      throw new Error(`${distinct} spans, ${repeated} of them again`);
    return seen;
  });
  const settled = samples.slice(Math.floor(samples.length / 3));
  return {
    title: `Outage: the backend is away, ${count.toLocaleString('en')} notifications wait`,
    head: ['after, s', 'memory, MiB'],
    rows: [0.1, 0.25, 0.5, 0.75, 1].map((part) => {
      const at = Math.min(samples.length - 1, Math.floor(samples.length * part));
      return [(samples[at]!.ms / 1_000).toFixed(0), samples[at]!.mebibytes.toFixed(0)];
    }),
    data: { count, samples, spread: spreadOf(settled.map(({ mebibytes }) => mebibytes)) },
    notes: ['Afterwards the backend comes back, and every span is checked to arrive once.'],
  };
}

async function sample(program: Program, seconds: number): Promise<{ ms: number; mebibytes: number }[]> {
  const samples: { ms: number; mebibytes: number }[] = [];
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1_000) {
    await sleep(250);
    samples.push({ ms: performance.now() - begun, mebibytes: memory(program.pid).rss / MEBIBYTE });
  }
  return samples;
}

async function withBridge<Result>(run: (vhost: Vhost, backend: Backend) => Promise<Result>): Promise<Result> {
  const backend = await Backend.start();
  const vhost = await createVhost();
  try {
    return await run(vhost, backend);
  } finally {
    await vhost.remove();
    await backend.stop();
  }
}

async function publishStarts(vhost: Vhost, points: number): Promise<void> {
  await vhost.withChannel(async (channel) => {
    for (let index = 0, sent = 0; sent < points; index++) {
      const body = bodyAt(index);
      if (!/"name": "[^"]*-start"/.test(body.toString('latin1'))) continue;
      sent++;
      const hasRoom = channel.publish('', 'profiler.info', body, { contentType: 'application/json' });
      if (!hasRoom) await new Promise((resolve) => channel.once('drain', resolve));
    }
  });
}

async function untilEmpty(vhost: Vhost): Promise<void> {
  while ((await vhost.ready()) > 0) await sleep(200);
}

/** @throws when they are not all there in time. */
async function untilReady(vhost: Vhost, count: number): Promise<void> {
  const deadline = performance.now() + RETURN_DEADLINE_MS;
  for (;;) {
    const ready = await vhost.ready();
    if (ready === count) return;
    if (performance.now() > deadline) throw new Error(`${ready} of ${count} notifications returned`);
    await sleep(200);
  }
}
