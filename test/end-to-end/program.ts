/** The built program and the publisher, as processes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { OtlpReceiver } from '../support/otlp-receiver.js';
import type { TestVhost } from '../support/rabbitmq.js';

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js');
const PUBLISHER = join(process.cwd(), 'test', 'end-to-end', 'publisher.py');
const PYTHON = '/usr/bin/python3';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the environment that the tests run in reaches the program, but for where programs lie. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: '/nonexistent' };

/** Runs the program to its end. */
export function runProgram(args: readonly string[], input: string | Buffer = ''): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: ENVIRONMENT, stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return ended(child, child.stdout, child.stderr);
}

/** `run` against a virtual host, until it is stopped. */
export class RunningBridge {
  private readonly child: ChildProcess;
  private readonly end: Promise<Ended>;

  constructor(vhost: TestVhost, backend: Pick<OtlpReceiver, 'url'>, args: readonly string[] = []) {
    const where = ['--listen', 'none', '--transport-url', transportUrl(vhost), '--endpoint', backend.url];
    const all = ['run', ...where, ...args];
    const child = spawn(process.execPath, [MAIN, ...all], {
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.end = ended(child, child.stdout, child.stderr);
  }

  /** SIGTERM, as a service manager sends it. */
  stop(): Promise<Ended> {
    this.child.kill('SIGTERM');
    return this.end;
  }

  /** For the case that the test failed in between. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.end;
  }
}

/** Half a trace point, as the publisher says that it sent it. */
export interface SentHalf {
  readonly name: string;
  readonly base_id: string;
  readonly trace_id: string;
  readonly parent_id: string;
  /** Naive UTC, microseconds. */
  readonly timestamp: string;
  readonly host: string;
  readonly etype: string | null;
  readonly message: string | null;
}

/** Has the real osprofiler publish. @param query of the transport URL, which is where oslo.messaging takes options. */
export async function publish(
  vhost: TestVhost,
  args: readonly string[],
  { query = '', input = '', status = 0 } = {},
): Promise<SentHalf[]> {
  const child = spawn(PYTHON, ['-W', 'ignore', PUBLISHER, transportUrl(vhost, query), ...args], {
    stdio: 'pipe',
  });
  child.stdin.end(input);
  const done = await ended(child, child.stdout, child.stderr);
  assert.equal(done.status, status, done.stderr);
  const lines = done.stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as SentHalf);
}

export function transportUrl(vhost: TestVhost, query = ''): string {
  const { hosts, username, password } = vhost.address();
  const [{ host, port }] = hosts as [{ host: string; port: number }];
  return `rabbit://${username}:${password}@${host}:${port}/${vhost.name}${query}`;
}

async function ended(child: ChildProcess, stdout: Readable, stderr: Readable): Promise<Ended> {
  const [out, err, [status]] = await Promise.all([
    text(stdout),
    text(stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout: out, stderr: err };
}
