// @ts-check
/**
 * `node scripts/size.mjs`: lines of code (no blanks, no comments) of src by module, of the spine that every
 * notification passes, and the files that are too long. With `--install` also what a production install brings.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './install.mjs';

const MAX_LINES = 300;
/** What a notification passes from delivery to acknowledgement. Of rabbitmq that is the consumer's part. */
const SPINE =
  /^(?:bridge|assembler|contracts|counts|encoded-span|in-flight|pipeline|timestamp|trace-point|translator)\.ts$|^(?:codec|python-json|pairing|export)\/|^mapping\/(?!sql\/|masking\/)|^rabbitmq\/(?:ack|body|consumer|prefetch|rabbit-delivery|delivery)/;

const src = join(ROOT, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(src, path), 'utf8') }));

/** @type {Map<string, number>} */
const modules = new Map();
let spine = 0;
for (const { path, text } of files) {
  const lines = codeLines(text);
  const module = path.includes('/') ? path.slice(0, path.indexOf('/')) : '(files)';
  modules.set(module, (modules.get(module) ?? 0) + lines);
  if (SPINE.test(path)) spine += lines;
}
for (const [module, lines] of [...modules].sort(([a], [b]) => a.localeCompare(b)))
  console.log(`${String(lines).padStart(7)}  ${module}`);
console.log(
  `${String([...modules.values()].reduce((sum, lines) => sum + lines, 0)).padStart(7)}  src in all`,
);
console.log(`${String(spine).padStart(7)}  the spine`);
for (const { path, text } of files) {
  const lines = text.split('\n').length - 1;
  if (lines > MAX_LINES) console.log(`over ${MAX_LINES} lines: ${path} (${lines})`);
}
if (process.argv.includes('--install')) measureInstall();

/** @param {string} text */
function codeLines(text) {
  return text.split('\n').filter((line) => !/^\s*(?:\/\/|\/?\*|$)/.test(line)).length;
}

/** Installs what the package needs, and nothing for its development, in a folder of its own. */
function measureInstall() {
  const directory = mkdtempSync(join(tmpdir(), 'osprofiler-bridge-install-'));
  try {
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      cpSync(join(ROOT, name), join(directory, name));
    const npm = spawnSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: directory,
      encoding: 'utf8',
    });
    if (npm.status !== 0) throw new Error(npm.stderr);
    const lock = readFileSync(join(directory, 'node_modules', '.package-lock.json'), 'utf8');
    const packages = Object.keys(JSON.parse(lock).packages).length;
    const [kilobytes] = spawnSync('du', ['-sk', 'node_modules'], {
      cwd: directory,
      encoding: 'utf8',
    }).stdout.split('\t');
    console.log(
      `${String(packages).padStart(7)}  packages in a production install, ${Math.round(Number(kilobytes) / 1024)} MB`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
