/**
 * How a setting is declared. Everything else follows from the declaration: the type of its value in `Settings`, its
 * flag, its environment variables, its key in the settings file, `--help` and docs/settings.md.
 */
import { type Kind, shown } from './kinds.js';

export const COMMANDS = [
  'run',
  'shard',
  'reshard',
  'replay',
  'record',
  'report',
  'compare',
  'demo',
  'trace-id',
  'headers',
  'dead-letters',
  'doctor',
  'completion',
] as const;

export type CommandName = (typeof COMMANDS)[number];

interface Shared {
  /** The heading in `--help` and the documentation. */
  readonly heading: string;
  /** The commands that have the flag. Variables and the settings file may hold settings of any command. */
  readonly commands: readonly CommandName[];
}

interface Declaration<T> extends Partial<Shared> {
  readonly kind: Kind<T>;
  /** What the default is, in words, where the value alone does not tell. */
  readonly defaultText?: string;
  /** With its dashes. @default made from the last part of the key: `tapQueue` is `--tap-queue` */
  readonly flag?: string;
  /** OpenTelemetry's variables, the most specific first. @default one variable, named after the flag */
  readonly otel?: readonly string[];
  /** What it does, with the unit, in one or two sentences. */
  readonly description: string;
  /** A value as the flag or variable would have it. */
  readonly example: string;
}

/** A declared setting. Its name, with which it stands in a table, is the name of its value in the code. */
export class Setting<V> {
  readonly shared: Shared;

  constructor(
    readonly declaration: Declaration<NonNullable<V>>,
    readonly defaultValue: V,
    shared: Shared,
  ) {
    this.shared = { ...shared, ...declaration };
  }
}

/** A table of settings, nested as the settings file is. */
export interface SettingTable {
  readonly [name: string]: Setting<unknown> | SettingTable;
}

/** Declares settings that share a heading and commands, unless one says otherwise. */
export function declare(shared: Shared) {
  return {
    /** A setting that always has a value. */
    setting: <T>(declaration: Declaration<T> & { readonly default: NoInfer<T> }): Setting<T> =>
      new Setting(declaration as Declaration<NonNullable<T>>, declaration.default as T, shared),
    /** A setting that may be absent. */
    optional: <T>(declaration: Declaration<T>): Setting<T | undefined> =>
      new Setting<T | undefined>(declaration as Declaration<NonNullable<T>>, undefined, shared),
  };
}

type ValueOf<S> = S extends Setting<infer V> ? V : ValuesOf<S>;
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The type of the values of a table; what may be absent is an optional property. */
export type ValuesOf<T> = Flat<
  { [K in keyof T as undefined extends ValueOf<T[K]> ? never : K]: ValueOf<T[K]> } & {
    [K in keyof T as undefined extends ValueOf<T[K]> ? K : never]?: NonNullable<ValueOf<T[K]>>;
  }
>;

/** A setting with its place, and all that follows from it. */
export interface Definition extends Shared {
  /** The names that lead to its value in `Settings`. */
  readonly path: readonly string[];
  /** Its key in the settings file, e.g. `broker.mode`. A duration's has no `Ms`: there it has its unit itself. */
  readonly key: string;
  readonly flag: string;
  /** The placeholder of the flag's value; empty for a switch. */
  readonly argument: string;
  /** Its variables; the first that is not empty counts. */
  readonly env: readonly string[];
  readonly kind: Kind<NonNullable<unknown>>;
  readonly default: unknown;
  readonly defaultText: string;
  readonly description: string;
  readonly example: string;
}

/** All settings of a table, in its order. */
export function definitionsOf(table: SettingTable, above: readonly string[] = []): Definition[] {
  return Object.entries(table).flatMap(([name, entry]) => {
    const path = [...above, name];
    return entry instanceof Setting ? [define(entry, path)] : definitionsOf(entry, path);
  });
}

function define(
  { declaration, defaultValue, shared }: Setting<unknown>,
  path: readonly string[],
): Definition {
  const key = path.join('.').replace(/Ms$/, '');
  const { kind, description, example } = declaration;
  const flag = declaration.flag ?? `--${kebab(key.slice(key.lastIndexOf('.') + 1))}`;
  const { heading, commands } = shared;
  return {
    ...{ path, key, flag, kind, heading, description, example },
    argument: kind.isSwitch === true ? '' : (kind.argument ?? `<${flag.slice(flag.lastIndexOf('-') + 1)}>`),
    env: declaration.otel ?? [ownVariable(flag)],
    default: defaultValue,
    defaultText: declaration.defaultText ?? textOfDefault(kind, defaultValue),
    // doctor examines what run would do, so it has the flags of run.
    commands: commands.includes('run') && !commands.includes('doctor') ? [...commands, 'doctor'] : commands,
  };
}

function textOfDefault(kind: Definition['kind'], value: unknown): string {
  const text = value === undefined ? [] : shown(kind, value as NonNullable<unknown>);
  if (typeof text !== 'object') return String(text);
  return Array.isArray(text) && text.length > 0 ? text.join(', ') : 'none';
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export const OWN_PREFIX = 'OSPROFILER_BRIDGE_';

/** `--tap-queue` is `OSPROFILER_BRIDGE_TAP_QUEUE`. */
export function ownVariable(flag: string): string {
  return OWN_PREFIX + flag.slice(2).replaceAll('-', '_').toUpperCase();
}
