/** The settings file: YAML, read so that everything wrong in it can be told with its line and column. */
import { readFileSync } from 'node:fs';
import { isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { messageOf } from '../errors.js';
import { type Problem, suggestion } from './problems.js';

/** A settings file that could be parsed. */
export interface SettingsFile {
  /** The value at a key such as `broker.mode`, undefined when absent or null, with its place `file:line:column`. */
  get(key: string): { readonly value: unknown; readonly where: string } | undefined;
  /** The place of an item of the list, or an entry of the map, at a key; of the whole when there is no such part. */
  placeOf(key: string, part: readonly PropertyKey[]): string;
  /** Keys that no setting has. */
  readonly problems: readonly Problem[];
}

/** @returns the file, or why it cannot be used. */
export function readSettingsFile(path: string, keys: readonly string[]): SettingsFile | readonly Problem[] {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    return [{ where: path, expected: `the settings file cannot be read (${reasonOf(error)})` }];
  }
  return parseSettings(source, path, keys);
}

/** Parses what a settings file holds. @param name how to call it @param keys every key that there is */
export function parseSettings(
  source: string,
  name: string,
  keys: readonly string[],
): SettingsFile | Problem[] {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  if (document.errors.length > 0) {
    // What follows a colon in the parser's messages quotes the file, which may hold secrets.
    return document.errors.map(({ pos, message }) => ({
      where: place(pos[0]),
      expected: `not valid YAML: ${message.split(':')[0]}`,
    }));
  }
  const root = resolve(document.contents);
  if (root !== null && !isNullScalar(root) && !isMap(root)) {
    return [{ where: place(0), expected: 'the settings file holds a map, such as broker: {mode: tap}' }];
  }

  const nodeAt = (path: readonly PropertyKey[]) =>
    path.reduce<unknown>(
      (node, part) => (isMap(node) || isSequence(node) ? resolve(node.get(part, true)) : undefined),
      root,
    );
  const placeOfNode = (node: unknown) => (isNode(node) && node.range ? place(node.range[0]) : name);

  return {
    get(key) {
      const node = nodeAt(key.split('.'));
      if (!isNode(node) || isNullScalar(node)) return undefined;
      return { value: toValue(() => node.toJS(document)), where: placeOfNode(node) };
    },
    placeOf(key, part) {
      const path = key.split('.');
      return placeOfNode(nodeAt([...path, ...part]) ?? nodeAt(path));
    },
    problems: isMap(root) ? unknownKeys(root, '', keys, resolve, placeOfNode) : [],
  };
}

type Sequence = Node & { get(index: PropertyKey, keepScalar: true): unknown };

function isSequence(node: unknown): node is Sequence {
  return isNode(node) && 'items' in node && !isMap(node);
}

function isNullScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

/** Too many aliases make the conversion throw: then the value is none that any setting takes. */
function toValue(convert: () => unknown): unknown {
  try {
    return convert();
  } catch (error) {
    return error;
  }
}

function unknownKeys(
  map: YAMLMap,
  prefix: string,
  keys: readonly string[],
  resolve: (node: unknown) => unknown,
  placeOfNode: (node: unknown) => string,
): Problem[] {
  return map.items.flatMap(({ key, value }) => {
    const name = `${prefix}${isScalar(key) ? String(key.value) : '?'}`;
    if (keys.includes(name)) return [];
    const where = `${placeOfNode(key)} ${name}`;
    if (!keys.some((each) => each.startsWith(`${name}.`))) {
      return [{ where, expected: `there is no such setting${keySuggestion(name, keys)}` }];
    }
    const inner = resolve(value);
    if (isMap(inner)) return unknownKeys(inner, `${name}.`, keys, resolve, placeOfNode);
    return inner === null || isNullScalar(inner) ? [] : [{ where, expected: `expected a map under ${name}` }];
  });
}

/** A key that only lacks its room (`mode` for `broker.mode`) is nearer than any that is spelt alike. */
function keySuggestion(name: string, keys: readonly string[]): string {
  const last = name.slice(name.lastIndexOf('.') + 1);
  const elsewhere = keys.find((key) => key.endsWith(`.${last}`));
  if (elsewhere !== undefined) return `; did you mean ${elsewhere}?`;
  const rooms = new Set(keys.map((key) => key.slice(0, Math.max(0, key.lastIndexOf('.')))));
  return suggestion(name, [...keys, ...rooms]);
}

function reasonOf(error: unknown): string {
  return messageOf(error).split(',')[0]!;
}
