// @ts-check
/** `npm run build`: src → dist, from nothing, so that no file of an older build is left in the package. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, ensureNpmPackages, ROOT } from './install.mjs';

export function build() {
  ensureNpmPackages();
  const target = join(ROOT, 'dist');
  rmSync(target, { recursive: true, force: true });
  compile('tsconfig.build.json');
  writeTypesForRequire(target);
}

/**
 * The same types once more, as those of a CommonJS module. Node's `require()` takes an ES module, but TypeScript, below
 * `module: node20`, lets CommonJS code import nothing whose types say that it is one.
 * @param {string} target
 */
function writeTypesForRequire(target) {
  const copy = join(target, 'require');
  for (const file of reachableTypes(join(target, 'index.d.ts'))) {
    cpSync(file, join(copy, relative(target, file)));
  }
  writeFileSync(join(copy, 'package.json'), '{ "type": "commonjs" }\n');
}

/**
 * A file of types and all that it imports from its own package.
 * @param {string} file
 * @param {Set<string>} [found]
 */
function reachableTypes(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
    /(?:from |import |import\()'(\.[^']*)\.js'/g,
  )) {
    reachableTypes(join(dirname(file), `${path}.d.ts`), found);
  }
  return found;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) build();
