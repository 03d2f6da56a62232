/** Imported first: refuses a version of Node.js that is too old, before it fails at something obscure. */
import { BridgeError } from './errors.js';

const REQUIRED_MAJOR = 20;
const REQUIRED_MINOR = 19;

/** @throws BridgeError NODE_UNSUPPORTED */
export function checkNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > REQUIRED_MAJOR || (major === REQUIRED_MAJOR && minor >= REQUIRED_MINOR)) return;
  throw new BridgeError(
    'NODE_UNSUPPORTED',
    `osprofiler-otel-bridge needs Node.js ${REQUIRED_MAJOR}.${REQUIRED_MINOR} or newer, and this is ${version}`,
    'Install a newer version: https://nodejs.org/en/download.',
  );
}

checkNodeVersion(process.versions.node);
