// @ts-check
/** What the other scripts need on the machine, installed when it is missing. Plain Node: nothing is installed yet. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Debian's Python, which is the one that Debian's Python packages are for. */
export const PYTHON = '/usr/bin/python3';

/** Runs `npm ci` when packages are missing or older than the lock file. */
export function ensureNpmPackages() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  const isFresh =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs;
  if (isFresh) return;
  say('installing npm packages');
  run('npm', ['ci', '--no-audit', '--no-fund']);
}

/**
 * Compiles with the project's own TypeScript.
 * @param {string} project a tsconfig file in the root
 */
export function compile(project) {
  run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
}

/**
 * Installs Debian packages when Debian's Python cannot import modules that they bring.
 * @param {readonly string[]} modules
 * @param {readonly string[]} packages
 */
export function ensurePythonModules(modules, packages) {
  const missing = () => (canImport(modules) ? undefined : `${PYTHON} cannot import ${modules.join(', ')}`);
  ensureInstalled(missing, ['python3', ...packages]);
}

/** Where Debian has it; the variable names another one. */
export const CHROMIUM = process.env['OSPROFILER_BRIDGE_TEST_CHROMIUM'] || '/usr/bin/chromium';

/** Installs Debian's Chromium when there is none. */
export function ensureChromium() {
  ensureFiles([CHROMIUM], ['chromium']);
}

/**
 * Installs Debian packages when files that they bring are missing.
 * @param {readonly string[]} files
 * @param {readonly string[]} packages
 */
export function ensureFiles(files, packages) {
  const missing = () => {
    const absent = files.filter((file) => !existsSync(file));
    return absent.length === 0 ? undefined : `there is no ${absent.join(', no ')}`;
  };
  ensureInstalled(missing, packages);
}

/**
 * @param {() => string | undefined} missing what is not there, in words
 * @param {readonly string[]} packages
 */
function ensureInstalled(missing, packages) {
  const problem = missing();
  if (problem === undefined) return;
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const command = `apt-get ${install.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    fail(`${problem}; as root on Debian, run: ${command}`);
  say(`installing ${packages.join(', ')}`);
  // RUNLEVEL=1: Debian's packages then leave the services that they bring stopped.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-q'], env);
  run('apt-get', install, env);
  const still = missing();
  if (still !== undefined) fail(`${still}, after: ${command}`);
}

/** @param {readonly string[]} modules */
function canImport(modules) {
  const program = modules.map((name) => `import ${name}`).join('\n');
  return spawnSync(PYTHON, ['-W', 'ignore', '-c', program], { stdio: 'ignore' }).status === 0;
}

/**
 * Runs a command in the root, its output below ours, and ends with its status when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function run(command, args, env = process.env) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status === 0) return;
  const why = error?.message ?? (signal === null ? `it ended with ${status}` : `it was ended by ${signal}`);
  say(`${command} ${args.join(' ')} failed: ${why}`);
  process.exit(status ?? 1);
}

/**
 * Not on stdout: that belongs to what the script was called for.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * @param {string} text
 * @returns {never}
 */
export function fail(text) {
  say(text);
  process.exit(1);
}
