/** Many bridges: the shards that messages are spread over, and which of them this one takes. */
import { z } from 'zod';
import { optional, setting } from './definition.js';
import { count, duration, type Kind, oneOf } from './kinds.js';

/** The shards that a replica takes. */
export type ShardChoice = 'auto' | readonly number[];

const MOST_SHARDS = 256;
const CHANGING = ['shard', 'reshard'] as const;

/** `auto`, or indices and ranges of them. */
function shards(): Kind<ShardChoice> {
  const read = z.union([z.string(), z.number()]).transform((input, context) => {
    const chosen = String(input).trim() === 'auto' ? 'auto' : readIndices(String(input));
    if (chosen !== undefined) return chosen;
    context.addIssue({ code: 'invalid_type', expected: 'string' });
    return z.NEVER;
  });
  return {
    expected: `auto, or shards from 0 to ${MOST_SHARDS - 1} such as 0-3 or 0,2,5`,
    schema: read,
    show: (value) => (value === 'auto' ? value : value.join(',')),
  };
}

function readIndices(text: string): readonly number[] | undefined {
  const indices = new Set<number>();
  for (const part of text.split(',')) {
    const range = /^\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*$/.exec(part);
    if (range === null) return undefined;
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (last < first || last >= MOST_SHARDS) return undefined;
    for (let index = first; index <= last; index++) indices.add(index);
  }
  return [...indices].sort((one, other) => one - other);
}

export const SHARDING = {
  shards: optional({
    key: 'sharding.shards',
    flag: '--shards',
    argument: '<shards>',
    kind: shards(),
    defaultText: 'none: the queue itself is consumed',
    commands: ['run'],
    description:
      'Consume shards that the shard command fills, instead of the queue: auto shares them evenly among all that say so; 0-3 or 0,2 names them, and who comes second for one stands by.',
    example: 'auto',
  }),
  shardCount: setting({
    key: 'sharding.count',
    flag: '--shard-count',
    argument: '<count>',
    kind: count(1, MOST_SHARDS),
    default: 8,
    commands: CHANGING,
    description:
      'How many shards there are to be. The shard command makes them unless there are some already; reshard changes their number.',
    example: '8',
  }),
  shardQueueType: setting({
    key: 'sharding.queueType',
    flag: '--shard-queue-type',
    argument: '<type>',
    kind: oneOf('quorum', 'classic'),
    default: 'quorum',
    commands: CHANGING,
    description:
      'What queues the shards are when they are made: quorum queues outlive the loss of a node, classic ones cost the broker less.',
    example: 'classic',
  }),
  shardExchange: setting({
    key: 'sharding.exchange',
    flag: '--shard-exchange',
    argument: '<type>',
    kind: oneOf('auto', 'direct', 'consistent-hash'),
    default: 'auto',
    commands: CHANGING,
    description:
      "Who assigns traces to shards when they are made: direct, the bridge by a hash of its own; consistent-hash, the broker's plugin rabbitmq_consistent_hash_exchange; auto, the plugin where it is enabled, otherwise direct.",
    example: 'direct',
  }),
  reshardPatience: setting({
    key: 'sharding.patience',
    flag: '--patience',
    argument: '<duration>',
    kind: duration({ min: 1000 }),
    default: 120_000,
    commands: ['reshard'],
    description: 'How long nothing may move before reshard gives up; it can be run again.',
    example: '5m',
  }),
};
