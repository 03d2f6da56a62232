/** The real osprofiler behind HTTP: as a judge of headers, and as a service that publishes notifications. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PYTHON = '/usr/bin/python3';
const PROGRAM = join(process.cwd(), 'test', 'end-to-end', 'wsgi_app.py');

/** One question to osprofiler; see the program. */
export type Question =
  | { readonly receive: Readonly<Record<string, string>>; readonly keys: string }
  | { readonly send: { readonly hmac_key: string; readonly base_id: string; readonly parent_id?: string } };

/** @returns what osprofiler makes of each. */
export function askOsprofiler(questions: readonly Question[]): (Record<string, string> | null)[] {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-W', 'ignore', PROGRAM, 'judge'], {
    input: questions.map((question) => `${JSON.stringify(question)}\n`).join(''),
    encoding: 'utf8',
  });
  assert.equal(status, 0, `python3 with osprofiler (apt install python3-osprofiler): ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string> | null);
}

/** A service with osprofiler, while the test lasts. */
export class OpenStackApi {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(transportUrl: string, hmacKeys: string): Promise<OpenStackApi> {
    const child = spawn(PYTHON, ['-W', 'ignore', PROGRAM, 'serve', transportUrl, hmacKeys], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new OpenStackApi(child, `http://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.stdin?.end();
    await closed;
  }
}
