/** A backend as a process of its own: started on loopback ports, ended in order or at once, what it wrote kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const PROBE_EVERY_MS = 50;
/** Far beyond what anything takes; only a verdict of "never" waits that long. */
const PATIENCE_MS = 180_000;
const MOST_OUTPUT = 200_000;

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
// A test run that is interrupted leaves no backends behind.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

export class ServerProcess {
  /** The last of what it wrote. */
  output = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, args, {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    alive.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-MOST_OUTPUT);
      });
    }
    this.ended = once(this.child, 'close').finally(() => alive.delete(this.child));
  }

  /** Resolves when the probe answers with more than undefined or false; fails when the process ends before. */
  until<T>(what: string, probe: () => Promise<T> | T): Promise<Exclude<T, undefined | false>> {
    return until(
      () => `${what}; it wrote:\n${this.output.slice(-5_000)}`,
      () => {
        if (this.child.exitCode === null && this.child.signalCode === null) return probe();
        throw new Error(`the backend ended before it ${what}:\n${this.output.slice(-5_000)}`);
      },
    );
  }

  /** Ends it, in order unless told otherwise. Resolves when it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

/** Resolves with the first value that is neither undefined nor false. */
export async function until<T>(
  what: string | (() => string),
  probe: () => Promise<T> | T,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > deadline) {
      throw new Error(`within ${PATIENCE_MS / 1000} s: not ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(PROBE_EVERY_MS);
  }
}

/** The executable that the environment variable names. Throws when there is none: a test must not pass without. */
export function executable(variable: string): string {
  const path = process.env[variable];
  if (path === undefined || path === '') {
    throw new Error(`${variable} is not set: run "npm run test:backends", which provides the backends`);
  }
  return path;
}

/** Asks an HTTP API. @returns undefined while there is nobody to answer, and for what is not there (404). */
export async function ask<T>(
  url: string,
  query: Readonly<Record<string, string>> = {},
): Promise<T | undefined> {
  const text = await askText(url, query);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** {@link ask}, for answers that are no JSON. */
export async function askText(
  url: string,
  query: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const search = new URLSearchParams(query).toString();
  const response = await fetch(search === '' ? url : `${url}?${search}`).catch(() => undefined);
  if (response === undefined || response.status === 404) return undefined;
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return text;
}

/**
 * The sum of a counter in Prometheus's text form, over all series whose labels hold every one of these texts.
 * @param name without the `_total` that some writers add to it.
 */
export function metricIn(text: string, name: string, ...labels: readonly string[]): number {
  const starts = [name, `${name}_total`].flatMap((written) => [`${written}{`, `${written} `]);
  const lines = text.split('\n').filter((line) => starts.some((start) => line.startsWith(start)));
  const wanted = lines.filter((line) => labels.every((label) => line.includes(label)));
  return wanted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
