// @ts-check
/**
 * The package on each version of Node.js that it supports: unit tests, demo, replay and a trace from OpenStack's own
 * client code through a real broker. Compiled once, with the Node.js that runs this. The others come as packages of the
 * npm registry, into a cache outside of the repository. Arguments select versions: `node scripts/node-matrix.mjs 20 26`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { compile, ensureNpmPackages, ensurePythonModules, fail, ROOT, say } from './install.mjs';
import { startPrivateBroker } from './private-broker.mjs';

/** The oldest that package.json allows, and the newest of each line that is maintained. */
const VERSIONS = ['20.19.0', '22.23.5', '24.22.3', '26.12.1'];
/** Folders of test/ where the version of Node.js makes a difference, if anywhere: bytes, numbers, sockets, TLS. */
const UNIT = ['codec', 'export', 'fast', 'mapping', 'oslo', 'pairing', 'propagation'];
const END_TO_END = ['end-to-end/replay.test.js', 'end-to-end/first-trace.test.js'];
const TIMEOUT_MS = 300_000;

const wanted = process.argv.slice(2);
const versions = VERSIONS.filter(
  (version) => wanted.length === 0 || wanted.some((part) => version.startsWith(part)),
);
if (versions.length === 0) fail(`no such version: ${wanted.join(', ')}; there are ${VERSIONS.join(', ')}`);

/** Where the end-to-end test finds the broker. @type {NodeJS.ProcessEnv} */
const env = { ...process.env };
ensureNpmPackages();
ensurePythonModules(['osprofiler', 'oslo_messaging'], ['python3-osprofiler', 'python3-oslo.messaging']);
const nodes = versions.map(provide);
compile('tsconfig.json');
build();

const broker = await startPrivateBroker();
env['OSPROFILER_BRIDGE_TEST_AMQP_URL'] = broker.amqpUrl;
env['OSPROFILER_BRIDGE_TEST_MANAGEMENT_URL'] = broker.managementUrl;
try {
  for (const node of nodes) test(node);
} finally {
  await broker.stop();
}

/** @param {string} node */
function test(node) {
  say(`Node.js ${run(node, ['--version'], 'pipe').trim()}`);
  const files = [...UNIT.flatMap(testsIn), ...END_TO_END.map((file) => join('build', 'test', file))];
  const runner = ['--enable-source-maps', '--test', '--test-reporter=dot', '--test-concurrency=2'];
  run(node, [...runner, `--test-timeout=${TIMEOUT_MS}`, ...files]);
  const demo = run(node, [join('dist', 'cli', 'main.js'), 'demo', '--no-serve'], 'pipe');
  if (!demo.includes('3,522 notifications → 1,762 spans'))
    throw new Error(`the demo does not show the recorded boot:\n${demo}`);
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function testsIn(folder) {
  const path = join('build', 'test', folder);
  if (!existsSync(join(ROOT, path))) return [];
  const names = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.test.js')).map((name) => join(path, name));
}

/**
 * @param {string} version
 * @returns {string} the executable
 */
function provide(version) {
  const { XDG_CACHE_HOME: cache = '' } = process.env;
  const root = join(cache === '' ? join(homedir(), '.cache') : cache, 'osprofiler-otel-bridge', 'node');
  const node = join(root, version, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(node)) return node;
  const name = `node-${process.platform}-${process.arch}@${version}`;
  say(`installing ${name}`);
  // Beside its place and then renamed: an interrupted attempt leaves nothing that looks complete.
  const attempt = join(root, `${version}.${process.pid}`);
  mkdirSync(attempt, { recursive: true });
  run('npm', ['install', '--prefix', attempt, '--no-audit', '--no-fund', '--no-save', `node@npm:${name}`]);
  rmSync(join(root, version), { recursive: true, force: true });
  renameSync(attempt, join(root, version));
  return node;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {'inherit' | 'pipe'} output
 * @returns {string} what it wrote, when that is piped
 */
function run(command, args, output = 'inherit') {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', output, 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env,
  });
  if (status !== 0) throw new Error(`${command} ${args[0]} … failed: ${error?.message ?? status}`);
  return stdout ?? '';
}
