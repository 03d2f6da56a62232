/** Runs a command line in this process, which spares a test the start of another. */
import { PassThrough, Writable } from 'node:stream';
import { type CliProcess, main } from '../../src/cli/cli.js';
import type { Ended } from './spawn.js';

/** @param env all of the environment. */
export async function runHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const host = { stdout, stderr, stdin: new PassThrough(), env, on: () => undefined, exit: () => undefined };
  const status = await main(args, host as unknown as CliProcess);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
