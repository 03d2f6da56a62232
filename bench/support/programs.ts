/** The processes that are measured, and the backend that they send to. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order, Report } from '../programs/receiver.js';
import { cpuSeconds } from './usage.js';

const ROOT = process.cwd();
const STOP_DEADLINE_MS = 30_000;

/** A process that has begun its work, and what it had used until then. */
export class Program {
  readonly pid: number;
  readonly begun = performance.now();
  private readonly cpuBefore: number;
  private readonly exited: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    this.pid = child.pid!;
    this.cpuBefore = cpuSeconds(this.pid);
    this.exited = once(child, 'exit').then(([status]) => status as number | null);
  }

  /** Seconds of wall time and of CPU since it began its work. */
  used(): { readonly wall: number; readonly cpu: number } {
    return {
      wall: (performance.now() - this.begun) / 1_000,
      cpu: cpuSeconds(this.pid) - this.cpuBefore,
    };
  }

  /** Asks it to end. Rejects when it does not end well. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    const status = await this.exited;
    clearTimeout(timer);
    if (status !== 0) throw new Error(`a measured program ended with ${status}`);
  }
}

/**
 * The command as it is published, and when its log says that it consumes.
 * @param root of the checkout that was built.
 */
export async function startBridge(
  args: readonly string[],
  nodeArgs: readonly string[] = [],
  root: string = ROOT,
): Promise<Program> {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const command = join(root, bin['osprofiler-otel-bridge']);
  const child = spawn(
    process.execPath,
    [...publishedArgs(command), ...nodeArgs, command, 'run', '--log-format', 'json', ...args],
    {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (log.length < 20) log.push(line);
      if (/"msg":"consuming /.test(line)) resolve();
    });
    child.once('exit', (status) => reject(new Error(`the bridge ended with ${status}: ${log.join('\n')}`)));
  });
  return new Program(child);
}

/** What its first line starts Node with: `#!/usr/bin/env -S node …`. */
function publishedArgs(command: string): string[] {
  const [line = ''] = readFileSync(command, 'utf8').split('\n', 1);
  return line.split(' node ')[1]?.split(' ') ?? [];
}

/** A program of `bench/programs`, once it says that it is ready, and when it says that it is done. */
export async function startOther(
  name: string,
  args: readonly string[],
): Promise<{ readonly program: Program; readonly done: Promise<void> }> {
  const child = fork(join(ROOT, 'build', 'bench', 'programs', `${name}.js`), [...args]);
  await messageOf(child, 'ready');
  return { program: new Program(child), done: messageOf(child, 'done') };
}

function messageOf(child: ChildProcess, kind: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: { kind: string }) => {
      if (message.kind === kind) resolve();
    });
    child.once('exit', (status) => reject(new Error(`a program ended with ${status} before it was ${kind}`)));
  });
}

/** The backend, a process of its own. */
export class Backend {
  private readonly listeners = new Set<(report: Report) => void>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {
    child.on('message', (report: Report) => {
      for (const listener of this.listeners) listener(report);
    });
  }

  static async start(): Promise<Backend> {
    const child = fork(join(ROOT, 'build', 'bench', 'programs', 'receiver.js'));
    const [report] = (await once(child, 'message')) as [Report];
    if (report.kind !== 'listening') throw new Error('the backend does not listen');
    return new Backend(child, report.port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Forgets what it has, and resolves the inner promise when it has so many distinct spans. */
  expect(spans: number): { readonly complete: Promise<void> } {
    const complete = this.next('complete').then(() => undefined);
    this.order({ kind: 'expect', spans });
    return { complete };
  }

  async count(): Promise<Report & { kind: 'counted' }> {
    const counted = this.next('counted');
    this.order({ kind: 'count' });
    return (await counted) as Report & { kind: 'counted' };
  }

  order(order: Order): void {
    this.child.send(order);
  }

  /** @returns stops listening. */
  listen(listener: (report: Report) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private next(kind: Report['kind']): Promise<Report> {
    return new Promise((resolve) => {
      const stop = this.listen((report) => {
        if (report.kind !== kind) return;
        stop();
        resolve(report);
      });
    });
  }
}
