// @ts-check
/**
 * The real backends that `npm run test:backends` speaks to: built once, from the Go module proxy alone, into a cache
 * outside of the repository. A backend that somebody has already is named by an environment variable instead.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { say } from './install.mjs';

/**
 * @typedef {object} BackendProgram
 * @property {string} version as its module is tagged
 * @property {string} variable the environment variable that names an executable to use instead
 * @property {(folder: string, version: string) => Promise<string>} build in an empty folder
 *   @returns where the executable is then
 */

/** @type {Readonly<Record<string, BackendProgram>>} */
export const BACKENDS = {
  jaeger: {
    version: 'v1.76.0',
    variable: 'OSPROFILER_BRIDGE_TEST_JAEGER',
    build: (folder, version) =>
      buildModule(folder, 'github.com/jaegertracing/jaeger', version, './cmd/jaeger'),
  },
  collector: {
    version: 'v0.161.0',
    variable: 'OSPROFILER_BRIDGE_TEST_COLLECTOR',
    build: buildCollector,
  },
};

const CORE = 'go.opentelemetry.io/collector';
const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib';

/** @param {string} name of {@link BACKENDS} */
function programOf(name) {
  const program = BACKENDS[name];
  if (program === undefined) throw new Error(`no backend is called ${name}`);
  return program;
}

/**
 * Where a backend's executable is, if it is anywhere.
 * @param {string} name of {@link BACKENDS}
 * @returns {Promise<string | undefined>}
 */
export async function findBackend(name) {
  const { variable } = programOf(name);
  const { [variable]: given = '' } = process.env;
  if (given !== '') return given;
  const cached = cachedPath(name);
  return (await exists(cached)) ? cached : undefined;
}

/**
 * Finds a backend, or builds it.
 * @param {string} name of {@link BACKENDS}
 * @returns {Promise<string>} its executable; rejects with the reason when it cannot be built
 */
export async function provideBackend(name) {
  const found = await findBackend(name);
  if (found !== undefined) return found;
  const { version, build } = programOf(name);
  const target = cachedPath(name);
  const folder = `${target}.${process.pid}.building`;
  say(`building ${name} ${version}; this takes minutes, once`);
  const started = performance.now();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await mkdir(folder, { recursive: true });
    // Renamed when it is whole: a build that was interrupted is none.
    await rename(await build(folder, version), target);
  } finally {
    process.off('exit', remove);
    remove();
  }
  say(`built ${name} ${version} in ${Math.round((performance.now() - started) / 1000)} s`);
  return target;
}

/** Whether Go is here. @returns {Promise<boolean>} */
export async function hasGo() {
  return run('go', ['version'], '.').then(
    () => true,
    () => false,
  );
}

/** @param {string} name */
function cachedPath(name) {
  const { XDG_CACHE_HOME: cache = '' } = process.env;
  const root = cache === '' ? join(homedir(), '.cache') : cache;
  return join(root, 'osprofiler-otel-bridge', 'backends', `${name}-${programOf(name).version}`);
}

/**
 * Builds a program of a module. `go install` refuses modules whose go.mod replaces others, so the module's own files
 * are copied and built as what they are: the main module.
 * @param {string} folder
 * @param {string} module
 * @param {string} version
 * @param {string} command the program's package
 */
async function buildModule(folder, module, version, command) {
  const { Dir: files } = JSON.parse(
    await run('go', ['mod', 'download', '-json', `${module}@${version}`], folder),
  );
  const source = join(folder, 'source');
  await cp(files, source, { recursive: true, mode: 0 });
  // The module cache is read-only, and so are copies of it.
  await run('chmod', ['-R', 'u+w', source], folder);
  const executable = join(folder, 'program');
  await run('nice', ['go', 'build', '-trimpath', '-o', executable, command], source);
  return executable;
}

/**
 * Builds a Collector with the Collector's own builder.
 * @param {string} folder
 * @param {string} version
 */
async function buildCollector(folder, version) {
  await run('nice', ['go', 'install', `${CORE}/cmd/builder@${version}`], folder, { GOBIN: folder });
  const manifest = join(folder, 'builder.yaml');
  await writeFile(manifest, collectorManifest(version));
  await run('nice', [join(folder, 'builder'), `--config=${manifest}`], folder);
  return join(folder, 'distribution', 'otelcol');
}

/**
 * What the tests need, and no more: each component brings minutes of compiling.
 * @param {string} version
 */
function collectorManifest(version) {
  return [
    'dist:',
    '  name: otelcol',
    '  output_path: ./distribution',
    `  version: ${version.slice(1)}`,
    'receivers:',
    `  - gomod: ${CORE}/receiver/otlpreceiver ${version}`,
    'exporters:',
    `  - gomod: ${CORE}/exporter/debugexporter ${version}`,
    `  - gomod: ${CONTRIB}/exporter/fileexporter ${version}`,
    'connectors:',
    `  - gomod: ${CONTRIB}/connector/spanmetricsconnector ${version}`,
    '',
  ].join('\n');
}

/**
 * Runs a command, its complaints below ours.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} [env] beyond this process's own
 * @returns {Promise<string>} what it wrote to stdout; rejects when it fails
 */
function run(command, args, cwd, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, CGO_ENABLED: '0', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', (status, signal) => {
      if (status === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? status}`));
    });
  });
}

/** @param {string} path */
function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}
