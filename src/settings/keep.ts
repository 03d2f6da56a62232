/** `--keep`, tail sampling: which traces are worth exporting. */
import { z } from 'zod';
import { type Kind, splitText } from './kinds.js';
import { formatDuration, parseDuration } from './units.js';

/** What makes a trace worth exporting; with neither all of them are. */
export interface Worth {
  readonly errors: boolean;
  readonly slowerThanMs?: number;
}

const SLOWER = /^slower-than=(.+)$/;

export function worth(): Kind<Worth> {
  const schema = z.union([z.string(), z.array(z.string())]).transform((input, context) => {
    const value = readWorth(typeof input === 'string' ? splitText(input, /,/) : input);
    if (value === undefined) context.addIssue({ code: 'invalid_type', expected: 'string' });
    return value ?? z.NEVER;
  });
  return {
    expected: 'errors, slower-than=<duration>, or both, separated by a comma',
    schema,
    show: ({ errors, slowerThanMs }) => [
      ...(errors ? ['errors'] : []),
      ...(slowerThanMs === undefined ? [] : [`slower-than=${formatDuration(slowerThanMs)}`]),
    ],
    separator: ',',
    argument: '<what>',
  };
}

function readWorth(words: readonly string[]): Worth | undefined {
  let read: Worth = { errors: false };
  for (const word of words) {
    const slowerThanMs = parseDuration(SLOWER.exec(word)?.[1] ?? '');
    if (word === 'errors') read = { ...read, errors: true };
    else if (slowerThanMs !== undefined && slowerThanMs > 0) read = { ...read, slowerThanMs };
    else return undefined;
  }
  return read;
}
