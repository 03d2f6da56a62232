// @ts-check
/**
 * `npm test`: builds, provides what the tests need, and runs them. Arguments select test files by a part of their path:
 * `npm test -- codec end-to-end`. A broker is started only for tests that speak to one. The long suite that breaks things
 * runs only when it is asked for: `npm test -- integrity`; and the one with real backends by `npm run test:backends`,
 * which provides them; and the one of what is published otherwise by `npm run test:packaging`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import {
  compile,
  ensureChromium,
  ensureFiles,
  ensureNpmPackages,
  ensurePythonModules,
  fail,
  ROOT,
  say,
} from './install.mjs';

const AMQP = 'OSPROFILER_BRIDGE_TEST_AMQP_URL';
const MANAGEMENT = 'OSPROFILER_BRIDGE_TEST_MANAGEMENT_URL';
/** Where tests speak to a real broker and to real osprofiler. */
const OUTER = [
  'test/integration/',
  'test/end-to-end/',
  'test/integrity/',
  'test/browser/',
  'test/backends/',
  'test/packaging/',
];
/** These look at the page in a real browser. */
const IN_BROWSER = ['test/browser/'];
/** These start proxies with the files of examples/edge. */
const WITH_PROXIES = ['test/end-to-end/edge'];
const PROXIES = [
  '/usr/sbin/haproxy',
  '/usr/sbin/nginx',
  '/usr/lib/nginx/modules/ngx_http_js_module.so',
  '/usr/sbin/apache2',
];
/** These run a program in Go. */
const IN_GO = ['test/end-to-end/clients'];
/** These run the program as it is published. */
const OF_THE_BUILD = [
  'test/end-to-end/',
  'test/integrity/',
  'test/backends/',
  'test/architecture/',
  'test/package/',
];
/** These take minutes. */
const LONG = ['test/integrity/', 'test/backends/', 'test/packaging/'];
const CONCURRENCY = 2;
/** Of a file, ms: one that hangs fails, and does not keep the others waiting for ever. */
const TIMEOUT_MS = 300_000;
/** These install packages. */
const SLOW = 'test/package/';
const SLOW_TIMEOUT_MS = 900_000;
const LONG_TIMEOUT_MS = 3_600_000;

/** The tests and every process that they started, as a process group. @type {number | undefined} */
let group;
let isStopping = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  // The tests end on the signal, and we after them, when the broker is stopped too.
  process.on(signal, () => {
    isStopping = true;
    signalGroup(signal);
  });
}

ensureNpmPackages();
removeOrphans();
compile('tsconfig.json');
const files = selectTests(process.argv.slice(2));
if (reaches(files, OF_THE_BUILD)) build();
if (reaches(files, IN_BROWSER)) ensureChromium();
if (reaches(files, WITH_PROXIES))
  ensureFiles(PROXIES, ['haproxy', 'nginx-light', 'libnginx-mod-http-js', 'apache2-bin']);
if (reaches(files, IN_GO) && spawnSync('go', ['version']).status !== 0)
  ensureFiles(['/usr/bin/go'], ['golang-go']);
const broker = reaches(files, OUTER) ? await provideBroker() : undefined;
const status = isStopping ? 1 : await runTests(files, broker);
await broker?.stop();
process.exit(status);

/**
 * The compiler leaves the output of sources that are gone, and a deleted test would go on to run: without its output
 * everything is compiled again.
 */
function removeOrphans() {
  const sources = new Set(listFiles('test', '.test.ts'));
  const orphan = listFiles('build/test', '.test.js').find(
    (file) => !sources.has(file.replace(/^build\//, '').replace(/js$/, 'ts')),
  );
  if (orphan !== undefined) rmSync(join(ROOT, 'build'), { recursive: true, force: true });
}

/**
 * @param {string} directory below the root
 * @param {string} ending
 * @returns {string[]} paths below the root
 */
function listFiles(directory, ending) {
  /** @type {string[]} */
  let names = [];
  try {
    names = readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => `${directory}/${name}`)
    .sort();
}

/**
 * @param {readonly string[]} parts
 * @returns {string[]}
 */
function selectTests(parts) {
  const all = listFiles('build/test', '.test.js');
  const selected = all.filter((file) =>
    parts.length === 0 ? !reaches([file], LONG) : parts.some((part) => file.includes(part)),
  );
  return selected.length > 0 ? selected : fail(`no test file matches ${parts.join(', ')}`);
}

/**
 * @param {readonly string[]} selected
 * @param {readonly string[]} directories
 */
function reaches(selected, directories) {
  return selected.some((file) => directories.some((directory) => file.includes(directory)));
}

/** @returns {Promise<{ amqpUrl: string, managementUrl: string, stop: () => Promise<void> }>} */
async function provideBroker() {
  const modules = ['osprofiler', 'oslo_messaging', 'keystoneauth1', 'requests'];
  ensurePythonModules(modules, [
    'python3-osprofiler',
    'python3-oslo.messaging',
    'python3-keystoneauth1',
    'python3-requests',
  ]);
  const { [AMQP]: amqpUrl = '', [MANAGEMENT]: managementUrl = '' } = process.env;
  if (amqpUrl !== '' && managementUrl !== '') return { amqpUrl, managementUrl, stop: async () => {} };
  if (amqpUrl !== '' || managementUrl !== '') fail(`set both ${AMQP} and ${MANAGEMENT}, or neither`);
  say('starting a private broker');
  const { startPrivateBroker } = await import('./private-broker.mjs');
  try {
    return await startPrivateBroker();
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {readonly string[]} selected
 * @param {{ amqpUrl: string, managementUrl: string } | undefined} provided
 * @returns {Promise<number>} the exit status
 */
function runTests(selected, provided) {
  const env = provided && { [AMQP]: provided.amqpUrl, [MANAGEMENT]: provided.managementUrl };
  const usual = reaches(selected, [SLOW]) ? SLOW_TIMEOUT_MS : TIMEOUT_MS;
  const timeout = reaches(selected, LONG) ? LONG_TIMEOUT_MS : usual;
  // The spec reporter says at the end which tests failed, where the end of a long log is all that is left of it.
  const runner = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${timeout}`,
  ];
  const args = ['--enable-source-maps', ...runner, ...selected];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    detached: true,
  });
  group = child.pid;
  return new Promise((resolve) => {
    child.on('close', (code) => {
      // A test file that was ended leaves behind what it had started.
      signalGroup('SIGKILL');
      resolve(code ?? 1);
    });
  });
}

/** @param {NodeJS.Signals} signal */
function signalGroup(signal) {
  if (group === undefined) return;
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left in it.
  }
}
