/** The bridge as a process of its own, as it is run in earnest: what it logs, how it ends, what it weighs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../../src/cli/summary.js';
import { until } from './patience.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const MOST_LINES = 20_000;

export type { Summary };

export interface LogLine {
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
// A test run that is interrupted leaves no bridges behind.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

/** The whole suite also runs with the accelerator off: `npm run test:integrity -- --no-accelerator`. */
function switchOfAccelerator(): NodeJS.ProcessEnv {
  const { OSPROFILER_BRIDGE_ACCELERATOR: accelerator } = process.env;
  return accelerator === undefined ? {} : { OSPROFILER_BRIDGE_ACCELERATOR: accelerator };
}

export class BridgeProcess {
  /** What it has logged, and what else it wrote to stderr as lines with only a message. */
  readonly lines: LogLine[] = [];
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  /** @param args beyond the command. @param env beyond PATH and the switch of the accelerator. */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, command = 'run') {
    const quiet = ['run', 'shard'].includes(command) ? ['--listen', 'none'] : [];
    this.child = spawn(process.execPath, [MAIN, command, ...quiet, '--log-format', 'json', ...args], {
      env: { PATH: process.env['PATH'], ...switchOfAccelerator(), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    alive.add(this.child);
    createInterface({ input: this.child.stderr! }).on('line', (line) => this.note(line));
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      alive.delete(this.child);
      return { status, signal };
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it as the kernel does when memory runs out. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to end, and does not wait. */
  signal(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.child.kill(signal);
  }

  /** Asks it to end. Resolves when it has, with its last line. */
  async stop(): Promise<Ended & { readonly summary: Summary }> {
    this.child.kill('SIGTERM');
    const ended = await this.ended;
    const summary = this.lines.find(({ message }) => message === 'stopped');
    if (summary === undefined) throw new Error(`the bridge ended without a summary:\n${this.text}`);
    return { ...ended, summary: summary as unknown as Summary };
  }

  /** How often a line with this message was logged. */
  count(message: string | RegExp): number {
    return this.lines.filter((line) =>
      typeof message === 'string' ? line.message === message : message.test(line.message),
    ).length;
  }

  /** Resolves when the message has been logged so often; fails when the bridge ends before. */
  async untilLogged(message: string | RegExp, times = 1): Promise<void> {
    await until(
      () => `logged "${message}" ${times} times:\n${this.text}`,
      () => {
        if (this.count(message) >= times) return true;
        if (!this.isRunning) throw new Error(`the bridge ended before it logged "${message}":\n${this.text}`);
        return false;
      },
    );
  }

  /** Bytes of memory that it occupies. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** The last of what it wrote. */
  get text(): string {
    return this.lines
      .slice(-30)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }

  private note(line: string): void {
    this.lines.push(parse(line));
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }
}

function parse(line: string): LogLine {
  try {
    const { msg, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return { ...fields, message: String(message ?? msg) };
  } catch {
    return { message: line };
  }
}
