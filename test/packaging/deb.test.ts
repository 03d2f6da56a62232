/** The Debian package, built, and installed and started in a Debian 12 that has nothing else. Only root can do that. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { publish, transportUrl } from '../end-to-end/program.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, type TestVhost } from '../support/rabbitmq.js';

const NAME = 'osprofiler-otel-bridge';

describe('the Debian package', { timeout: 1_800_000 }, () => {
  let directory: string;
  let root: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-deb-'));
    root = join(directory, 'root');
    run('debootstrap', ['--variant=minbase', 'bookworm', root, ...mirror()]);
    const deb = run(process.execPath, ['scripts/package-deb.mjs', '--output', directory]).trim();
    await copyFile(deb, join(root, 'tmp', basename(deb)));
    inRoot('dpkg', '--install', `/tmp/${basename(deb)}`);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('holds a program that works without a Node.js, and a unit for systemd that starts it', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    assert.equal(inRoot(NAME, '--version').trim(), version);
    assert.match(inRoot(NAME, 'demo', '--no-serve'), /3,522 notifications → 1,76\d spans/);
    const unit = await readFile(join(root, 'usr/lib/systemd/system', `${NAME}.service`), 'utf8');
    assert.match(unit, new RegExp(`^ExecStart=/usr/bin/${NAME} run`, 'm'));
    assert.match(inRoot('dpkg', '--verify', NAME), /^$/);
    const [mode] = inRoot('stat', '--format', '%a %U', `/etc/${NAME}/transport-url`).trim().split('\n');
    assert.equal(mode, '600 root');
  });

  it('exports what the real osprofiler sends, with the settings in /etc', async (test) => {
    const vhost: TestVhost = await broker().createVhost();
    const backend = await OtlpReceiver.start();
    const sent = await publish(vhost, ['all']);
    await writeFile(join(root, 'etc', NAME, 'transport-url'), `${transportUrl(vhost)}\n`);
    const child: ChildProcess = spawn('unshare', [
      ...[`--root=${root}`, '--mount-proc', NAME, 'run', '--listen', 'none', '--endpoint', backend.url],
      ...['--transport-url-file', `/etc/${NAME}/transport-url`],
    ]);
    test.after(async () => {
      child.kill('SIGKILL');
      await backend.stop();
      await vhost.remove();
    });
    const points = new Set(sent.map(({ trace_id }) => trace_id));
    await backend.untilSpans(points.size);
    child.kill('SIGTERM');
    const [status] = (await once(child, 'exit')) as [number];
    assert.equal(status, 0);
  });

  it('is gone without a trace when it is purged', () => {
    inRoot('dpkg', '--purge', NAME);
    const left = inRoot(
      'sh',
      '-c',
      `ls -d /usr/lib/${NAME} /etc/${NAME} /usr/bin/${NAME} 2>/dev/null || true`,
    );
    assert.equal(left, '');
  });

  function inRoot(...command: string[]): string {
    return run('unshare', [`--root=${root}`, '--mount-proc', ...command]);
  }
});

/** The mirror that the machine's own apt uses. */
function mirror(): string[] {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Component: main'];
  const found = run('apt-get', ['indextargets', ...format]).split('\n');
  return found.filter((uri) => uri !== '' && !uri.includes('security')).slice(0, 1);
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
  return stdout;
}
