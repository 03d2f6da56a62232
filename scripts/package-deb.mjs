// @ts-check
/**
 * `npm run package:deb`: a Debian package of the bridge with the packages that it needs, a unit for systemd, and a Node.js
 * of its own, which npm brings. For the architecture of this machine; needs dpkg-deb.
 *
 *   --output <folder>  where it goes; default: the root of the repository
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { fail, ROOT, say } from './install.mjs';

/** The newest release of the newest line with long-term support. */
const NODE = '24.22.3';
/** @type {Readonly<Record<string, string>>} */
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const FILES = join(ROOT, 'packaging', 'deb');
/** Of the repository, beside node_modules. */
const PROGRAM = ['bin', 'dist', 'assets', 'recordings', 'package.json'];
const TO_INSTALL = ['package-lock.json', '.npmrc'];

const { values } = parseArgs({ options: { output: { type: 'string', default: ROOT } } });
const architecture = ARCHITECTURES[process.arch] ?? fail(`there is no Node.js for ${process.arch} in npm`);
const { name, version, description, homepage } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), `${name}-deb-`));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));

build();
const root = join(work, 'root');
const home = join(root, 'usr', 'lib', name);
mkdirSync(home, { recursive: true });
for (const each of [...PROGRAM, ...TO_INSTALL])
  cpSync(join(ROOT, each), join(home, each), { recursive: true });
run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], home);
for (const each of TO_INSTALL) rmSync(join(home, each));
const node = `node-linux-${process.arch}`;
run('npm', ['install', '--no-save', '--prefix', join(work, 'node'), `${node}@${NODE}`], work);
copyFileSync(join(work, 'node', 'node_modules', node, 'bin', 'node'), join(home, 'node'));
chmodSync(join(home, 'node'), 0o755);
const program = readFileSync(join(home, 'bin', `${name}.cjs`), 'utf8');
const [, flags = ''] = /^#!.* node (.*)$/m.exec(program) ?? [];
const shell = readFileSync(join(FILES, `${name}.sh`), 'utf8').replace('FLAGS', flags);
write(join(root, 'usr', 'bin'), name, shell, 0o755);
const unit = readFileSync(join(ROOT, 'examples', 'systemd', `${name}.service`), 'utf8');
write(join(root, 'usr', 'lib', 'systemd', 'system'), `${name}.service`, unit);
const settings = join(root, 'etc', name);
write(settings, 'environment', readFileSync(join(FILES, 'environment'), 'utf8'));
write(settings, 'transport-url', readFileSync(join(FILES, 'transport-url'), 'utf8'), 0o600);
const documents = join(root, 'usr', 'share', 'doc', name);
for (const each of ['README.md', 'CHANGELOG.md', 'LICENSE'])
  write(documents, each === 'LICENSE' ? 'copyright' : each, readFileSync(join(ROOT, each), 'utf8'));

const control = join(root, 'DEBIAN');
write(
  control,
  'control',
  [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The osprofiler-otel-bridge authors <noreply@github.com>',
    'Depends: libc6 (>= 2.28), libstdc++6',
    'Section: net',
    'Priority: optional',
    `Homepage: ${homepage}`,
    `Installed-Size: ${sizeOf(root)}`,
    `Description: ${description}`,
    '',
  ].join('\n'),
);
write(
  control,
  'conffiles',
  ['environment', 'transport-url'].map((each) => `/etc/${name}/${each}\n`).join(''),
);
for (const each of ['postinst', 'prerm', 'postrm'])
  write(control, each, readFileSync(join(FILES, each), 'utf8'), 0o755);

const target = join(resolve(values.output), `${name}_${version}_${architecture}.deb`);
run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z2', '--build', root, target], work);
process.stdout.write(`${target}\n`);

/**
 * @param {string} directory
 * @param {string} file
 * @param {string} content
 * @param {number} [mode]
 */
function write(directory, file, content, mode = 0o644) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, file), content);
  chmodSync(join(directory, file), mode);
}

/** @param {string} directory @returns {number} KiB */
function sizeOf(directory) {
  const { stdout } = spawnSync('du', ['-sk', directory], { encoding: 'utf8' });
  return Number.parseInt(stdout, 10);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  say(`${command} ${args.slice(0, 2).join(' ')}`);
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status !== 0) fail(`${command} failed: ${error?.message ?? status}`);
}
