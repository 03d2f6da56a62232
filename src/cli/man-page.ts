/** The manual page, made from the declared settings. Pure. */
import { COMMANDS, type Definition } from '../settings/definition.js';
import { DEFINITIONS } from '../settings/settings.js';
import { COMMAND_WORDS, EXIT_STATUSES, PROGRAM, SETTINGS_NOTE } from './help.js';

/** The page in roff, with the macros of man(7). */
export function manPage(): string {
  const headings = [...new Set(DEFINITIONS.map(({ heading }) => heading))];
  const settings = headings.map((heading) => {
    const group = DEFINITIONS.filter((each) => each.heading === heading);
    return `.SS ${text(heading)}\n${group.map(setting).join('')}`;
  });
  return [
    `.\\" Made by scripts/settings-doc.mjs; do not edit.\n.TH ${PROGRAM.toUpperCase()} 1\n`,
    `.SH NAME\n${PROGRAM} \\- exports OpenStack osprofiler notifications as OpenTelemetry spans\n`,
    `.SH SYNOPSIS\n.B ${PROGRAM}\n[\\fICOMMAND\\fR] [\\fISETTINGS\\fR] [\\fIOPERAND\\fR...]\n`,
    `.SH DESCRIPTION\n${text(SETTINGS_NOTE.trim())}\n`,
    `.SH COMMANDS\n${COMMANDS.map(command).join('')}`,
    `.SH SETTINGS\n${settings.join('')}`,
    `.SH EXIT STATUS\n.nf\n${text(EXIT_STATUSES.trim().split('\n').slice(1).join('\n'))}\n.fi\n`,
    `.SH SEE ALSO\n.UR https://docs.openstack.org/osprofiler\n.UE\n.UR https://opentelemetry.io/docs\n.UE\n`,
  ].join('');
}

function command(name: (typeof COMMANDS)[number]): string {
  const { synopsis, description, examples } = COMMAND_WORDS[name];
  const shown = examples.map(
    ([typed, purpose]) => `.PP\n${text(purpose)}:\n.RS\n.nf\n${text(typed)}\n.fi\n.RE\n`,
  );
  return `.SS ${text(`${name} ${synopsis}`)}\n${text(description)}\n${shown.join('')}`;
}

function setting(definition: Definition): string {
  const { flag, argument, env, key, kind, description, defaultText, commands } = definition;
  const head = kind.isSwitch ? `${flag}, ${flag.replace('--', '--no-')}` : `${flag} ${argument}`;
  const facts = [`Value: ${kind.expected}.`, `Default: ${defaultText}.`].slice(kind.isSwitch ? 1 : 0);
  const names = `Variable: ${env.join(', ')}. File: ${key}. Commands: ${commands.join(', ')}.`;
  return `.TP\n.B ${text(head)}\n${text(description)}\n.br\n${text([...facts, names].join(' '))}\n`;
}

/** Plain text in roff: hyphens as they are typed, no line that is taken for a request. */
function text(plain: string): string {
  const escaped = plain.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq');
  return escaped.replace(/^(?=[.'])/gm, '\\&');
}
