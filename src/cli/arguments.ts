/** The command line: which command, which settings, which files, and what is wrong with it. */
import { Command, CommanderError, Help, Option } from 'commander';
import { CONFIG_FLAG } from '../settings/config.js';
import { COMMANDS, type CommandName, type Definition, ownVariable } from '../settings/definition.js';
import { type Problem, suggestion } from '../settings/problems.js';
import { redactUrls } from '../settings/redact.js';
import { settingsOf } from '../settings/settings.js';
import { COMMAND_WORDS, EXIT_STATUSES, examplesOf, PROGRAM, SETTINGS_NOTE } from './help.js';

/** A command line that asks for a command. */
export interface Invocation {
  readonly command: CommandName;
  readonly flags: ReadonlyMap<string, readonly string[] | boolean>;
  readonly configFile: string | undefined;
  readonly printConfig: boolean;
  /** What stands beside the flags: files of `replay`, UUIDs of `trace-id`, the action of `dead-letters`. */
  readonly operands: readonly string[];
  readonly problems: readonly Problem[];
}

const PRINT_CONFIG_FLAG = '--print-config';
const OWN_GROUP = 'This command';
const LAST_GROUP = 'Running and logging';
const HELP_WIDTH = 100;

/**
 * Reads the arguments that follow the program's name.
 * @param out receives help and version.
 * @returns undefined when that was all that was asked for.
 */
export function readArguments(
  args: readonly string[],
  version: string,
  out: (text: string) => void,
): Invocation | undefined {
  let chosen: CommandName | undefined;
  const program = describeProgram(version, out, (command) => {
    chosen = command;
  });
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    // The only complaint that commander is left to make is of a flag at the very end that lacks its value, so that
    // everything before it has been read.
    return readInvocation(program, commandNamed(args[0]), args, missingValue(error));
  }
  return readInvocation(program, chosen ?? 'run', args, []);
}

