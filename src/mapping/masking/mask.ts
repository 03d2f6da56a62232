/**
 * What leaves as it is and what masked, by the options. Every family writes its text through a Redactor. In place of a
 * secret stands `***`.
 */
import { memo } from '../memo.js';
import type { MappingOptions } from '../options.js';
import { withoutLiterals } from '../sql/literals.js';
import { maskArguments } from './arguments.js';
import { MASK } from './extent.js';
import { isSecretKey } from './keys.js';
import { maskText } from './text.js';
import { maskQuery, maskUrl } from './url.js';

export { isNamedSecret, isSecretContainerKey, isSecretKey } from './keys.js';
export { maskText } from './text.js';
export { maskQuery, maskUrl } from './url.js';

export interface Redactor {
  /** Free text: a message, a Python repr, a path. */
  text(text: string): string;
  /** A SQL statement, without its literals when it has no placeholders. A service has a few hundred of them, so each is looked at once. */
  statement(text: string): string;
  /** The repr of a function's positional arguments. */
  arguments(name: string, args: string): string;
  /** Text that stands under a key of its own. */
  value(key: string, text: string): string;
  query(query: string): string;
  url(url: string): string;
  /** Function arguments leave at all. */
  readonly keepsArguments: boolean;
  /** SQL parameters leave at all. */
  readonly keepsSqlParameters: boolean;
  /** Results of functions and statements leave at all. */
  readonly keepsResults: boolean;
}

export function redactorFor({ mask, sqlParameters, results }: MappingOptions): Redactor {
  const isStrict = mask === 'strict';
  const keepsSqlParameters = sqlParameters && !isStrict;
  const strip = keepsSqlParameters ? (text: string) => text : withoutSqlParameters;
  const keeps = {
    keepsArguments: !isStrict,
    keepsSqlParameters,
    keepsResults: results && !isStrict,
  };
  if (mask === 'off') {
    const same = (text: string) => text;
    return {
      ...keeps,
      text: strip,
      statement: strip,
      arguments: (_name, args) => strip(args),
      value: (_key, text) => strip(text),
      query: same,
      url: same,
    };
  }
  const text = (each: string) => maskText(strip(each));
  return {
    ...keeps,
    text,
    statement: memo((each) => text(withoutLiterals(each))),
    arguments: (name, args) => maskArguments(name, strip(args)),
    value: (key, text) => maskValue(key, strip(text)),
    query: maskQuery,
    url: maskUrl,
  };
}

const PARAMETERS = '[parameters: ';

/**
 * SQLAlchemy ends the text of an error with `[SQL: …]\n[parameters: …]\n(Background …)`, the very parameters that are
 * otherwise left out. A repr holds no bare line break, so the section ends at the first `]` before one.
 */
export function withoutSqlParameters(text: string): string {
  let out = '';
  let from = 0;
  for (;;) {
    const begin = text.indexOf(PARAMETERS, from);
    if (begin < 0) return from === 0 ? text : out + text.slice(from);
    out += `${text.slice(from, begin + PARAMETERS.length)}***]`;
    const lineEnd = text.indexOf(']\n', begin);
    if (lineEnd < 0) return out;
    from = lineEnd + 1;
  }
}

/** Text that stands under a key of its own: gone altogether when the key is secret, unless it is empty. */
export function maskValue(key: string, value: string): string {
  return isSecretKey(key) && value !== '' ? MASK : maskText(value);
}
