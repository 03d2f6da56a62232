/** Sampling by result: which traces are worth keeping, and how long and how much may wait for that to show. */
import { z } from 'zod';
import { setting } from './definition.js';
import { count, decimal, duration, type Kind, size, splitText } from './kinds.js';
import { formatDuration, parseDuration } from './units.js';

const TRANSLATING = ['run', 'replay', 'demo'] as const;

/** What makes a trace worth keeping; without any of it all are. */
export interface Worth {
  readonly errors: boolean;
  readonly slowerThanMs?: number;
}

const SLOWER = /^slower-than=(.+)$/;

function worth(): Kind<Worth> {
  const schema = z.union([z.string(), z.array(z.string())]).transform((input, context) => {
    const words = typeof input === 'string' ? splitText(input, /,/) : input;
    const read = readWorth(words);
    if (read !== undefined) return read;
    context.addIssue({ code: 'invalid_type', expected: 'string' });
    return z.NEVER;
  });
  return {
    expected: 'errors, slower-than=<duration>, or both, separated by a comma',
    schema,
    show: ({ errors, slowerThanMs }) => [
      ...(errors ? ['errors'] : []),
      ...(slowerThanMs === undefined ? [] : [`slower-than=${formatDuration(slowerThanMs)}`]),
    ],
    separator: ',',
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

export const KEEP = {
  keep: setting({
    key: 'translate.keep',
    flag: '--keep',
    argument: '<what>',
    kind: worth(),
    default: { errors: false },
    defaultText: 'every trace',
    commands: TRANSLATING,
    description:
      'Export only traces in which something failed (errors), that took long from their first notification to their last (slower-than=2s), or either. What waits for that to show stays unacknowledged. All of a trace must come to this one process: a single bridge, or shards.',
    example: 'errors,slower-than=2s',
  }),
  keepRatio: setting({
    key: 'translate.keepRatio',
    flag: '--keep-ratio',
    argument: '<ratio>',
    kind: decimal(0, 1, 'a number from 0 to 1'),
    default: 0,
    commands: TRANSLATING,
    description: 'The part of all other traces, 0 to 1, that --keep exports all the same.',
    example: '0.05',
  }),
  keepDeadline: setting({
    key: 'translate.keepDeadline',
    flag: '--keep-deadline',
    argument: '<duration>',
    kind: duration(),
    default: 300_000,
    commands: TRANSLATING,
    description:
      'How long --keep waits for a trace at most before it decides; --trace-quiet says when it is over.',
    example: '10m',
  }),
  keepMaxPoints: setting({
    key: 'translate.keepMaxPoints',
    flag: '--keep-max-points',
    argument: '<count>',
    kind: count(1, 25_000),
    default: 10_000,
    commands: TRANSLATING,
    description:
      'Trace points that may wait for --keep to decide; past it the oldest trace is decided early.',
    example: '20000',
  }),
  keepMaxBytes: setting({
    key: 'translate.keepMaxBytes',
    flag: '--keep-max-bytes',
    argument: '<size>',
    kind: size(1024, 2 ** 36),
    default: 64 * 2 ** 20,
    commands: TRANSLATING,
    description: 'Bytes of the messages of traces that wait for --keep to decide.',
    example: '256MiB',
  }),
};