function describeProgram(
  version: string,
  out: (text: string) => void,
  choose: (command: CommandName) => void,
): Command {
  const program = new Command(PROGRAM)
    .description('Translates OpenStack osprofiler notifications from RabbitMQ into OpenTelemetry spans.')
    .usage('[command] [settings]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\n'${PROGRAM} run --help' lists the settings.\n${SETTINGS_NOTE}\n${EXIT_STATUSES}`)
    .configureOutput({
      writeOut: out,
      writeErr: out,
      outputError: () => undefined,
      getOutHelpWidth: () => HELP_WIDTH,
    })
    .exitOverride();
  for (const name of COMMANDS) describeCommand(program, name).action(() => choose(name));
  return program;
}

function describeCommand(program: Command, name: CommandName): Command {
  const { synopsis, summary, description } = COMMAND_WORDS[name];
  const command = program
    .command(name, { isDefault: name === 'run' })
    .summary(summary)
    // A text with lines of its own is not wrapped by commander.
    .description(`${new Help().boxWrap(description, HELP_WIDTH)}\n\n${examplesOf(name)}`)
    .usage(synopsis)
    .addHelpText('after', `${SETTINGS_NOTE}\n${EXIT_STATUSES}`)
    // Complaints come later, all at once.
    .allowUnknownOption()
    .allowExcessArguments();
  const settings = settingsOf(name);
  const isOwn = ({ heading: title }: Definition) => title === OWN_GROUP;
  for (const definition of [...settings.filter(isOwn), ...settings.filter((each) => !isOwn(each))]) {
    for (const option of optionsOf(definition)) command.addOption(option);
  }
  const config = `A settings file, YAML. [env: ${ownVariable(CONFIG_FLAG)}]`;
  command.addOption(new Option(`${CONFIG_FLAG} <file>`, config).helpGroup(heading(LAST_GROUP)));
  const print = 'Print the settings in force and where each comes from, as a settings file, and exit.';
  command.addOption(new Option(PRINT_CONFIG_FLAG, print).helpGroup(heading(LAST_GROUP)));
  return command.addHelpOption(new Option('-h, --help', 'Print this help.').helpGroup(heading(LAST_GROUP)));
}

function heading(group: string): string {
  return `${group}:`;
}

function optionsOf(definition: Definition): Option[] {
  const { flag, argument, kind, env, description, defaultText } = definition;
  const what = `${description} [default: ${defaultText}; env: ${env.join(', ')}]`;
  const option = new Option(`${flag} ${argument}`.trim(), what).helpGroup(heading(definition.heading));
  if (kind.isSwitch !== true) return [option.argParser(collect)];
  return [option, new Option(flag.replace('--', '--no-')).hideHelp()];
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function readInvocation(
  program: Command,
  name: CommandName,
  args: readonly string[],
  found: readonly Problem[],
): Invocation {
  const command = program.commands.find((each) => each.name() === name)!;
  const values: Record<string, unknown> = command.opts();
  const flags = new Map<string, readonly string[] | boolean>();
  for (const definition of settingsOf(name)) {
    const value = values[new Option(definition.flag).attributeName()];
    // A switch that has a --no- twin is true for commander when nobody said anything.
    if (value !== undefined && isGiven(command, definition))
      flags.set(definition.key, value as readonly string[] | boolean);
  }
  const { operands, problems } = readOperands(name, command, args);
  const config = values['config'];
  return {
    command: name,
    flags,
    configFile: typeof config === 'string' ? config : undefined,
    printConfig: values['printConfig'] === true,
    operands,
    problems: [...problems, ...found],
  };
}

function isGiven(command: Command, { flag }: Definition): boolean {
  return command.getOptionValueSource(new Option(flag).attributeName()) === 'cli';
}

/** The command that a first argument names; the default one when it is none. */
function commandNamed(first: string | undefined): CommandName {
  return COMMANDS.find((name) => name === first) ?? 'run';
}

interface Operands {
  readonly operands: readonly string[];
  readonly problems: readonly Problem[];
}

function readOperands(name: CommandName, command: Command, args: readonly string[]): Operands {
  // What follows `--` is an operand even when it looks like a flag.
  const dashes = args.indexOf('--');
  const literal = dashes === -1 ? 0 : Math.min(args.length - dashes - 1, command.args.length);
  const beforeDashes = command.args.slice(0, command.args.length - literal);
  const unknown = beforeDashes.filter((arg) => arg.length > 1 && arg.startsWith('-') && arg !== '--');
  if (unknown.length > 0) return { operands: [], problems: unknown.map((arg) => unknownFlag(arg, command)) };
  const operands = command.args.filter((arg, index) => arg !== '--' || index >= beforeDashes.length);
  return COMMAND_WORDS[name].takesOperands
    ? { operands, problems: [] }
    : { operands: [], problems: excess(name, operands, args[0] === name) };
}

function unknownFlag(arg: string, command: Command): Problem {
  const name = arg.split('=', 1)[0]!;
  const option = command.options.find((each) => each.long === name);
  // Only a switch with a value is unknown to commander under a name that it knows.
  if (option !== undefined)
    return { where: name, expected: `is a switch and takes no value; ${name} or no ${name}` };
  const names = command.options.filter((each) => !each.hidden).map((each) => each.long!);
  const others = COMMANDS.filter((other) => settingsOf(other).some(({ flag }) => flag === name));
  const elsewhere = others.length > 0 ? `; it is a setting of ${others.join(', ')}` : suggestion(name, names);
  return { where: name, expected: `${command.name()} has no such flag${elsewhere}` };
}

/** @param isNamed whether the command was named; otherwise the first word was meant to be one */
function excess(name: CommandName, operands: readonly string[], isNamed: boolean): Problem[] {
  return operands.map((operand, index) => {
    const isCommand = (COMMANDS as readonly string[]).includes(operand);
    const isMisspelt = index === 0 && !isNamed;
    const expected = isCommand
      ? 'the command comes first, before its settings'
      : isMisspelt
        ? 'there is no such command'
        : `${name} takes no such argument`;
    const hint = isCommand ? '' : suggestion(operand, COMMANDS);
    return { where: 'argument', value: redactUrls(operand), expected: `${expected}${hint}` };
  });
}

function missingValue(error: CommanderError): Problem[] {
  const flag = /--[a-z-]+(?: <[^>]*>)?/.exec(error.message)?.[0] ?? 'the last argument';
  return [{ where: flag.split(' ')[0]!, expected: `needs a value: ${flag}` }];
}
