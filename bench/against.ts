/** Two builds in alternating rounds on one broker: how this one drains a queue, against that of another checkout. */
import { resolve } from 'node:path';
import { bridgeOf, drainOnce, NOTIFICATIONS, ROUNDS, type Sample } from './drain.js';
import { wholeCopies } from './support/corpus.js';
import { Backend } from './support/programs.js';
import { type Say, type Scale, show, type Table } from './support/report.js';
import { spreadOf } from './support/statistics.js';

const FIGURES: Readonly<Record<string, keyof Sample>> = {
  'notifications/s': 'rate',
  'CPU a notification': 'cpuMicros',
  'peak memory': 'peakMemory',
};
const PROTOCOLS = ['http/json', 'http/protobuf'] as const;

interface Round {
  readonly here: Sample;
  readonly there: Sample;
}

/** @param folder a checkout in which `npm run build` ran. */
export async function drainAgainst(folder: string, scale: Scale, say: Say): Promise<Table> {
  const count = wholeCopies(NOTIFICATIONS[scale]);
  const backend = await Backend.start();
  const rows: string[][] = [];
  const data: Record<string, readonly Round[]> = {};
  try {
    for (const protocol of PROTOCOLS) {
      const rounds = await roundsOf(resolve(folder), protocol, ROUNDS[scale], count, backend, say);
      data[protocol] = rounds;
      for (const [figure, key] of Object.entries(FIGURES)) {
        const ratios = spreadOf(rounds.map(({ here, there }) => here[key] / there[key]));
        const medians = [
          spreadOf(rounds.map(({ here }) => here[key])),
          spreadOf(rounds.map(({ there }) => there[key])),
        ];
        rows.push([
          `${protocol}: ${figure}`,
          show(ratios, 2),
          ...medians.map(({ median }) => median.toFixed(1)),
        ]);
      }
    }
  } finally {
    await backend.stop();
  }
  return {
    title: `Drain of ${count.toLocaleString('en')} real notifications, against another build`,
    head: ['', 'this build, of the other', 'this build', 'the other'],
    rows,
    data,
    notes: [
      'Ratios are of the two drains of one round: their median, and their range. The others are medians, in notifications ' +
        'a second, microseconds and MiB. The builds take turns, and so does the one that begins.',
    ],
  };
}

async function roundsOf(
  folder: string,
  protocol: string,
  rounds: number,
  count: number,
  backend: Backend,
  say: Say,
): Promise<Round[]> {
  const here = bridgeOf(undefined, 'this build', '--protocol', protocol);
  const there = bridgeOf(folder, 'the other build', '--protocol', protocol);
  const samples: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [here, there] : [there, here];
    const [first, second] = [
      await drainOnce(order[0]!, count, backend),
      await drainOnce(order[1]!, count, backend),
    ];
    const sample = round % 2 === 0 ? { here: first, there: second } : { here: second, there: first };
    samples.push(sample);
    const ratios = [sample.here.rate / sample.there.rate, sample.here.cpuMicros / sample.there.cpuMicros];
    say(
      `${protocol}, round ${round + 1}: rate ${ratios[0]!.toFixed(2)}, CPU ${ratios[1]!.toFixed(2)} of the other's`,
    );
  }
  return samples;
}
