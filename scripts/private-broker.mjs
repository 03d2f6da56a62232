// @ts-check
/**
 * A RabbitMQ of its own for tests and demonstrations: free ports on 127.0.0.1, its own node name, data, cookie and
 * epmd, so that it neither meets nor disturbs a broker that runs on the machine. Works as root and as anybody else.
 * It uses the distribution's package `rabbitmq-server`, and installs it only when run as root on a machine without.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './ports.mjs';

/** Not /usr/sbin/rabbitmq-server: that wrapper insists on root or the `rabbitmq` user and on the system's data. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const START_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 30_000;
const LOG_TAIL_LINES = 40;

/**
 * @typedef {object} PrivateBroker
 * @property {string} amqpUrl `amqp://guest:guest@127.0.0.1:<port>`, without a virtual host
 * @property {string} managementUrl `http://guest:guest@127.0.0.1:<port>`, the management API's root
 * @property {number} port where it speaks AMQP
 * @property {string} directory its data, logs and configuration
 * @property {() => Promise<void>} stop ends everything it started and removes a directory it made itself
 * @property {() => Promise<void>} kill ends the broker without letting it say goodbye; `restart` brings it back
 * @property {() => Promise<void>} restart shuts it down in order if it runs, and starts it on the same ports and data
 * @property {(expression: string) => Promise<void>} evaluate has it do something in Erlang
 * @property {() => Promise<void>} restartApplication the same inside of its Erlang machine, which goes on: connections
 *   and transient queues are gone as after any restart, in a third of the time
 */

/**
 * @typedef {object} PrivateBrokerOptions
 * @property {string} [directory] where to keep its files; default a new temporary folder, removed by `stop`
 * @property {string[]} [configuration] further lines of rabbitmq.conf
 * @property {string} [advanced] the text of advanced.config, for what rabbitmq.conf cannot say
 * @property {string} [home] the root of an unpacked Debian whose RabbitMQ is run in place of the machine's own, by
 *   changing root, so only root can; `directory` must then lie inside
 */

/**
 * Starts a broker and waits until it takes AMQP connections.
 * @param {PrivateBrokerOptions} [options]
 * @returns {Promise<PrivateBroker>}
 */
export async function startPrivateBroker(options = {}) {
  const { home } = options;
  if (home === undefined) ensureInstalled();
  const directory =
    options.directory ?? (await mkdtemp(join(home ?? '', temporary(home), 'osprofiler-bridge-broker-')));
  const [port, managementPort, distributionPort, epmdPort] = /** @type {[number, number, number, number]} */ (
    await freePorts(4)
  );
  await writeConfiguration(directory, port, managementPort, options);
  const environment = brokerEnvironment(insideOf(directory, home), distributionPort, epmdPort);
  const managementUrl = `http://guest:guest@127.0.0.1:${managementPort}`;
  const spawnHere = (/** @type {string} */ command, /** @type {string[]} */ args) =>
    home === undefined
      ? spawnGuarded(command, args, environment)
      : // RabbitMQ's management reads /proc; the mount is seen by this process alone and goes with it.
        spawnGuarded('unshare', [`--root=${home}`, '--mount-proc', command, ...args], environment);

  const epmd = spawnHere('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1']);
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let server;
  const start = async () => {
    server = spawnHere(SERVER, []);
    await untilReady(server, port, managementUrl, directory);
  };
  const end = async (/** @type {'SIGTERM' | 'SIGKILL'} */ signal) => {
    if (server === undefined) return;
    await endGroup(server, signal);
    server = undefined;
  };
  const evaluate = async (/** @type {string} */ expression) => {
    const control = spawnHere(CONTROL, ['eval', expression]);
    const [status] = await once(control, 'exit');
    // Its guard is in the group still, and would keep this process from ending.
    await endGroup(control, 'SIGKILL');
    if (status !== 0) throw new Error(`rabbitmqctl eval ended with ${status}: ${expression}`);
  };
  const stop = async () => {
    await end('SIGKILL');
    await endGroup(epmd, 'SIGKILL');
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    await untilListening(epmdPort, epmd);
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    amqpUrl: `amqp://guest:guest@127.0.0.1:${port}`,
    managementUrl,
    port,
    directory,
    stop,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      await start();
    },
    evaluate,
    restartApplication: async () => {
      if (server === undefined) throw new Error('the broker does not run');
      await evaluate('rabbit:stop(), rabbit:start().');
      await untilReady(server, port, managementUrl, directory);
    },
  };
}

/**
 * @param {string | undefined} home
 * @returns {string} a folder for temporary files, as it is called inside of `home`
 */
function temporary(home) {
  return home === undefined ? tmpdir() : '/tmp';
}

/**
 * @param {string} path
 * @param {string | undefined} home
 * @returns {string} how the path is called inside of `home`
 */
function insideOf(path, home) {
  if (home === undefined) return path;
  const inside = relative(home, path);
  if (inside.startsWith('..')) throw new Error(`${path} is not inside of ${home}`);
  return `/${inside}`;
}

