/** The command line from its arguments to an exit status. */
import { BridgeError } from '../errors.js';
import { type LoadedSettings, loadSettings } from '../settings/config.js';
import type { CommandName } from '../settings/definition.js';
import { redactUrls } from '../settings/redact.js';
import { type Invocation, readArguments } from './arguments.js';
import type { CommandContext, Execute } from './context.js';
import { type EndingProcess, leaveOnCrash, leaveQuietlyOnClosedPipe, listenForStop } from './exit.js';
import { COMMAND_WORDS } from './help.js';
import { packageVersion } from './version.js';

/** Loaded when they are called for, so that help does not wait for AMQP and OTLP libraries. */
const COMMAND_MODULES: Readonly<Record<CommandName, () => Promise<{ readonly execute: Execute }>>> = {
  run: () => import('./commands/run.js'),
  shard: () => import('./commands/shard.js'),
  reshard: () => import('./commands/reshard.js'),
  replay: () => import('./commands/replay.js'),
  record: () => import('./commands/record.js'),
  report: () => import('./commands/report.js'),
  compare: () => import('./commands/compare.js'),
  demo: () => import('./commands/demo.js'),
  'trace-id': () => import('./commands/trace-id.js'),
  headers: () => import('./commands/headers.js'),
  'dead-letters': () => import('./commands/dead-letters.js'),
  doctor: () => import('./commands/doctor.js'),
  completion: () => import('./commands/completion.js'),
};

/** Of `process`, what the command line needs. */
export type CliProcess = EndingProcess & Pick<NodeJS.Process, 'stdout' | 'stderr' | 'stdin' | 'env'>;

/**
 * Runs a command line.
 * @param args what follows the program's name.
 * @returns the exit status; never rejects.
 */
export async function main(args: readonly string[], host: CliProcess): Promise<number> {
  const { stdout, stderr } = host;
  leaveQuietlyOnClosedPipe(stdout, stderr, host);
  const tell = (error: unknown) => void stderr.write(redactUrls(describeFailure(error)));
  leaveOnCrash(host, tell);
  try {
    const invocation = readArguments(args, packageVersion(), (text) => void stdout.write(text));
    return invocation === undefined ? 0 : await perform(invocation, host);
  } catch (error) {
    tell(error);
    return error instanceof BridgeError ? error.exitStatus : 1;
  }
}

async function perform(invocation: Invocation, host: CliProcess): Promise<number> {
  const loaded = await loadSettings({ ...invocation, env: host.env, problems: checkOperands(invocation) });
  if (invocation.printConfig) {
    for (const warning of loaded.warnings) host.stderr.write(`warning: ${warning}\n`);
    const { formatSettings } = await import('../settings/config-print.js');
    host.stdout.write(formatSettings(loaded, invocation.command));
    return 0;
  }
  const { execute } = await COMMAND_MODULES[invocation.command]();
  return execute(loaded.settings, await createContext(loaded, host));
}

function checkOperands({ command, operands, printConfig, problems }: Invocation): Invocation['problems'] {
  const { takesOperands, actions } = COMMAND_WORDS[command];
  if (takesOperands === undefined || printConfig || problems.length > 0) return problems;
  if (operands.length === 0) return [{ where: command, expected: `needs at least one ${takesOperands}` }];
  if (actions !== undefined) return checkAction(command, operands, actions);
  const twice = operands.filter((file) => file === '-').length > 1;
  return twice ? [{ where: 'argument', value: '-', expected: 'stdin can be read only once' }] : [];
}

function checkAction(
  command: CommandName,
  operands: readonly string[],
  actions: readonly string[],
): Invocation['problems'] {
  const [action, ...others] = operands;
  const expected = `expected one of ${actions.join(', ')}`;
  if (others.length > 0) return [{ where: command, value: operands.join(' '), expected }];
  return actions.includes(action!) ? [] : [{ where: command, value: redactUrls(action!), expected }];
}

async function createContext(loaded: LoadedSettings, host: CliProcess): Promise<CommandContext> {
  const { createLog } = await import('../sidecar/logger.js');
  const { routeDiag } = await import('../sidecar/diag.js');
  const { wantsColour } = await import('../trace-view/terminal/text.js');
  const { stdout, stderr, stdin, env } = host;
  const log = createLog(loaded.settings.log, stderr, loaded.settings.color ?? wantsColour(stderr, env));
  routeDiag(log, loaded.settings.log.level);
  for (const warning of loaded.warnings) log.warn({}, warning);
  return { log, stdout, stderr, stdin, env, onStopSignal: listenForStop(host) };
}

/** An error of ours by its code, with what to do; a bug with its stack. */
function describeFailure(error: unknown): string {
  if (!(error instanceof BridgeError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `error UNEXPECTED: ${stack}\nhint: this is a bug; please report it with the lines above\n`;
  }
  const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
  return `error ${error.code}: ${error.message}\n${hint}`;
}
