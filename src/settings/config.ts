/** Loads the settings: flags over environment variables over the settings file over defaults. */
import type { z } from 'zod';
import type { SettingsFile } from './config-file.js';
import { type CommandName, type Definition, OWN_PREFIX, ownVariable } from './definition.js';
import { deriveSettings } from './derive.js';
import type { Origin, OriginOf } from './origin.js';
import { isIgnoredWhenWrong, isOtelBoolean, warningsOfVariables } from './otel.js';
import { describeProblem, nearest, type Problem, problemsError } from './problems.js';
import { redactUrls } from './redact.js';
import { DEFINITIONS, type GivenSettings, type Settings } from './settings.js';

/** What the command line gave, and the environment. */
export interface Inputs {
  readonly command: CommandName;
  /** By key: the texts as they were typed, those of a repeated flag in order; booleans for switches. */
  readonly flags: ReadonlyMap<string, readonly string[] | boolean>;
  readonly env: NodeJS.ProcessEnv;
  /** From `--config`; without it `OSPROFILER_BRIDGE_CONFIG` counts. */
  readonly configFile?: string | undefined;
  /** The arguments beside the flags. */
  readonly operands?: readonly string[];
  /** What was already found wrong with the command line. */
  readonly problems?: readonly Problem[];
}

export interface LoadedSettings {
  readonly settings: Settings;
  /** The value of each setting by its key, before {@link deriveSettings}. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly originOf: OriginOf;
  /** What is odd and stops nothing; no values in it. */
  readonly warnings: readonly string[];
}

export const CONFIG_FLAG = '--config';
const CONFIG_VARIABLE = ownVariable(CONFIG_FLAG);
const DEFAULT_ORIGIN: Origin = { layer: 'default', name: 'default' };

/**
 * Loads the settings.
 * @throws BridgeError with everything that is wrong: `CONFIG_UNREADABLE` when the settings file cannot be read or is
 * not YAML, otherwise `CONFIG_INVALID`.
 */
export async function loadSettings(inputs: Inputs): Promise<LoadedSettings> {
  const { file, problems: unreadable } = await openSettingsFile(inputs);
  const problems = [...(inputs.problems ?? []), ...unreadable, ...(file?.problems ?? [])];
  const values = new Map<string, unknown>();
  const origins = new Map<string, Origin>();
  const warnings = new Set<string>();
  for (const definition of DEFINITIONS) {
    const { key, commands } = definition;
    values.set(key, definition.default);
    for (const found of candidates(definition, inputs, file)) {
      const read = readValue(definition, found);
      if (read.ok) {
        values.set(key, read.value);
        origins.set(key, found.origin);
      } else if (isIgnoredWhenWrong(found.origin.name)) {
        const told = read.problems.map((problem) => `${describeProblem(problem)}; the variable is ignored`);
        if (commands.includes(inputs.command)) for (const text of told) warnings.add(text);
        continue;
      } else {
        problems.push(...read.problems);
      }
      break;
    }
  }
  const originOf: OriginOf = (key) => origins.get(key) ?? DEFAULT_ORIGIN;
  const given = nest(values);
  const { settings, problems: joint, warnings: derived } = deriveSettings(given, originOf, inputs);
  problems.push(...joint);
  const { command, env } = inputs;
  const all = [...warnings, ...derived, ...warningsOfVariables(env, command), ...unknownVariables(env)];
  if (problems.length === 0) return { settings, values, originOf, warnings: all };
  const code = unreadable.length > 0 ? 'CONFIG_UNREADABLE' : 'CONFIG_INVALID';
  throw problemsError(problems, code, inputs.command);
}

/** The values as the table of settings is nested, without those that are absent. */
function nest(values: ReadonlyMap<string, unknown>): GivenSettings {
  const root: Record<string, unknown> = {};
  for (const { key, path } of DEFINITIONS) {
    let inner = root;
    for (const name of path.slice(0, -1)) {
      inner[name] ??= {};
      inner = inner[name] as Record<string, unknown>;
    }
    const value = values.get(key);
    if (value !== undefined) inner[path.at(-1)!] = value;
  }
  return root as GivenSettings;
}

interface Opened {
  readonly file?: SettingsFile;
  readonly problems: readonly Problem[];
}

