/** Each leaf of a value as an attribute of its own, masked: the fate of whatever no convention knows. */
import { isObject, MAX_DEPTH, type PyValue } from '../python-json/parse.js';
import { isNamedSecret, isSecretContainerKey, isSecretKey } from './masking/mask.js';
import { type Scalar, type SpanBuilder, scalarOf } from './span-builder.js';

/** How leaves are written. */
export interface FlattenOptions {
  /** Numbers and flags become text. @default false */
  readonly asText?: boolean;
}

/**
 * Puts `value` under `path`, and what is inside it under `path.<key>` or `path.<index>`. Empty lists and objects are
 * leaves too. A container under a secret key leaves as a whole as `***`. Of two leaves with one path (`{"a": {"b": 1},
 * "a.b": 2}`) the second is dropped and counted.
 * @param key the key that `value` stood under, by which it may be secret.
 */
export function flatten(
  builder: SpanBuilder,
  path: string,
  key: string,
  value: PyValue,
  options: FlattenOptions = {},
  depth = 0,
): void {
  if (builder.options.mask !== 'off' && hides(key, value)) putLeaf(builder, path, '***');
  else if (typeof value !== 'object' || value === null) {
    const scalar = typeof value === 'string' ? builder.redact.value(key, value) : scalarOf(value);
    putLeaf(builder, path, options.asText ? String(scalar) : scalar);
  } else if (depth > MAX_DEPTH) builder.droppedAttributes++;
  else if (Array.isArray(value)) {
    // A list's items stand under the list's own key: `passwords: ["x"]` is as secret as `password: "x"`.
    if (value.length === 0) putLeaf(builder, path, '[]');
    for (const [index, item] of value.entries())
      flatten(builder, `${path}.${index}`, key, item, options, depth + 1);
  } else if (isObject(value)) {
    const members = Object.entries(value);
    if (members.length === 0) putLeaf(builder, path, '{}');
    for (const [name, member] of members) {
      const secret = isNamedSecret(name, members) ? SECRET : name;
      flatten(builder, `${path}.${name}`, secret, member, options, depth + 1);
    }
  }
}

/** A key whose value is secret. */
export const SECRET = 'secret';

/** Nothing is hidden behind nothing, and its absence is often what one looks for. */
function hides(key: string, value: PyValue): boolean {
  if (value === null || value === '') return false;
  return typeof value === 'object' ? isSecretContainerKey(key) : isSecretKey(key);
}

function putLeaf(builder: SpanBuilder, path: string, value: Scalar): void {
  if (Object.hasOwn(builder.attributes, path)) builder.droppedAttributes++;
  else builder.put(path, value);
}
