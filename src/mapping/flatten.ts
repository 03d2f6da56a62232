/** Each leaf of a value as an attribute of its own, masked: the fate of whatever no convention knows. */
import { isObject, MAX_DEPTH, type PyValue } from '../codec/python-json.js';
import { isSecretKey } from './masking/mask.js';
import { type SpanBuilder, scalarOf } from './span-builder.js';

/**
 * Puts `value` under `path`, and what is inside it under `path.<key>` or `path.<index>`. Empty lists and objects are
 * leaves too. A container under a secret key leaves as a whole as `***`.
 * @param key the key that `value` stood under, by which it may be secret.
 */
export function flatten(builder: SpanBuilder, path: string, key: string, value: PyValue, depth = 0): void {
  if (builder.options.mask !== 'off' && isSecretKey(key) && !isHarmless(value)) {
    builder.put(path, '***');
  } else if (typeof value !== 'object' || value === null) {
    builder.put(path, typeof value === 'string' ? builder.redact.value(key, value) : scalarOf(value));
  } else if (depth > MAX_DEPTH) {
    builder.droppedAttributes++;
  } else if (Array.isArray(value)) {
    putItems(builder, path, key, value, depth);
  } else if (isObject(value)) {
    putMembers(builder, path, value, depth);
  }
}

/** Nothing is hidden behind nothing, and its absence is often what one looks for. */
function isHarmless(value: PyValue): boolean {
  return value === null || value === '';
}

/** A list's items stand under the list's own key: `passwords: ["x"]` is as secret as `password: "x"`. */
function putItems(builder: SpanBuilder, path: string, key: string, items: PyValue[], depth: number): void {
  if (items.length === 0) builder.put(path, '[]');
  for (const [index, item] of items.entries()) flatten(builder, `${path}.${index}`, key, item, depth + 1);
}

function putMembers(
  builder: SpanBuilder,
  path: string,
  object: { [key: string]: PyValue },
  depth: number,
): void {
  const entries = Object.entries(object);
  if (entries.length === 0) builder.put(path, '{}');
  for (const [key, value] of entries) flatten(builder, `${path}.${key}`, key, value, depth + 1);
}
