/** The keys that sign trace info, from the settings. */
import { readFileSync } from 'node:fs';
import { BridgeError, messageOf } from '../errors.js';
import type { HeadersSettings } from './settings.js';

/**
 * The first of them signs; any of them is good for reading.
 * @returns an empty list when none is set.
 * @throws BridgeError CONFIG_UNREADABLE when their file cannot be read.
 */
export function readHmacKeys({
  hmacKeys,
  hmacKeyFile,
}: Pick<HeadersSettings, 'hmacKeys' | 'hmacKeyFile'>): readonly string[] {
  return hmacKeyFile === undefined ? hmacKeys : keysInFile(hmacKeyFile);
}

function keysInFile(file: string): string[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BridgeError(
      'CONFIG_UNREADABLE',
      `cannot read the HMAC keys from ${file}: ${messageOf(error)}`,
      'Check the path and that this user may read it.',
    );
  }
  return content
    .split(/[,\n]/)
    .map((key) => key.trim())
    .filter((key) => key !== '');
}
