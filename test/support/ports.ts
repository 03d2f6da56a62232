/** Free ports, as scripts/ports.mjs chooses them. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Ports {
  freePorts(count: number): Promise<number[]>;
}

export async function freePorts(count: number): Promise<number[]> {
  const script = (await import(pathToFileURL(join(process.cwd(), 'scripts', 'ports.mjs')).href)) as Ports;
  return script.freePorts(count);
}
