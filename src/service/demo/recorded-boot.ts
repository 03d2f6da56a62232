/** The recording that the demo plays: a real server being booted by a real control plane. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_NAME } from '../../version.js';

/** What was typed while it was recorded, but for `--os-profile`, which every traced command has. */
export const RECORDED_COMMAND = 'openstack server create --flavor m1.nano --image cirros --network net1 vm1';

const FILE = join('recordings', 'nova-server-boot.ndjson.gz');

/** The recording's path. The compiled code lies at different depths below the package, so that is looked for. */
export function recordedBoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!isPackage(directory)) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`no package.json of ${PACKAGE_NAME} above ${import.meta.url}`);
    directory = parent;
  }
  return join(directory, FILE);
}

function isPackage(directory: string): boolean {
  const file = join(directory, 'package.json');
  if (!existsSync(file)) return false;
  const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown };
  return name === PACKAGE_NAME;
}
