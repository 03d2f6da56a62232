/** `demo` as a newcomer meets it at a terminal, and as a script that calls it does. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js');
/** Runs its arguments at a terminal of their own: stdin is typed there, what is printed there is its stdout. */
const AT_A_TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
const ADDRESS = /As a page: (http:\S+) {2}\(Ctrl-C ends it\)/;
const CTRL_C = '\u0003';

type Environment = Readonly<Record<string, string>>;

interface Session {
  /** The page's address, or undefined when the demo ended without one. */
  readonly address: Promise<string | undefined>;
  readonly status: Promise<number | null>;
  type(keys: string): void;
}

function atTerminal(test: TestContext, args: readonly string[], env: Environment = {}): Session {
  const command = ['-c', AT_A_TERMINAL, process.execPath, MAIN, 'demo', ...args];
  return session(test, spawn('/usr/bin/python3', command, { env: environment(env) }));
}

function inScript(test: TestContext, args: readonly string[], env: Environment = {}): Session {
  return session(test, spawn(process.execPath, [MAIN, 'demo', ...args], { env: environment(env) }));
}

function environment(env: Environment): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], TERM: 'xterm', ...env };
}

function session(test: TestContext, child: ChildProcess): Session {
  // A terminal whose end is gone hangs up, and the demo with it.
  test.after(() => child.kill('SIGKILL'));
  const { stdin, stdout } = child;
  assert.ok(stdin !== null && stdout !== null);
  const status = once(child, 'close').then(([code]) => code as number | null);
  let printed = '';
  const announced = new Promise<string>((resolve) => {
    stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const [, address] = ADDRESS.exec(printed) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  const address = Promise.race([announced, status.then(() => undefined)]);
  return { address, status, type: (keys) => stdin.write(keys) };
}

describe('demo at a terminal', () => {
  it('prints the address and serves the trace there until Ctrl-C', async (test) => {
    const { address, status, type } = atTerminal(test, []);
    const url = await address;
    assert.ok(url, 'no address');
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /POST \/v2\.1\/servers/);
    type(CTRL_C);
    assert.equal(await status, 0);
    await assert.rejects(fetch(url));
  });

  it('ends by itself with --no-serve, and in CI', async (test) => {
    for (const { address, status } of [
      atTerminal(test, ['--no-serve']),
      atTerminal(test, [], { CI: 'true' }),
    ]) {
      assert.equal(await address, undefined);
      assert.equal(await status, 0);
    }
  });
});

describe('demo in a script', () => {
  it('ends by itself', async (test) => {
    const { address, status } = inScript(test, []);
    assert.equal(await address, undefined);
    assert.equal(await status, 0);
  });

  it('serves with --serve until SIGTERM', async (test) => {
    const child = spawn(process.execPath, [MAIN, 'demo', '--serve'], { env: environment({ CI: 'true' }) });
    const { address, status } = session(test, child);
    const url = await address;
    assert.ok(url, 'no address');
    assert.equal((await fetch(url)).status, 200);
    child.kill('SIGTERM');
    assert.equal(await status, 0);
  });
});
