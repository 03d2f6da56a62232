/** Loads settings from a command line, an environment and the text of a settings file, without a process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from '../../src/cli/arguments.js';
import { BridgeError } from '../../src/errors.js';
import { type LoadedSettings, loadSettings } from '../../src/settings/config.js';

export interface Given {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The text of a settings file. */
  readonly file?: string;
}

export async function load({ args = [], env = {}, file }: Given): Promise<LoadedSettings> {
  const invocation = readArguments(args, '0.0.0', () => undefined);
  if (invocation === undefined) throw new Error('the arguments ask for help');
  if (file === undefined) return loadSettings({ ...invocation, env });
  const directory = mkdtempSync(join(tmpdir(), 'settings-'));
  try {
    const configFile = join(directory, 'bridge.yaml');
    writeFileSync(configFile, file);
    return await loadSettings({ ...invocation, env, configFile });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The error that loading ends with; the settings file is called `bridge.yaml` in its message. */
export async function refusal(given: Given): Promise<{ code: string; message: string; exitStatus: number }> {
  try {
    await load(given);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const message = error.message.replaceAll(/\/\S*\/bridge\.yaml/g, 'bridge.yaml');
    return { code: error.code, message, exitStatus: error.exitStatus };
  }
  throw new Error('the settings were taken');
}
