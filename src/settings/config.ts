/** Loads the settings: flags over environment variables over the settings file over defaults. */
import type { z } from 'zod';
import type { SettingsFile } from './config-file.js';
import { type AnyDefinition, type CommandName, OWN_PREFIX, ownVariable } from './definition.js';
import { nearest, type Problem, problemsError } from './problems.js';
import { redactUrls } from './redact.js';
import { resolveSettings } from './resolve.js';
import type { Settings } from './settings.js';
import { DEFINITIONS, type Origin, type SettingName, type Values } from './values.js';

/** What the command line gave, and the environment. */
export interface Inputs {
  readonly command: CommandName;
  /** Texts as they were typed, those of a repeated flag in order; booleans for switches. */
  readonly flags: ReadonlyMap<SettingName, readonly string[] | boolean>;
  readonly env: NodeJS.ProcessEnv;
  /** From `--config`; `OSPROFILER_BRIDGE_CONFIG` counts without it. */
  readonly configFile?: string | undefined;
  /** What `replay` reads. */
  readonly operands?: readonly string[];
  /** What was already found wrong with the command line. */
  readonly problems?: readonly Problem[];
}

export interface LoadedSettings {
  readonly settings: Settings;
  readonly values: Values;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** What is odd and stops nothing; no values in it. */
  readonly warnings: readonly string[];
}

export const CONFIG_FLAG = '--config';
const CONFIG_VARIABLE = ownVariable(CONFIG_FLAG);

/**
 * Loads the settings.
 * @throws BridgeError with everything that is wrong: `CONFIG_UNREADABLE` when the settings file cannot be read or is
 * not YAML, otherwise `CONFIG_INVALID`.
 */
export async function loadSettings(inputs: Inputs): Promise<LoadedSettings> {
  const problems: Problem[] = [...(inputs.problems ?? [])];
  const { file, problems: unreadable } = await openSettingsFile(inputs);
  problems.push(...unreadable, ...(file?.problems ?? []));

  const values: Partial<Record<SettingName, unknown>> = {};
  const origins: Partial<Record<SettingName, Origin>> = {};
  for (const [name, definition] of DEFINITIONS) {
    const found = find(name, definition, inputs, file);
    const read = found && readValue(definition, found);
    problems.push(...(read?.problems ?? []));
    const isRight = found !== undefined && read?.problems.length === 0;
    values[name] = isRight ? read.value : definition.default;
    origins[name] = isRight ? found.origin : { layer: 'default', name: 'default' };
  }

  const complete = { values: values as unknown as Values, origins: origins as Record<SettingName, Origin> };
  const { settings, problems: joint } = resolveSettings(
    complete.values,
    complete.origins,
    inputs.operands ?? [],
  );
  problems.push(...joint);
  if (problems.length > 0) {
    throw problemsError(
      problems,
      unreadable.length > 0 ? 'CONFIG_UNREADABLE' : 'CONFIG_INVALID',
      inputs.command,
    );
  }
  return { settings, ...complete, warnings: unknownVariables(inputs.env) };
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
  const keys = DEFINITIONS.map(([, { key }]) => key);
  const file = readSettingsFile(path, keys);
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
  name: SettingName,
  definition: AnyDefinition,
  { flags, env }: Inputs,
  file: SettingsFile | undefined,
): Found | undefined {
  const flag = flags.get(name);
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

function joined(definition: AnyDefinition, flag: readonly string[] | boolean): unknown {
  if (typeof flag === 'boolean') return flag;
  const { separator } = definition.kind;
  return separator === undefined ? flag.at(-1) : flag.join(separator);
}

function flagOrigin(definition: AnyDefinition, flag: readonly string[] | boolean): Origin {
  const name = flag === false ? definition.flag.replace('--', '--no-') : definition.flag;
  return { layer: 'flag', name };
}

function readValue(definition: AnyDefinition, found: Found): { value?: unknown; problems: Problem[] } {
  const result = definition.kind.schema.safeParse(found.raw);
  if (result.success) return { value: result.data, problems: [] };
  return { problems: result.error.issues.map((issue) => problemOf(definition, found, issue)) };
}

function problemOf({ kind, key }: AnyDefinition, found: Found, issue: z.core.$ZodIssue): Problem {
  const part = typeof found.raw === 'object' ? issue.path : [];
  const where = found.placeOf === undefined ? found.origin.name : `${found.placeOf(part)} ${key}`;
  const raw = textOf(part.reduce(partOf, found.raw));
  return {
    where,
    value: kind.hiding === undefined ? redactUrls(raw) : kind.hiding.text(raw),
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
  const known = [CONFIG_VARIABLE, ...DEFINITIONS.flatMap(([, definition]) => definition.env)];
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
