/** The one table of all settings, and what a value of each is. */
import { BROKER } from './broker.js';
import { COMMAND_SETTINGS } from './commands.js';
import type { AnyDefinition, CommandName, ValueOf } from './definition.js';
import { EXPORTER } from './exporter.js';
import { HEADERS } from './headers.js';
import { KEEP } from './keep.js';
import { OPERATIONS } from './operations.js';
import { PAGE } from './page-settings.js';
import { SHARDING } from './sharding.js';
import { TRANSLATE } from './translate.js';

/** Every setting there is, in the order of help and documentation. */
export const SETTINGS = {
  ...BROKER,
  ...SHARDING,
  ...TRANSLATE,
  ...KEEP,
  ...EXPORTER,
  ...OPERATIONS,
  ...PAGE,
  ...HEADERS,
  ...COMMAND_SETTINGS,
};

export type SettingName = keyof typeof SETTINGS;

/** The value of each, flat. */
export type Values = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

/** The table for those who treat all settings alike. */
export const DEFINITIONS = Object.entries(SETTINGS) as unknown as readonly (readonly [
  SettingName,
  AnyDefinition,
])[];

/** Where a value came from. */
export interface Origin {
  readonly layer: keyof typeof RANK;
  /** As the user wrote it: `--mode`, `OSPROFILER_BRIDGE_MODE`, `bridge.yaml:3:9`; `default` for a default. */
  readonly name: string;
}

/** The higher one counts. */
export const RANK = { default: 0, file: 1, environment: 2, flag: 3 } as const;

const GROUPS: Readonly<Record<string, string>> = {
  broker: 'Where notifications come from',
  wire: 'Where notifications come from',
  sharding: 'Many bridges',
  translate: 'How they become spans',
  exporter: 'Where spans go',
  listen: 'Health and metrics',
  metrics: 'Health and metrics',
  page: 'What the page keeps',
  replay: 'This command',
  record: 'This command',
  demo: 'This command',
  traceId: 'This command',
  headers: 'This command',
  deadLetters: 'This command',
  doctor: 'This command',
};

/** The heading a setting stands under in help and documentation. */
export function groupOf(definition: AnyDefinition): string {
  return GROUPS[definition.key.split('.')[0]!] ?? 'Running and logging';
}

/** The settings that are flags of a command. */
export function settingsOf(command: CommandName): (readonly [SettingName, AnyDefinition])[] {
  return DEFINITIONS.filter(([, definition]) => definition.commands.includes(command));
}

/** A default as help and documentation show it. */
export function defaultText({ default: value, defaultText: words, kind }: AnyDefinition): string {
  if (words !== undefined) return words;
  if (value === undefined) return 'none';
  const shown = kind.show(value as NonNullable<unknown>);
  if (Array.isArray(shown)) return shown.length === 0 ? 'none' : shown.join(', ');
  if (typeof shown === 'object') return 'none';
  return String(shown);
}
