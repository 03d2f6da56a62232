// @ts-check
/**
 * `npm run test:packaging`: the workflows, shell scripts, Helm chart and Debian package, judged by the tools that there are for
 * them. actionlint and helm are built once by Go, into a cache outside of the repository; the others are Debian's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureFiles, fail, ROOT, say } from './install.mjs';

/** Go modules, and the environment variable that tells the tests where the program is. */
const TOOLS = {
  actionlint: {
    module: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
    variable: 'OSPROFILER_BRIDGE_TEST_ACTIONLINT',
  },
  helm: { module: 'helm.sh/helm/v3/cmd/helm@v3.19.2', variable: 'OSPROFILER_BRIDGE_TEST_HELM' },
};

ensureFiles(
  ['/usr/bin/shellcheck', '/usr/bin/bashate', '/usr/sbin/debootstrap'],
  ['shellcheck', 'python3-bashate', 'debootstrap'],
);
const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env };
for (const [name, { module, variable }] of Object.entries(TOOLS)) env[variable] ||= provide(name, module);
const args = [join(ROOT, 'scripts', 'test.mjs'), 'test/packaging/'];
process.exit(spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1);

/**
 * @param {string} name
 * @param {string} module
 * @returns {string} the program
 */
function provide(name, module) {
  const folder = join(cache, 'osprofiler-otel-bridge', 'tools', module.slice(module.lastIndexOf('@') + 1));
  const program = join(folder, name);
  if (existsSync(program)) return program;
  say(`building ${module}, once`);
  const { status } = spawnSync('go', ['install', module], {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
  });
  return status === 0 ? program : fail(`Go cannot build ${module}`);
}
