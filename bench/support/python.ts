/** Python with OpenTelemetry, in a virtual environment that is made outside of the repository. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Program } from './programs.js';
import type { Say } from './report.js';

/** The path of an interpreter that has everything. */
export type Python = string & { readonly isReady: true };

const SYSTEM = '/usr/bin/python3';
const ENVIRONMENT = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'osprofiler-otel-bridge',
  'bench-venv',
);
const INTERPRETER = join(ENVIRONMENT, 'bin', 'python') as Python;
/** oslo.messaging may be the distribution's; its OTLP driver came with osprofiler 4.2. */
const PACKAGES = ['opentelemetry-sdk', 'opentelemetry-exporter-otlp', 'oslo.messaging', 'osprofiler>=4.2'];
const PROGRAM =
  'import oslo_messaging, osprofiler.drivers.otlp, opentelemetry.exporter.otlp.proto.http.trace_exporter';
const DRIVER_SPANS = '20000';

/** Makes the environment when there is none yet. @returns undefined when it cannot be had. */
export function findPython(say: Say): Python | undefined {
  if (!isReady()) {
    say('making a Python environment');
    run(SYSTEM, ['-m', 'venv', '--system-site-packages', ENVIRONMENT]);
    run(INTERPRETER, ['-m', 'pip', 'install', '-q', ...PACKAGES]);
  }
  return isReady() ? INTERPRETER : undefined;
}

/** Resolves when it listens. */
export async function startListener(
  python: Python,
  transportUrl: string,
  endpoint: string,
  prefetch: number,
): Promise<Program> {
  const args = [transportUrl, `${endpoint}/v1/traces`, String(prefetch)];
  const child = spawn(python, ['-W', 'ignore', script('listener.py'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  if (line !== 'ready') throw new Error(`the Python listener says ${line}`);
  return new Program(child);
}

/** @returns microseconds of CPU a span in the traced service. */
export async function driverCost(python: Python, endpoint: string): Promise<number> {
  const recording = join('recordings', 'nova-server-boot.ndjson.gz');
  const args = [recording, endpoint.replace('http:', 'otlp:'), DRIVER_SPANS];
  // Not spawnSync: its backend is spoken to from here, too.
  const child = spawn(python, ['-W', 'ignore', script('driver_cost.py'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const printed = await text(child.stdout);
  const [status] = await exited;
  if (status !== 0) throw new Error(`the Python driver ended with ${status}`);
  return Number(printed);
}

function script(name: string): string {
  return join('bench', 'python', name);
}

function isReady(): boolean {
  return existsSync(INTERPRETER) && run(INTERPRETER, ['-W', 'ignore', '-c', PROGRAM]);
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
