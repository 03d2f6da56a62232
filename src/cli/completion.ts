/** Completion scripts for shells, made from the declared settings. Pure. */
import { COMMANDS, type CommandName, type Definition } from '../settings/definition.js';
import { settingsOf } from '../settings/settings.js';
import { COMMAND_WORDS, PROGRAM } from './help.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell has to know of a flag. */
interface Flag {
  readonly name: string;
  readonly description: string;
  readonly takes: 'nothing' | 'file' | 'value';
  /** Those that there are; empty: any. */
  readonly values: readonly string[];
}

const OWN_FLAGS: readonly Flag[] = [
  { name: '--config', description: 'A settings file, YAML', takes: 'file', values: [] },
  {
    name: '--print-config',
    description: 'Print the settings in force and exit',
    takes: 'nothing',
    values: [],
  },
  { name: '--help', description: 'Print help', takes: 'nothing', values: [] },
];

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell]();
}

function flagsOf(command: CommandName): readonly Flag[] {
  return [...settingsOf(command).flatMap(flagsOfSetting), ...OWN_FLAGS];
}

function flagsOfSetting({ flag, argument, kind, description }: Definition): Flag[] {
  const [sentence = ''] = description.split(/(?<=[.;:]) /);
  const takes = kind.isSwitch ? 'nothing' : /^<(file|dir)>$/.test(argument) ? 'file' : 'value';
  const one: Flag = {
    ...{ name: flag, takes, values: kind.values ?? [] },
    description: sentence.replace(/[.;:]$/, ''),
  };
  if (!kind.isSwitch) return [one];
  return [one, { ...one, name: flag.replace('--', '--no-'), description: `Turn ${flag} off` }];
}

function bash(): string {
  const flags = new Map(COMMANDS.flatMap((command) => flagsOf(command).map((flag) => [flag.name, flag])));
  const choices = [...flags.values()].filter(({ values }) => values.length > 0);
  const files = [...flags.values()].filter(({ takes }) => takes === 'file');
  const words = (command: CommandName) => [
    ...(COMMAND_WORDS[command].actions ?? []),
    ...flagsOf(command).map(({ name }) => name),
  ];
  return `# bash completion of ${PROGRAM}: source <(${PROGRAM} completion bash)
_osprofiler_otel_bridge() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=run words
  case \${COMP_WORDS[1]} in
    ${COMMANDS.join('|')}) command=\${COMP_WORDS[1]} ;;
  esac
  case $previous in
${choices.map(({ name, values }) => `    ${name}) COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$current")); return ;;`).join('\n')}
    ${files.map(({ name }) => name).join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case $command in
${COMMANDS.map((command) => `    ${command}) words='${words(command).join(' ')}' ;;`).join('\n')}
  esac
  if ((COMP_CWORD == 1)); then words="${COMMANDS.join(' ')} $words"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _osprofiler_otel_bridge ${PROGRAM}
`;
}

function zsh(): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
  const spec = ({ name, description, takes, values }: Flag) => {
    const head = `${name}${takes === 'nothing' ? '' : '='}[${escaped(description)}]`;
    if (takes === 'nothing') return quote(head);
    const what = takes === 'file' ? '_files' : values.length > 0 ? `(${values.join(' ')})` : ' ';
    return quote(`*${head}:value:${what}`);
  };
  const operands = (command: CommandName) => {
    const { actions, takesOperands } = COMMAND_WORDS[command];
    if (actions !== undefined) return [quote(`1:action:(${actions.join(' ')})`)];
    return takesOperands === undefined ? [] : [quote('*:operand:_files')];
  };
  const branch = (command: CommandName) => {
    const specs = [...flagsOf(command).map(spec), ...operands(command)];
    return `    ${command}) shift words; ((CURRENT--)); _arguments ${specs.join(' \\\n      ')} ;;`;
  };
  return `#compdef ${PROGRAM}
_osprofiler_otel_bridge() {
  local -a commands=(
${COMMANDS.map((command) => `    ${quote(`${command}:${COMMAND_WORDS[command].summary}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then _describe command commands; return; fi
  case $words[2] in
${COMMANDS.map(branch).join('\n')}
  esac
}
if [[ $funcstack[1] == _osprofiler_otel_bridge ]]; then _osprofiler_otel_bridge "$@"; else compdef _osprofiler_otel_bridge ${PROGRAM}; fi
`;
}

function fish(): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const complete = `complete -c ${PROGRAM}`;
  const commands = COMMANDS.map(
    (command) =>
      `${complete} -n __fish_use_subcommand -f -a ${command} -d ${quote(COMMAND_WORDS[command].summary)}`,
  );
  const flag = (command: CommandName, { name, description, takes, values }: Flag) => {
    const choices = values.length === 0 ? '' : ` -a ${quote(values.join(' '))}`;
    const value = { nothing: '', file: ' -r -F', value: ` -x${choices}` }[takes];
    const seen = quote(`__fish_seen_subcommand_from ${command}`);
    return `${complete} -n ${seen} -l ${name.slice(2)}${value} -d ${quote(description)}`;
  };
  const flags = COMMANDS.flatMap((command) => flagsOf(command).map((each) => flag(command, each)));
  const actions = COMMANDS.flatMap((command) => {
    const words = COMMAND_WORDS[command].actions;
    const seen = quote(`__fish_seen_subcommand_from ${command}`);
    return words === undefined ? [] : [`${complete} -n ${seen} -f -a ${quote(words.join(' '))}`];
  });
  return `${[...commands, ...flags, ...actions].join('\n')}\n`;
}
