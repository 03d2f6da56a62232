/** What this package is called in its own package.json. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'osprofiler-otel-bridge';

/** The version, e.g. `0.1.0`. The compiled code lies at different depths below package.json, so it is looked for. */
export function packageVersion(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const version = versionIn(join(directory, 'package.json'));
    if (version !== undefined) return version;
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`no package.json of ${NAME} above ${import.meta.url}`);
    directory = parent;
  }
}

function versionIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
  return name === NAME ? version : undefined;
}
