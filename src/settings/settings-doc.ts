/** docs/settings.md, made from the declared settings. */
import type { Definition } from './definition.js';
import { DEFINITIONS } from './settings.js';

const INTRODUCTION = `# Settings

<!-- Made by scripts/settings-doc.mjs from src/settings; do not edit. -->

Every setting can be given as a flag, as an environment variable or in a YAML file named by \`--config\` or
\`OSPROFILER_BRIDGE_CONFIG\`. Flags outrank variables, variables outrank the file, the file outranks defaults. Where a
setting has two variables, the first outranks the second. \`--print-config\` shows what is in force and where each value
came from.

- A variable that is empty counts as unset, and so does a key of the file without a value.
- A flag without a value is a switch, with a \`--no-\` twin; in variables and the file it is \`true\` or \`false\`.
- Durations are \`250ms\`, \`30s\`, \`5m\`, \`1h\` or \`2d\`; OpenTelemetry's variables take bare milliseconds too.
- Sizes are \`512k\`, \`64MiB\` or bare bytes; \`k\`, \`m\`, \`g\` count in 1,024s, \`kB\`, \`MB\`, \`GB\` in 1,000s.
- Lists are separated by commas (transport URLs by white space), and are lists in the file.
- Everything wrong is reported at once, with exit status 2. A variable that begins with \`OSPROFILER_BRIDGE_\` and is no
  setting is warned of; a key of the file that is no setting is an error.
`;

/** The whole page. */
export function settingsDocument(): string {
  const chapters = [...new Set(DEFINITIONS.map(({ heading }) => heading))].map((chapter) => {
    const settings = DEFINITIONS.filter(({ heading }) => heading === chapter);
    return `## ${chapter}\n\n${settings.map(section).join('\n')}`;
  });
  return [INTRODUCTION, ...chapters].join('\n');
}

function section(definition: Definition): string {
  const { flag, argument, key, env, kind } = definition;
  const facts = [
    ['Flag', code(argument === '' ? `${flag}, ${flag.replace('--', '--no-')}` : `${flag} ${argument}`)],
    ['Variable', env.map(code).join(', ')],
    ['File', code(key)],
    ['Value', kind.expected],
    ['Default', definition.defaultText],
    ['Example', code(definition.example)],
    ['Commands', definition.commands.join(', ')],
    ...(kind.hide === undefined ? [] : [['Secret', 'shown without credentials']]),
  ];
  const lines = facts.map(([label, value]) => `- ${label}: ${value}`);
  return `### ${key}\n\n${definition.description}\n\n${lines.join('\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}
