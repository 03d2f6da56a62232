/** Loads the settings: flags over environment variables over the settings file over defaults. */
import type { z } from 'zod';
import type { SettingsFile } from './config-file.js';
import { type CommandName, type Definition, OWN_PREFIX, ownVariable } from './definition.js';
import { deriveSettings } from './derive.js';
import type { Origin, OriginOf } from './origin.js';
import { nearest, type Problem, problemsError } from './problems.js';
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
  for (const definition of DEFINITIONS) {
    const { key } = definition;
    const found = find(definition, inputs, file);
    const result = found && definition.kind.schema.safeParse(found.raw);
    if (found !== undefined && result?.success === false)
      problems.push(...result.error.issues.map((issue) => problemOf(definition, found, issue)));
    values.set(key, result?.success === true ? result.data : definition.default);
    origins.set(key, found !== undefined && result?.success === true ? found.origin : DEFAULT_ORIGIN);
  }
  const originOf: OriginOf = (key) => origins.get(key) ?? DEFAULT_ORIGIN;
  const given = nest(values);
  const { settings, problems: joint } = deriveSettings(given, originOf, inputs);
  problems.push(...joint);
  if (problems.length === 0) return { settings, values, originOf, warnings: unknownVariables(inputs.env) };
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

function find(
  definition: Definition,
  { flags, env }: Inputs,
  file: SettingsFile | undefined,
): Found | undefined {
  const flag = flags.get(definition.key);
  if (flag !== undefined) return { raw: joined(definition, flag), origin: flagOrigin(definition, flag) };
  // OpenTelemetry's rule, kept for ours too: an empty variable is an unset one.
  const variable = definition.env.find((each) => nonEmpty(env[each]) !== undefined);
  if (variable !== undefined) return { raw: env[variable], origin: { layer: 'environment', name: variable } };
  const inFile = file?.get(definition.key);
  if (file === undefined || inFile === undefined) return undefined;
  return {
    raw: inFile.value,
    origin: { layer: 'file', name: inFile.where },
    placeOf: (part) => file.placeOf(definition.key, part),
  };
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
