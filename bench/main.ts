/**
 * `npm run bench`: what is measured, and how much of it. Words select measurements. `--quick` measures less, and keeps
 * no results; `--smoke` checks within a minute that everything is counted, and reads no clock. `drain --against <folder>`
 * compares this build with that of another checkout.
 */
import { parseArgs } from 'node:util';
import { drainAgainst } from './against.js';
import { drain } from './drain.js';
import { growth } from './growth.js';
import { latency } from './latency.js';
import { open, outage, start } from './memory.js';
import { parts } from './parts.js';
import { scaling } from './scaling.js';
import { findPython } from './support/python.js';
import { describeMachine, format, keep, type Say, type Scale, type Table } from './support/report.js';

const say: Say = (text) => void process.stderr.write(`${text}\n`);

const MEASUREMENTS: Readonly<Record<string, (scale: Scale) => Promise<Table>>> = {
  drain: async (scale) =>
    values.against === undefined
      ? drain(scale, say, scale === 'smoke' ? undefined : findPython(say))
      : drainAgainst(values.against, scale, say),
  latency: (scale) => latency(scale, say),
  growth: (scale) => growth(scale, say),
  open,
  outage: (scale) => outage(scale, say),
  start,
  parts: async (scale) => parts(scale),
  scaling: (scale) => scaling(scale, say),
};
/** What the smoke leaves out: it has nothing to count. */
const ONLY_TIMES = ['growth', 'parts'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    against: { type: 'string' },
  },
});
const scale: Scale = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
const machine = await describeMachine();
for (const name of selected()) {
  const table = await MEASUREMENTS[name]!(scale);
  if (scale === 'full' && values.against === undefined) keep(name, table, machine);
  if (scale === 'smoke') say(`${name}: all counted`);
  else process.stdout.write(`${format(table)}\n${machine}\n\n`);
}

function selected(): string[] {
  const known = Object.keys(MEASUREMENTS);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no measurement is called ${unknown}: ${known.join(', ')}`);
  if (positionals.length > 0) return positionals;
  return scale === 'smoke' ? known.filter((name) => !ONLY_TIMES.includes(name)) : known;
}
