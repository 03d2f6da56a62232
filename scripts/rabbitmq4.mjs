// @ts-check
/**
 * RabbitMQ 4.0 on a machine whose own is older: Debian 13's package, unpacked with debootstrap into a cache folder and
 * run from there (see `home` in private-broker.mjs). Nothing of the machine is changed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SUITE = 'trixie';
const SERVER = 'usr/lib/rabbitmq/bin/rabbitmq-server';

/**
 * Unpacks Debian 13 with RabbitMQ unless it is in the cache: `OSPROFILER_BRIDGE_TEST_CACHE`, by default
 * `~/.cache/osprofiler-otel-bridge`. Takes a minute or two and 400 MB.
 * @returns {Promise<{ home: string } | { problem: string }>} the unpacked root, or in one line why there is none
 */
export async function rabbitmq4() {
  const cache =
    process.env['OSPROFILER_BRIDGE_TEST_CACHE'] || join(homedir(), '.cache', 'osprofiler-otel-bridge');
  const home = join(cache, `debian-${SUITE}`);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) return { problem: 'RabbitMQ 4.0 is run from an unpacked Debian 13, which only root can do' };
  if (existsSync(join(home, SERVER))) return { home };
  if (spawnSync('debootstrap', ['--version']).status !== 0) {
    return { problem: 'RabbitMQ 4.0 is unpacked with debootstrap, which is not installed' };
  }
  await mkdir(cache, { recursive: true });
  // Beside its place and then renamed: an interrupted attempt leaves nothing that looks complete.
  const attempt = `${home}.${process.pid}`;
  const mirror = debianMirror();
  const { status, stdout, stderr } = spawnSync(
    'debootstrap',
    ['--variant=minbase', '--include=rabbitmq-server', SUITE, attempt, ...mirror],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status === 0) {
    await rename(attempt, home);
    return { home };
  }
  await rm(attempt, { recursive: true, force: true });
  const lastLine = `${stdout}\n${stderr}`.trim().split('\n').at(-1);
  return {
    problem: `debootstrap could not unpack Debian ${SUITE}${mirror.length === 0 ? '' : ` from ${mirror[0]}`}: ${lastLine}`,
  };
}

/**
 * The mirror that the machine's own apt uses, when it is a Debian; otherwise debootstrap's default.
 * @returns {string[]}
 */
function debianMirror() {
  const { stdout } = spawnSync(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Component: main'],
    { encoding: 'utf8' },
  );
  const mirrors = (stdout ?? '').split('\n').filter((uri) => uri !== '' && !uri.includes('security'));
  return mirrors.slice(0, 1).map((mirror) => mirror.replace(/\/$/, ''));
}
