// @ts-check
/**
 * What sharding costs and what replicas bring, on one machine: a bridge on the queue itself, sharders alone, and 1, 2
 * and 4 replicas on shards that are full. For each the notifications a second, and the CPU that the processes and the
 * broker used for one. Needs `npm run build` before.
 *
 *   node scripts/bench-scaling.mjs [--notifications 60000] [--queue-type quorum|classic]
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { connect } from 'amqplib';
import { ROOT } from './install.mjs';
import { startPrivateBroker } from './private-broker.mjs';

const SHARDS = 8;
const QUEUE = 'profiler.info';
const BOOTS = 20;
/** The kernel's clock ticks a second, in /proc/<pid>/stat. */
const TICKS = 100;
const PUBLISHED_AT_ONCE = 2_000;
const PATIENCE_MS = 600_000;
const MAIN = join(ROOT, 'dist', 'service', 'main.js');

const { values } = parseArgs({
  options: {
    notifications: { type: 'string', default: '60000' },
    'queue-type': { type: 'string', default: 'quorum' },
  },
});
const count = Math.floor(Number(values.notifications) / 2) * 2;
const queueType = values['queue-type'];

/** @typedef {{ process: import('node:child_process').ChildProcess, consuming: Promise<unknown> }} Program */
/** @typedef {{ name: string, seconds: number, notifications: number, programs: number[], broker: number }} Measured */

const broker = await startPrivateBroker();
const brokerPid = findBroker(broker.directory);
const backend = await startBackend();
const connection = await connect(broker.amqpUrl);
const channel = await connection.createConfirmChannel();
/** @type {Program[]} */
const running = [];
try {
  const rows = [await direct(), await sharding(1), await sharding(2)];
  for (const replicas of [1, 2, 4]) rows.push(await shardsRead(replicas));
  print(rows);
} finally {
  for (const { process: child } of running) child.kill('SIGKILL');
  await connection.close();
  backend.server.close();
  await broker.stop();
}

/** A bridge on the queue itself, for comparison. */
async function direct() {
  await fill('direct');
  return measure('bridge on the queue', [start('run', [], 'consuming profiler.info')], ...exporting());
}

/** @param {number} sharders */
async function sharding(sharders) {
  await fill(`sharding ${sharders}`);
  const programs = Array.from({ length: sharders }, () =>
    start('shard', shardArguments(), 'consuming profiler.info'),
  );
  return measure(
    `${sharders} sharder${sharders > 1 ? 's' : ''}`,
    programs,
    async () => (await inShards()) >= count,
    () => 0,
    emptyShards,
  );
}

/** @param {number} replicas */
async function shardsRead(replicas) {
  await fill(`replicas ${replicas}`);
  const sharder = start('shard', shardArguments(), 'consuming profiler.info');
  await until(async () => (await inShards()) >= count);
  await stop(sharder);
  const programs = Array.from({ length: replicas }, () =>
    start('run', ['--shards', 'auto'], 'consuming shards'),
  );
  return measure(`${replicas} replica${replicas > 1 ? 's' : ''} on shards`, programs, ...exporting());
}

function shardArguments() {
  return ['--shard-count', String(SHARDS), '--shard-queue-type', String(queueType)];
}

/**
 * From when the first of them works until all is done. What was done before is left out of the count.
 * @param {string} name
 * @param {Program[]} programs
 * @param {() => Promise<boolean> | boolean} isDone
 * @param {() => number} progress notifications that are done
 * @param {() => Promise<void>} [after]
 * @returns {Promise<Measured>}
 */
async function measure(name, programs, isDone, progress, after) {
  await Promise.race([...programs.map(({ consuming }) => consuming), until(() => progress() > 0)]);
  const done = progress();
  const before = [brokerPid, ...programs.map((each) => Number(each.process.pid))].map(cpuSeconds);
  const begun = performance.now();
  await until(isDone);
  const seconds = (performance.now() - begun) / 1_000;
  const notifications = count - done;
  const used = [brokerPid, ...programs.map((each) => Number(each.process.pid))].map(
    (pid, index) => cpuSeconds(pid) - Number(before[index]),
  );
  await Promise.all(programs.map(stop));
  await after?.();
  const [ofBroker = 0, ...others] = used;
  process.stderr.write(`${name}: ${Math.round(notifications / seconds)} a second\n`);
  return { name, seconds, notifications, programs: others, broker: ofBroker };
}

/**
 * @param {'run' | 'shard'} command
 * @param {readonly string[]} args
 * @param {string} sign the message that says that it has begun
 * @returns {Program}
 */
function start(command, args, sign) {
  const url = `${broker.amqpUrl.replace('amqp:', 'rabbit:')}/`;
  const where = ['--log-format', 'json', '--transport-url', url];
  const endpoint = command === 'run' ? ['--endpoint', backend.url] : [];
  const child = spawn(process.execPath, [MAIN, command, ...where, ...endpoint, ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const consuming = new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes(sign)) resolve(undefined);
    });
  });
  const program = { process: child, consuming };
  running.push(program);
  return program;
}

