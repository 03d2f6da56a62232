/**
 * The configuration of one OpenStack service, read as oslo.config reads it: files in order, `*.conf` of directories
 * after them, and the environment (`OS_<GROUP>__<OPTION>`) above all. Source: openstack/oslo.config `cfg.py`
 * (`_Namespace`, `_ConfigDirOpt`) and `sources/_environment.py`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BridgeError, messageOf } from '../errors.js';
import { expandReferences, type IniSections, type IniValue, mergeSections, parseOsloIni } from './ini.js';

/** Where a service has its configuration. */
export interface OsloSource {
  /** For people: the file or directory that was named. */
  readonly name: string;
  /** In the order in which they are read: later ones outrank earlier ones. */
  readonly files: readonly string[];
}

/** A result, or what is wrong. Problems give lines by number and never quote them. */
export type OsloResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** Where an option may stand. */
export type Place = readonly [section: string, option: string];

/** Environment variables by name, `OS_<GROUP>__<OPTION>` and others. */
export type OsloEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The services whose files and directories are named: each path is one service. A directory of the second list belongs
 * to the only service, or to the one whose file lies beside it; otherwise it is a service by itself.
 * @throws BridgeError CONFIG_UNREADABLE
 */
export function findOsloSources(paths: readonly string[], directories: readonly string[]): OsloSource[] {
  const sources = paths.map((name) => ({ name, files: isDirectory(name) ? confFilesIn(name) : [name] }));
  for (const directory of directories) {
    const files = confFilesIn(directory);
    const beside = ({ name }: OsloSource) => dirname(name) === dirname(directory);
    const owner = paths.length === 1 ? sources[0] : sources.find(beside);
    if (owner === undefined) sources.push({ name: directory, files });
    else owner.files.push(...files);
  }
  return sources;
}

/** @throws BridgeError CONFIG_UNREADABLE */
export function readOsloConfig({ files }: OsloSource, env: OsloEnvironment = {}): OsloResult<OsloConfig> {
  const texts = files.map((file) => [file, readText(file, "the service's configuration")] as const);
  return parseOsloConfig(texts, env);
}

export function parseOsloConfig(
  texts: readonly (readonly [name: string, text: string])[],
  env: OsloEnvironment = {},
): OsloResult<OsloConfig> {
  const layers: IniSections[] = [];
  for (const [name, text] of texts) {
    const parsed = parseOsloIni(text, name);
    if (!parsed.ok) return parsed;
    layers.push(parsed.sections);
  }
  return { ok: true, value: new OsloConfig([...layers, sectionsOf(env)]) };
}

/** Looks options up, and keeps the first problem, so that reading several options stays a list of them. */
export class OsloConfig {
  problem: string | undefined;
  readonly #merged: IniSections;

  /** @param layers the higher one last */
  constructor(private readonly layers: readonly IniSections[]) {
    this.#merged = mergeSections(layers);
  }

  /** The option's value under whichever of its names the highest layer has, the newest name first. */
  get(...places: readonly Place[]): string | undefined {
    for (const layer of this.layers.toReversed()) {
      for (const [section, option] of places) {
        const value = layer.get(section)?.get(option)?.at(-1);
        if (value === undefined) continue;
        const expanded = expandReferences(this.#merged, section, value);
        if (expanded.ok) return expanded.value;
        this.problem ??= expanded.problem;
        return undefined;
      }
    }
    return undefined;
  }

  /** What was read, unless there was a problem on the way. */
  result<T>(value: T): OsloResult<T> {
    return this.problem === undefined ? { ok: true, value } : { ok: false, problem: this.problem };
  }
}

/** A variable that is empty counts as unset, as everywhere in this program. */
function sectionsOf(env: OsloEnvironment): IniSections {
  const sections = new Map<string, Map<string, IniValue[]>>();
  for (const [name, text] of Object.entries(env)) {
    const [, group, option] = /^OS_([A-Z0-9_]+?)__([A-Z0-9_]+)$/.exec(name) ?? [];
    if (group === undefined || option === undefined || text === undefined || text === '') continue;
    const section = group === 'DEFAULT' ? group : group.toLowerCase();
    const options = sections.get(section) ?? new Map<string, IniValue[]>();
    sections.set(section, options.set(option.toLowerCase(), [{ text, where: name }]));
  }
  return sections;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function confFilesIn(directory: string): string[] {
  const names = attempt(directory, "the service's configuration", () => readdirSync(directory));
  const files = names.filter((name) => name.endsWith('.conf')).sort();
  return files.map((name) => join(directory, name));
}

/** @throws BridgeError CONFIG_UNREADABLE */
export function readText(file: string, what: string): string {
  return attempt(file, what, () => readFileSync(file, 'utf8'));
}

function attempt<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new BridgeError(
      'CONFIG_UNREADABLE',
      `cannot read ${what} from ${path}: ${messageOf(error)}`,
      'Check the path and that this user may read it.',
    );
  }
}
