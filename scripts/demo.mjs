// @ts-check
/** `npm run demo`: builds when the sources are newer than the build, and shows a recorded boot of a server as a trace. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ensureNpmPackages, ROOT, say } from './install.mjs';

const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

ensureNpmPackages();
if (isStale()) {
  say('building');
  build();
}
const demo = spawn(process.execPath, [MAIN, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  // The terminal has told it as well, or nobody has: it is the demo that decides how to end.
  process.on(signal, () => signal === 'SIGTERM' && demo.kill(signal));
}
demo.on('close', (status, signal) => {
  process.exitCode = status ?? (signal === null ? 1 : 130);
});

function isStale() {
  if (!existsSync(MAIN)) return true;
  const built = statSync(MAIN).mtimeMs;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const inputs = [
    ...sources.map((name) => join('src', name)),
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ];
  return inputs.some((name) => statSync(join(ROOT, name)).mtimeMs > built);
}
