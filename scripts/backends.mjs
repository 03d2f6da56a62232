// @ts-check
/**
 * `npm run test:backends`: sends real notifications through the built bridge to real backends, and asks each of them
 * through its own API what it got. Words select backends: `npm run test:backends -- jaeger`.
 *
 *   --build-only  builds the backends that are missing, and tests nothing
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BACKENDS, findBackend, hasGo, provideBackend } from './backend-programs.mjs';
import { ensureNpmPackages, fail, ROOT, say } from './install.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'build-only': { type: 'boolean', default: false } },
});
const known = Object.keys(BACKENDS);
const strangers = positionals.filter((name) => !known.includes(name));
if (strangers.length > 0) fail(`no such backend: ${strangers.join(', ')}; there are ${known.join(', ')}`);
const selected = positionals.length > 0 ? positionals : known;

/** The tests, once they run. @type {import('node:child_process').ChildProcess | undefined} */
let tests;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  // The tests end on the signal, and we after them; a build is given up, and what it left is removed at our exit.
  process.on(signal, () => (tests === undefined ? process.exit(1) : tests.kill(signal)));
}

ensureNpmPackages();
/** @type {NodeJS.ProcessEnv} */
const env = {};
// One after the other: each build takes all processors that it finds.
for (const name of selected) {
  const { variable = '' } = BACKENDS[name] ?? {};
  env[variable] = await provide(name);
  say(`${name}: ${env[variable]}`);
}
if (!values['build-only']) process.exit(await test());

/**
 * @param {string} name
 * @returns {Promise<string>} its executable
 */
async function provide(name) {
  if ((await findBackend(name)) === undefined && !(await hasGo())) {
    return fail(`${name} has to be built, and Go is not here; or name one in ${BACKENDS[name]?.variable}`);
  }
  try {
    return await provideBackend(name);
  } catch (error) {
    return fail(`${name} cannot be built: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @returns {Promise<number>} the exit status */
async function test() {
  const files = selected.map((name) => `test/backends/${name}`);
  tests = spawn(process.execPath, [join(ROOT, 'scripts', 'test.mjs'), ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [code] = await once(tests, 'close');
  return code ?? 1;
}
