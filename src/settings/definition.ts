/** How a setting is declared. */
import type { Kind } from './kinds.js';

export const COMMANDS = [
  'run',
  'shard',
  'reshard',
  'replay',
  'record',
  'demo',
  'trace-id',
  'headers',
  'dead-letters',
  'doctor',
] as const;

export type CommandName = (typeof COMMANDS)[number];

/** One setting: everything that flags, variables, the settings file, `--help` and the documentation need to know. */
export interface Definition<V> {
  /** Where it stands in the settings file, e.g. `broker.mode`. */
  readonly key: string;
  /** With its dashes; the value's placeholder goes into {@link argument}. */
  readonly flag: string;
  /** Its variables; the first that is not empty counts. */
  readonly env: readonly string[];
  readonly kind: Kind<NonNullable<V>>;
  /** Undefined: there is none, and absence has a meaning of its own. */
  readonly default: V;
  /** What {@link default} is when that is undefined or a special value, in words. */
  readonly defaultText?: string;
  /** Placeholder of the flag's value in help. */
  readonly argument: string;
  /** The commands that have this flag. Variables and the file may hold settings of any command. */
  readonly commands: readonly CommandName[];
  /** What it does, with the unit; one sentence or two. */
  readonly description: string;
  /** A value as the flag or variable would have it. */
  readonly example: string;
}

/** A definition of whatever value. */
export type AnyDefinition = Definition<unknown>;

export type ValueOf<D> = D extends Definition<infer V> ? V : never;

interface Parts<T> extends Omit<Definition<T>, 'env' | 'kind' | 'default'> {
  readonly kind: Kind<T>;
  /** OpenTelemetry's variables, the most specific first; without them the variable is named after the flag. */
  readonly otel?: readonly string[];
}

/** Declares a setting that always has a value. */
export function setting<T>(parts: Parts<T> & { readonly default: NoInfer<T> }): Definition<T> {
  const { otel, commands, ...rest } = parts;
  return {
    ...rest,
    commands: withDoctor(commands),
    kind: parts.kind as Kind<NonNullable<T>>,
    env: otel ?? [ownVariable(parts.flag)],
  };
}

/** Declares a setting that may be absent. */
export function optional<T>(parts: Parts<T>): Definition<T | undefined> {
  const { otel, commands, ...rest } = parts;
  const kind = parts.kind as Kind<NonNullable<T | undefined>>;
  const env = otel ?? [ownVariable(parts.flag)];
  return { ...rest, commands: withDoctor(commands), kind, default: undefined, env };
}

/** Doctor looks at what run would do, so that it takes whatever run takes. */
function withDoctor(commands: readonly CommandName[]): readonly CommandName[] {
  return commands.includes('run') && !commands.includes('doctor') ? [...commands, 'doctor'] : commands;
}

export const OWN_PREFIX = 'OSPROFILER_BRIDGE_';

/** `--tap-queue` is `OSPROFILER_BRIDGE_TAP_QUEUE`. */
export function ownVariable(flag: string): string {
  return OWN_PREFIX + flag.replace(/^--/, '').replaceAll('-', '_').toUpperCase();
}
