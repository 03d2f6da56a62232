/** What was measured, as a table for people and as JSON for whoever compares, on which machine. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { brokerVersion } from './broker.js';
import type { Spread } from './statistics.js';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the rows were made from. */
  readonly data: unknown;
  /** What the reader has to know. */
  readonly notes?: readonly string[];
}

/** How much is measured: for the record, for a look, or only whether it works. */
export type Scale = 'full' | 'quick' | 'smoke';

export type Say = (text: string) => void;

interface Kept extends Table {
  readonly machine: string;
}

const DIRECTORY = join(process.cwd(), 'bench', 'results');

/** Keeps a table under its name, and writes all that are kept anew as one page. */
export function keep(name: string, table: Table, machine: string): void {
  mkdirSync(DIRECTORY, { recursive: true });
  const kept: Kept = { ...table, machine };
  writeFileSync(join(DIRECTORY, `${name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'));
  const tables = files.sort().map((file) => JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as Kept);
  const page = tables.map((each) => `${format(each)}\n${each.machine}\n`).join('\n');
  writeFileSync(
    join(DIRECTORY, 'results.md'),
    `# Results\n\nMade by \`npm run bench\`; see docs/performance.md.\n\n${page}`,
  );
}

/** The table in Markdown. */
export function format({ title, head, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_cell, column) => (column === 0 ? '---' : '---:')));
  const body = [line(head), rule, ...rows.map(line)].join('\n');
  return `## ${title}\n\n${body}\n${notes.map((note) => `\n${note}\n`).join('')}`;
}

/** In one line, and nothing that names the machine. */
export async function describeMachine(): Promise<string> {
  const [{ model } = { model: 'unknown processor' }] = cpus();
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  const broker = await brokerVersion();
  return (
    `${availableParallelism()} cores of ${model.trim()}, ${gibibytes} GiB, Node ${process.version}, ${broker}, ` +
    `broker and backend on the same machine, ${new Date().toISOString().slice(0, 10)}.`
  );
}

/** The median, and the range behind it. */
export function show({ median, min, max }: Spread, digits = 0): string {
  const range = min === max ? '' : ` (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  return `${median.toFixed(digits)}${range}`;
}
