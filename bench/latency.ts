/** How long a span takes from its stop being published until the backend has it, while the bridge is half busy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { measureRate } from './drain.js';
import { createVhost, type Vhost } from './support/broker.js';
import { bodyAt, wholeCopies } from './support/corpus.js';
import { Backend, startBridge } from './support/programs.js';
import type { Say, Scale, Table } from './support/report.js';
import { quantile } from './support/statistics.js';

const SECONDS: Record<Scale, number> = { full: 30, quick: 8, smoke: 2 };
const TICK_MS = 5;
const LOAD = 0.5;
const IDS =
  /"name": "[^"]*-(start|stop)".*"trace_id": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{4})-([0-9a-f]{12})"/;

export async function latency(scale: Scale, say: Say): Promise<Table> {
  const rate = (await measureRate(scale, say)) * LOAD;
  const waits = await waitsAt(rate, SECONDS[scale]);
  const [p50, p99, max] = [quantile(waits, 0.5), quantile(waits, 0.99), waits.at(-1)!];
  return {
    title: 'Latency at half load',
    head: ['notifications/s', 'p50, ms', 'p99, ms', 'largest, ms'],
    rows: [[rate.toFixed(0), p50.toFixed(0), p99.toFixed(0), max.toFixed(0)]],
    data: { rate, p50, p99, max, spans: waits.length },
    notes: [
      'From the stop published to the span taken, default settings; 200 ms of it may be the batch delay.',
    ],
  };
}

/** @returns milliseconds, ascending, one for each span. */
async function waitsAt(rate: number, seconds: number): Promise<number[]> {
  const count = wholeCopies(rate * seconds);
  const backend = await Backend.start();
  const vhost = await createVhost();
  const { complete } = backend.expect(count / 2);
  const taken = new Map<string, number>();
  backend.listen((report) => {
    if (report.kind === 'accepted') for (const id of report.ids) taken.set(id, report.at);
  });
  backend.order({ kind: 'watch' });
  try {
    const bridge = await startBridge(['--transport-url', vhost.transportUrl, '--endpoint', backend.url]);
    const published = await publish(vhost, count, rate);
    await complete;
    await bridge.stop();
    return [...published].map(([id, at]) => taken.get(id)! - at).sort((one, other) => one - other);
  } finally {
    await vhost.remove();
    await backend.stop();
  }
}

/** @returns when each span's stop was published. */
async function publish(vhost: Vhost, count: number, rate: number): Promise<Map<string, number>> {
  const stops = new Map<string, number>();
  await vhost.withChannel(async (channel) => {
    const begun = performance.now();
    for (let index = 0; index < count; ) {
      const due = Math.min(count, Math.ceil(((performance.now() - begun) / 1_000) * rate));
      for (; index < due; index++) {
        const body = bodyAt(index);
        const [, half, high, low] = IDS.exec(body.toString('latin1'))!;
        if (half === 'stop') stops.set(`${high}${low}`, performance.timeOrigin + performance.now());
        channel.publish('', 'profiler.info', body, {
          contentType: 'application/json',
          contentEncoding: 'utf-8',
        });
      }
      await sleep(TICK_MS);
    }
  });
  return stops;
}
