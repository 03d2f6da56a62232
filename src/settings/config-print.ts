/** `--print-config`: the settings in force, as a settings file with where each value came from, and no secrets. */
import { Document, type Pair, Scalar, YAMLMap } from 'yaml';
import type { LoadedSettings } from './config.js';
import type { CommandName, Definition } from './definition.js';
import { type Shown, shown } from './kinds.js';
import { redactUrl } from './redact.js';
import { settingsOf } from './settings.js';

/** They have no use for where spans go. */
const EXPORT_NOTHING: readonly CommandName[] = ['record', 'headers', 'dead-letters'];

/**
 * A settings file that means what is in force. It can be used as one, but for what is shown as `***`.
 * @param command whose settings to print
 */
export function formatSettings(loaded: LoadedSettings, command: CommandName): string {
  const document = new Document({});
  document.commentBefore = ` The settings of ${command}; secrets are hidden: ***`;
  for (const definition of settingsOf(command)) {
    const parent = mapAt(document, definition.key.split('.').slice(0, -1));
    parent.add(entry(document, definition, loaded));
  }
  if (!EXPORT_NOTHING.includes(command)) document.comment = ` ${destination(loaded)}`;
  return document.toString({ lineWidth: 0, nullStr: '', flowCollectionPadding: false });
}

function mapAt(document: Document, path: readonly string[]): YAMLMap {
  let map = document.contents as unknown as YAMLMap;
  for (const part of path) {
    const inner = (map.get(part) as YAMLMap | undefined) ?? new YAMLMap();
    if (!map.has(part)) map.set(part, inner);
    map = inner;
  }
  return map;
}

function entry(document: Document, definition: Definition, { values, originOf }: LoadedSettings): Pair {
  const { key, defaultText } = definition;
  const value = values.get(key);
  const pair = document.createPair(key.slice(key.lastIndexOf('.') + 1), printed(definition, value), {
    flow: true,
  });
  pair.value ??= new Scalar(null);
  (pair.value as Scalar).comment =
    value === undefined ? ` not set: ${defaultText}` : ` ${originOf(key).name}`;
  return pair;
}

function printed({ kind }: Definition, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const plain = shown(kind, value);
  return kind.hide === undefined ? plain : hidden(plain, kind.hide);
}

/** Hides what is secret in a text, in each text of a list, in each value of a map. */
function hidden(value: Shown, hide: (text: string) => string): Shown {
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) return value.map(hide);
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, hide(text)]));
}

function destination({ settings: { exporter } }: LoadedSettings): string {
  if (exporter.kind !== 'otlp') return `Spans go to ${exporter.kind === 'console' ? 'stdout' : 'nowhere'}`;
  return `Spans go to ${redactUrl(exporter.url)}${exporter.urlIsDefault ? ', the default' : ''}`;
}