function ensureInstalled() {
  if (existsSync(SERVER)) return;
  if (process.getuid?.() !== 0) {
    throw new Error(
      'RabbitMQ is needed and not installed: run `apt-get install rabbitmq-server` as root, or name a broker with ' +
        'OSPROFILER_BRIDGE_TEST_AMQP_URL and OSPROFILER_BRIDGE_TEST_MANAGEMENT_URL',
    );
  }
  // RUNLEVEL=1 makes Debian's invoke-rc.d leave the system's own service stopped.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const steps = [['update'], ['install', '-y', '--no-install-recommends', 'rabbitmq-server']];
  for (const step of steps) {
    const result = spawnSync('apt-get', step, { stdio: ['ignore', 'ignore', 'inherit'], env });
    if (result.status !== 0)
      throw new Error(`apt-get ${step.join(' ')} failed; RabbitMQ cannot be installed`);
  }
  if (!existsSync(SERVER)) throw new Error(`rabbitmq-server is installed, but there is no ${SERVER}`);
}

/**
 * @param {string} directory
 * @param {number} port
 * @param {number} managementPort
 * @param {PrivateBrokerOptions} options
 */
async function writeConfiguration(directory, port, managementPort, options) {
  const { configuration = [], advanced = '[].' } = options;
  await mkdir(directory, { recursive: true });
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${managementPort}`,
    // Tests read counts from the management API; the default of 5 s would make each of them wait.
    'collect_statistics_interval = 500',
    ...configuration,
  ];
  await writeFile(join(directory, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
  await writeFile(join(directory, 'advanced.config'), `${advanced}\n`);
  await writeFile(join(directory, 'enabled_plugins'), '[rabbitmq_management].\n');
  await writeFile(join(directory, 'rabbitmq-env.conf'), '');
}

/**
 * @param {string} directory
 * @param {number} distributionPort
 * @param {number} epmdPort
 * @returns {NodeJS.ProcessEnv}
 */
function brokerEnvironment(directory, distributionPort, epmdPort) {
  const foreign = (/** @type {string} */ name) => name.startsWith('RABBITMQ_') || name === 'NOTIFY_SOCKET';
  const inherited = Object.entries(process.env).filter(([name]) => !foreign(name));
  return {
    ...Object.fromEntries(inherited),
    HOME: directory,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `osprofiler-${epmdPort}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(directory, 'data'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_PID_FILE: join(directory, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(directory, 'rabbitmq-env.conf'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
}

/**
 * Starts a program as a process group of its own, with a guard in it that ends the whole group when this process is
 * gone, however it went: the guard reads a pipe that nobody writes to and that ends with this process.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function spawnGuarded(command, args, env) {
  const script = '{ cat <&3 >/dev/null 2>&1; kill -9 0; } >/dev/null 2>&1 & exec "$0" "$@" 3<&-';
  const leader = spawn('/bin/sh', ['-c', script, command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env,
    detached: true,
  });
  // Read to their ends, so that 'close' tells when the last process of the group has let go of them.
  for (const stream of leader.stdio) if (stream && 'resume' in stream) stream.resume();
  closed.set(leader, new Promise((resolve) => leader.once('close', resolve)));
  return leader;
}

/**
 * Resolves when a group that was started here is gone.
 * @type {WeakMap<import('node:child_process').ChildProcess, Promise<unknown>>}
 */
const closed = new WeakMap();

/**
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} owner
 */
async function untilListening(port, owner) {
  let failure = /** @type {Error | undefined} */ (undefined);
  owner.once('error', (error) => {
    failure = error;
  });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (failure !== undefined) throw failure;
    if (await listens(port)) return;
    await sleep(50);
  }
  throw new Error(`epmd does not listen on port ${port}`);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * @param {import('node:child_process').ChildProcess} server
 * @param {number} port
 * @param {string} managementUrl
 * @param {string} directory
 */
async function untilReady(server, port, managementUrl, directory) {
  let output = '';
  let ended = false;
  const keep = (/** @type {Buffer} */ chunk) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  server.stdout?.on('data', keep);
  server.stderr?.on('data', keep);
  server.once('exit', () => {
    ended = true;
  });
  server.once('error', (error) => {
    output += error.message;
    ended = true;
  });
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!ended && Date.now() < deadline) {
    if ((await answers(managementUrl)) && (await listens(port))) return;
    await sleep(200);
  }
  const why = ended ? 'ended while starting' : `did not start within ${START_DEADLINE_MS / 1000} s`;
  throw new Error(`the private RabbitMQ ${why}:\n${tail(output + (await readLogs(directory)))}`);
}

/**
 * @param {string} managementUrl
 * @returns {Promise<boolean>}
 */
async function answers(managementUrl) {
  const url = new URL('/api/overview', managementUrl);
  const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
  url.username = '';
  url.password = '';
  try {
    const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** @param {string} directory */
async function readLogs(directory) {
  const folder = join(directory, 'log');
  const names = await readdir(folder).catch(() => []);
  const logs = names.filter((name) => name.endsWith('.log'));
  return (await Promise.all(logs.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}

/** @param {string} text */
function tail(text) {
  return text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

/**
 * Ends a group: with SIGTERM its leader first, in order; then whatever is left of it.
 * @param {import('node:child_process').ChildProcess} leader
 * @param {'SIGTERM' | 'SIGKILL'} signal
 */
async function endGroup(leader, signal) {
  const running = leader.exitCode === null && leader.signalCode === null && leader.pid !== undefined;
  if (running && signal === 'SIGTERM') {
    const exited = new Promise((resolve) => leader.once('exit', resolve));
    leader.kill('SIGTERM');
    await Promise.race([exited, sleep(STOP_DEADLINE_MS, undefined, { ref: false })]);
  }
  killGroup(leader);
  // On the same data only one Erlang machine may run, and it may outlive the script that started it for a moment.
  await closed.get(leader);
}

/** @param {import('node:child_process').ChildProcess} leader */
function killGroup(leader) {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
