/** `completion`: a completion script for a shell. */
import type { Settings } from '../../settings/settings.js';
import { completionScript, type Shell } from '../completion.js';
import type { CommandContext } from '../context.js';

export async function execute({ operands }: Settings, { stdout }: CommandContext): Promise<number> {
  stdout.write(completionScript(operands[0] as Shell));
  return 0;
}
