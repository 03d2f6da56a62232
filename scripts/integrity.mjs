// @ts-check
/**
 * `npm run test:integrity`: breaks brokers, backends, connections and bridges, and checks that nothing is lost. Each
 * test file has a broker of its own. Words select files by a part of their name: `npm run test:integrity -- kill`.
 *
 *   --broker 4     against RabbitMQ 4.0 instead of the machine's own; see rabbitmq4.mjs
 *   --no-accelerator  bridges that encode every span by the specification
 *   --soak         ten times as many faults, for hours instead of minutes
 *   --seed <n>     other random moments; the default is always the same
 *   --build <dir>  tests that are compiled already, instead of compiling them
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, ensureNpmPackages, fail, ROOT, say } from './install.mjs';
import { rabbitmq4 } from './rabbitmq4.mjs';

const SOAK_ROUNDS = 10;
/** They wait more than they work; each prints the faults that it makes, not how long they took. */
const CONCURRENCY = 2;
/** Of a file, ms: one that hangs fails, and does not keep the others waiting for ever. */
const TIMEOUT_MS = 1_800_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    broker: { type: 'string' },
    soak: { type: 'boolean', default: false },
    seed: { type: 'string' },
    'no-accelerator': { type: 'boolean', default: false },
    build: { type: 'string' },
  },
});
if (values.broker !== undefined && values.broker !== '4') fail('--broker takes 4, or is left out');

ensureNpmPackages();
if (values.build === undefined) compile('tsconfig.json');
const files = selectTests(resolve(values.build ?? join(ROOT, 'build')), positionals);
const home = values.broker === '4' ? await unpackedBroker() : undefined;
const rounds = values.soak ? SOAK_ROUNDS : 1;

const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TIMEOUT_MS * rounds}`,
    '--test-reporter=spec',
    ...files,
  ],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      OSPROFILER_BRIDGE_TEST_ROUNDS: String(rounds),
      ...(values.seed === undefined ? {} : { OSPROFILER_BRIDGE_TEST_SEED: values.seed }),
      ...(values['no-accelerator'] ? { OSPROFILER_BRIDGE_ACCELERATOR: 'false' } : {}),
      ...(home === undefined ? {} : { OSPROFILER_BRIDGE_TEST_BROKER_HOME: home }),
    },
  },
);
// The tests end on the signal, and we after them, when their brokers and bridges are gone too.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(signal, () => child.kill(signal));
child.on('close', (code) => process.exit(code ?? 1));

/**
 * @param {string} build
 * @param {readonly string[]} parts
 * @returns {string[]}
 */
function selectTests(build, parts) {
  const directory = join(build, 'test', 'integrity');
  const names = readdirSync(directory).filter((name) => name.endsWith('.test.js'));
  const selected = names.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
  return selected.length > 0
    ? selected.sort().map((name) => join(directory, name))
    : fail(`no test file matches ${parts.join(', ')}`);
}

async function unpackedBroker() {
  say('providing RabbitMQ 4.0');
  const provided = await rabbitmq4();
  return 'home' in provided ? provided.home : fail(provided.problem);
}
