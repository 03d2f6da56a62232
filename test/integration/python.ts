import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/**
 * Runs a Python program with the operating system's Python, which has Debian's python3-oslo.* packages, and returns
 * the JSON it prints. `input` reaches it as JSON on standard input.
 */
export function askPython(program: string, input: unknown): unknown {
  const run = spawnSync('/usr/bin/python3', ['-W', 'ignore', '-c', program], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(
    run.status,
    0,
    `python3 with oslo.messaging (apt install python3-oslo.messaging): ${run.stderr}`,
  );
  return JSON.parse(run.stdout);
}
