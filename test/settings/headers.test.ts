/** The command `headers` as it is typed; test/end-to-end/propagation.test.ts has its output judged by osprofiler. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readTraceInfo } from '../../src/propagation/trace-info.js';
import { runProgram } from '../cli/spawn.js';

const KEYS = { OSPROFILER_BRIDGE_HMAC_KEYS: 'one,two' };
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
const directory = mkdtempSync(join(tmpdir(), 'headers-'));

after(() => rmSync(directory, { recursive: true }));

function idsIn(json: string, key: string) {
  const { 'X-Trace-Info': info = '', 'X-Trace-HMAC': hmac = '' } = JSON.parse(json) as Record<string, string>;
  return readTraceInfo({ info, hmac }, [key]);
}

describe('headers', () => {
  test('are signed by the first key of the environment or of a file', async () => {
    const file = join(directory, 'keys');
    writeFileSync(file, 'three\nfour,five\n');
    const byEnvironment = await runProgram(['headers', '--format', 'json'], KEYS);
    const byFile = await runProgram(['headers', '--format', 'json', '--hmac-key-file', file], KEYS);
    assert.notEqual(idsIn(byEnvironment.stdout, 'one'), undefined);
    assert.notEqual(idsIn(byFile.stdout, 'three'), undefined);
  });

  test('begin a fresh trace each time, whose id is logged', async () => {
    const [first, second] = await Promise.all([
      runProgram(['headers', '--format', 'json'], KEYS),
      runProgram(['headers', '--format', 'json'], KEYS),
    ]);
    const baseId = idsIn(first.stdout, 'one')?.baseId;
    assert.notEqual(baseId, idsIn(second.stdout, 'one')?.baseId);
    assert.ok(first.stderr.includes(String(baseId).replaceAll('-', '')), first.stderr);
  });

  test('are below the span of a traceparent, which may be unsampled with a warning', async () => {
    const args = ['headers', '--format', 'json', '--traceparent'];
    const sampled = await runProgram([...args, `${TRACEPARENT}-01`], KEYS);
    const unsampled = await runProgram([...args, `${TRACEPARENT}-00`], KEYS);
    assert.deepEqual(idsIn(sampled.stdout, 'one'), idsIn(unsampled.stdout, 'one'));
    assert.match(String(idsIn(sampled.stdout, 'one')?.parentId), /b7ad-6b7169203331$/);
    assert.doesNotMatch(sampled.stderr, /not sampled/);
    assert.match(unsampled.stderr, /not sampled/);
  });

  test('end with a traceparent of the same trace: the given one, or one that is sampled', async () => {
    const traceparentOf = async (...args: string[]) => {
      const { stdout } = await runProgram(['headers', '--format', 'json', ...args], KEYS);
      return (JSON.parse(stdout) as { traceparent: string }).traceparent;
    };
    assert.equal(await traceparentOf('--traceparent', `${TRACEPARENT}-00`), `${TRACEPARENT}-00`);
    // The root span that --root-span adds to a trace without a parent.
    const root = await traceparentOf('--base-id', '0af76519-16cd-43dd-8448-eb211c80319c');
    assert.equal(root, '00-0af7651916cd43dd8448eb211c80319c-8448eb211c80319c-01');
    const plain = await runProgram(['headers', '--format', 'plain'], KEYS);
    const curl = await runProgram(['headers'], KEYS);
    assert.match(plain.stdout, /\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\n$/);
    assert.match(curl.stdout, / -H traceparent:00-[0-9a-f]{32}-[0-9a-f]{16}-01\n$/);
  });

  test('take a trace id for a base id', async () => {
    const base = ['headers', '--format', 'json', '--base-id'];
    const { stdout } = await runProgram([...base, '0AF7651916CD43DD8448EB211C80319C'], KEYS);
    assert.equal(idsIn(stdout, 'one')?.baseId, '0af76519-16cd-43dd-8448-eb211c80319c');
  });

  test('are refused without a key, with two traces, and with what is no trace, and never show a key', async () => {
    const wrong: [string[], NodeJS.ProcessEnv, RegExp][] = [
      [[], {}, /CONFIG_INVALID: headers needs the key/],
      [['--hmac-key-file', join(directory, 'none')], KEYS, /CONFIG_UNREADABLE/],
      [['--base-id', 'mine'], KEYS, /--base-id/],
      [['--traceparent', 'mine'], KEYS, /--traceparent/],
      [['--traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`], KEYS, /--traceparent/],
      [
        ['--base-id', '0af7651916cd43dd8448eb211c80319c', '--traceparent', `${TRACEPARENT}-01`],
        KEYS,
        /each name a trace/,
      ],
    ];
    for (const [args, env, expected] of wrong) {
      const { status, stdout, stderr } = await runProgram(['headers', ...args], env);
      assert.deepEqual([status, stdout], [2, ''], args.join(' '));
      assert.match(stderr, expected);
    }
    const shown = await runProgram(['headers', '--print-config', '--hmac-keys', 'hunter2'], {});
    assert.doesNotMatch(shown.stdout + shown.stderr, /hunter2/);
    assert.match(shown.stdout, /\*\*\*/);
  });
});
