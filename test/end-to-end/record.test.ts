/** `record` beside another reader: what it writes is what passed, and nobody misses anything. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readCapture, readRecords } from '../support/captures.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';
import { runProgram } from './program.js';

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js');
const EXCHANGE = 'nova';
const QUEUE = 'profiler.info';

/** Starts `record` and waits until its tap is bound, which it says on stderr. */
async function startRecording(vhost: TestVhost, ...args: string[]) {
  const [{ host, port }] = vhost.address().hosts as [{ host: string; port: number }];
  const { username, password } = vhost.address();
  const child = spawn(process.execPath, [MAIN, 'record', ...args], {
    env: {
      PATH: process.env['PATH'],
      OSPROFILER_BRIDGE_TRANSPORT_URL: `rabbit://${username}:${password}@${host}:${port}/${vhost.name}`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('consuming')) resolve();
    });
    child.once('close', () => reject(new Error(`the recording did not begin: ${said}`)));
  });
  return { child, ended };
}

describe('record', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  let directory: string;

  beforeEach(async () => {
    vhost = await broker().createVhost();
    directory = await mkdtemp(join(tmpdir(), 'record-'));
    await vhost.withChannel(async (channel) => {
      await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
      await channel.assertQueue(QUEUE, { durable: false });
      await channel.bindQueue(QUEUE, EXCHANGE, QUEUE);
    });
  });
  afterEach(async () => {
    await vhost.remove();
    await rm(directory, { recursive: true });
  });

  it('writes what passes, takes nothing from the queue, and replays to the same spans', async () => {
    const messages = [...readCapture('py-nested'), ...readCapture('wire-gzip'), ...readCapture('py-types')];
    const output = join(directory, 'recording.ndjson');
    const recording = await startRecording(vhost, '--output', output, '--limit', String(messages.length));
    await vhost.withChannel(async (channel) => {
      for (const { body, properties } of messages) {
        channel.publish(EXCHANGE, QUEUE, body, { headers: properties.headers ?? {} });
      }
    });
    assert.deepEqual(await recording.ended, [0, null]);

    const recorded = readRecords(await readFile(output, 'utf8'));
    assert.deepEqual(
      recorded.map(({ body }) => body),
      messages.map(({ body }) => body),
    );
    const { messageCount } = await vhost.withChannel((channel) => channel.checkQueue(QUEUE));
    assert.equal(messageCount, messages.length, 'the other reader misses nothing');

    const backend = await OtlpReceiver.start();
    const replayed = await runProgram(['replay', '--endpoint', backend.url, output]);
    await backend.stop();
    assert.equal(replayed.status, 0, replayed.stderr);
    assert.match(replayed.stdout, /^spans +9$/m);
  });

  it('never writes over a file', async () => {
    const output = join(directory, 'recording.ndjson');
    const first = await startRecording(vhost, '--output', output);
    first.child.kill('SIGTERM');
    assert.deepEqual(await first.ended, [0, null]);
    const child = spawn(process.execPath, [MAIN, 'record', '--output', output], {
      env: { PATH: process.env['PATH'] },
      stdio: 'ignore',
    });
    assert.deepEqual(await once(child, 'close'), [3, null]);
  });
});