/** @param {Program} program */
async function stop(program) {
  const ended = once(program.process, 'close');
  program.process.kill('SIGTERM');
  await ended;
  running.splice(running.indexOf(program), 1);
}

/** @returns {[isDone: () => boolean, progress: () => number]} */
function exporting() {
  const before = backend.spans();
  return [() => backend.spans() >= before + count / 2, () => 2 * (backend.spans() - before)];
}

/** @returns {Promise<number>} messages in all shards, ready or not */
async function inShards() {
  const { protocol, host, username, password } = new URL(broker.managementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answer = await fetch(`${protocol}//${host}/api/queues/%2F?columns=name,messages`, {
    headers: { authorization },
  });
  /** @type {{ name: string, messages?: number }[]} */
  const queues = await answer.json();
  return queues
    .filter(({ name }) => name.includes('.shard.'))
    .reduce((sum, { messages = 0 }) => sum + messages, 0);
}

async function emptyShards() {
  for (let index = 0; index < SHARDS; index++)
    await channel.purgeQueue(`osprofiler-otel-bridge.shard.${index}-of-${SHARDS}`);
  await until(async () => (await inShards()) === 0);
}

/**
 * Publishes whole pairs of recorded boots, each boot with ids of its own, twenty boots in step.
 * @param {string} seed
 */
async function fill(seed) {
  await channel.assertQueue(QUEUE, { durable: true });
  const halves = readRecording();
  for (let at = 0; at < count; at++) {
    const step = Math.floor(at / BOOTS);
    const copy = Math.floor(step / halves.length) * BOOTS + (at % BOOTS);
    channel.sendToQueue(QUEUE, withFreshIds(halves[step % halves.length] ?? '', `${seed} ${copy}`), {
      persistent: true,
      contentType: 'application/json',
    });
    if (at % PUBLISHED_AT_ONCE === 0) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
}

/** @returns {string[]} bodies; the two halves of a point follow each other, so that any even count is whole */
function readRecording() {
  const file = join(ROOT, 'recordings', 'nova-server-boot.ndjson.gz');
  const bodies = gunzipSync(readFileSync(file))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).body);
  /** @type {Map<string, string[]>} */
  const points = new Map();
  for (const body of bodies) {
    const id = JSON.parse(body).payload.trace_id;
    points.set(id, [...(points.get(id) ?? []), body]);
  }
  return [...points.values()].flat();
}

/**
 * @param {string} body
 * @param {string} seed
 */
function withFreshIds(body, seed) {
  const { base_id: base, trace_id: trace, parent_id: parent } = JSON.parse(body).payload;
  let text = body;
  for (const id of new Set([base, trace, parent])) {
    const hex = createHash('md5').update(`${seed} ${id}`).digest('hex');
    const fresh = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    text = text.replaceAll(id, fresh);
  }
  return Buffer.from(text);
}

/** Takes everything, and counts spans without reading them. */
async function startBackend() {
  let spans = 0;
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString('latin1');
    spans += body.split('"spanId"').length - 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server, url: `http://127.0.0.1:${port}`, spans: () => spans };
}

/** @param {number} pid */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/**
 * The private broker's Erlang machine: the one whose command line or environment names its folder.
 * @param {string} directory
 */
function findBroker(directory) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('beam')) continue;
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(directory)) return Number(pid);
    } catch {
      // It has ended meanwhile, or is somebody else's.
    }
  }
  throw new Error('the broker is not to be found among the processes');
}

/** @param {() => Promise<boolean> | boolean} isDone */
async function until(isDone) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error('this takes too long');
    await sleep(50);
  }
}

/** @param {Measured[]} rows */
function print(rows) {
  const [load = 0] = loadavg();
  process.stdout.write(
    `${count} notifications, ${queueType} shards, ${availableParallelism()} cores, load ${load.toFixed(1)}\n\n`,
  );
  process.stdout.write(
    '| | notifications/s | CPU of each process, µs a notification | broker, µs | cores used |\n|---|--:|--:|--:|--:|\n',
  );
  for (const { name, seconds, notifications, programs, broker: ofBroker } of rows) {
    const micros = (/** @type {number} */ used) => ((used * 1e6) / notifications).toFixed(1);
    const all = programs.reduce((sum, used) => sum + used, 0);
    const each = programs.length > 1 ? ` (${programs.map(micros).join(' + ')})` : '';
    const cores = ((all + ofBroker) / seconds).toFixed(2);
    process.stdout.write(
      `| ${name} | ${Math.round(notifications / seconds)} | ${micros(all)}${each} | ${micros(ofBroker)} | ${cores} |\n`,
    );
  }
}
