/** `--print-config`: the settings in force, as a settings file with where each value came from, and no secrets. */
import { Document, type Pair, Scalar, YAMLMap } from 'yaml';
import type { LoadedSettings } from './config.js';
import type { AnyDefinition, CommandName } from './definition.js';
import { redactUrl } from './redact.js';
import { settingsOf } from './values.js';

/** They have no use for where spans go. */
const EXPORT_NOTHING: readonly CommandName[] = ['record', 'headers', 'dead-letters'];

/**
 * A settings file that means what is in force. It can be used as one, but for what is shown as `***`.
 * @param command whose settings to print
 */
export function formatSettings(loaded: LoadedSettings, command: CommandName): string {
  const document = new Document({});
  document.commentBefore = ` The settings of ${command}; secrets are hidden: ***`;
  for (const [name, definition] of settingsOf(command)) {
    const parent = mapAt(document, definition.key.split('.').slice(0, -1));
    parent.add(entry(document, definition, loaded.values[name], loaded.origins[name].name));
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

function entry(document: Document, definition: AnyDefinition, value: unknown, origin: string): Pair {
  const last = definition.key.slice(definition.key.lastIndexOf('.') + 1);
  const pair = document.createPair(last, shown(definition, value), { flow: true });
  const comment = value === undefined ? ` not set: ${definition.defaultText ?? 'none'}` : ` ${origin}`;
  const node = pair.value instanceof Scalar || pair.value !== null ? pair.value : new Scalar(null);
  (node as Scalar).comment = comment;
  return pair;
}

function shown({ kind }: AnyDefinition, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return kind.hiding === undefined ? kind.show(value) : kind.hiding.value(value);
}

function destination({ settings: { exporter } }: LoadedSettings): string {
  if (exporter.kind !== 'otlp') return `Spans go to ${exporter.kind === 'console' ? 'stdout' : 'nowhere'}`;
  return `Spans go to ${redactUrl(exporter.url)}${exporter.urlIsDefault ? ', the default' : ''}`;
}