async function openSettingsFile({ configFile, env }: Inputs): Promise<Opened> {
  const path = configFile ?? nonEmpty(env[CONFIG_VARIABLE]);
  if (path === undefined) return { problems: [] };
  // Only who has a settings file waits for the YAML parser.
  const { readSettingsFile } = await import('./config-file.js');
  const file = readSettingsFile(
    path,
    DEFINITIONS.map(({ key }) => key),
  );
  return 'get' in file ? { file, problems: [] } : { problems: file };
}

/** A raw value and who gave it. */
interface Found {
  readonly raw: unknown;
  readonly origin: Origin;
  /** What to call a part of it, when it is a list or a map in the settings file. */
  readonly placeOf?: (part: readonly PropertyKey[]) => string;
}

/** What was given for a setting, the highest layer first. */
function* candidates(
  definition: Definition,
  { flags, env }: Inputs,
  file: SettingsFile | undefined,
): Generator<Found> {
  const flag = flags.get(definition.key);
  if (flag !== undefined) yield { raw: joined(definition, flag), origin: flagOrigin(definition, flag) };
  for (const name of definition.env) {
    // OpenTelemetry's rule, kept for ours too: an empty variable is an unset one.
    if (nonEmpty(env[name]) !== undefined) yield { raw: env[name], origin: { layer: 'environment', name } };
  }
  const inFile = file?.get(definition.key);
  if (file === undefined || inFile === undefined) return;
  yield {
    raw: inFile.value,
    origin: { layer: 'file', name: inFile.where },
    placeOf: (part) => file.placeOf(definition.key, part),
  };
}

type ReadValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

function readValue(definition: Definition, found: Found): ReadValue {
  const { kind } = definition;
  const { raw, origin } = found;
  if (kind.isSwitch && isIgnoredWhenWrong(origin.name) && !isOtelBoolean(String(raw))) {
    const value = redactUrls(String(raw));
    return { ok: false, problems: [{ where: origin.name, value, expected: `expected ${kind.expected}` }] };
  }
  const result = kind.schema.safeParse(raw);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.map((issue) => problemOf(definition, found, issue)) };
}

function joined(definition: Definition, flag: readonly string[] | boolean): unknown {
  if (typeof flag === 'boolean') return flag;
  const { separator } = definition.kind;
  return separator === undefined ? flag.at(-1) : flag.join(separator);
}

function flagOrigin(definition: Definition, flag: readonly string[] | boolean): Origin {
  const name = flag === false ? definition.flag.replace('--', '--no-') : definition.flag;
  return { layer: 'flag', name };
}

function problemOf({ kind, key }: Definition, found: Found, issue: z.core.$ZodIssue): Problem {
  const part = typeof found.raw === 'object' ? issue.path : [];
  const where = found.placeOf === undefined ? found.origin.name : `${found.placeOf(part)} ${key}`;
  const raw = textOf(part.reduce(partOf, found.raw));
  return {
    where,
    value: (kind.hide ?? redactUrls)(raw),
    expected: issue.code === 'custom' ? issue.message : `expected ${kind.expected}`,
  };
}

function partOf(whole: unknown, part: PropertyKey): unknown {
  return typeof whole === 'object' && whole !== null && Object.hasOwn(whole, part)
    ? (whole as Record<PropertyKey, unknown>)[part]
    : whole;
}

/** A raw value for people. Lists and maps are told by their form: their parts may be anything. */
function textOf(raw: unknown): string {
  if (Array.isArray(raw)) return 'a list';
  return typeof raw === 'object' && raw !== null ? 'a map' : String(raw);
}

/** Variables that look like ours and are none. Their values stay untold: one may be a mistyped secret. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = [CONFIG_VARIABLE, ...DEFINITIONS.flatMap(({ env: names }) => names)];
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith(OWN_PREFIX) && !known.includes(name) && !isServiceLink(name),
  );
  return unknown.sort().map((name) => {
    const near = nearest(
      name.slice(OWN_PREFIX.length),
      known.map((each) => each.replace(OWN_PREFIX, '')),
    );
    const hint = near === undefined ? '' : `; did you mean ${known.find((each) => each.endsWith(near))}?`;
    return `${name}: there is no such setting${hint}`;
  });
}

/** What Kubernetes puts into the environment for a Service called `osprofiler-bridge`. */
function isServiceLink(name: string): boolean {
  return /^OSPROFILER_BRIDGE_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?)$/.test(name);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
