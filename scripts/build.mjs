// @ts-check
/** `npm run build`: src → dist, from nothing, so that no file of an older build is left in the package. */
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, ensureNpmPackages, ROOT } from './install.mjs';

export function build() {
  ensureNpmPackages();
  const target = join(ROOT, 'dist');
  rmSync(target, { recursive: true, force: true });
  compile('tsconfig.build.json');
  chmodSync(join(target, 'service', 'main.js'), 0o755);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) build();
