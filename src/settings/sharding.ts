/** Many bridges: the shards that notifications are spread over, and which of them this bridge consumes. */
import { declare } from './definition.js';
import { count, duration, type Kind, oneOf, read } from './kinds.js';

/** The shards that a replica consumes. */
export type ShardChoice = 'auto' | readonly number[];

const MAX_SHARDS = 256;

/** `auto`, or indices and ranges of them. */
function shardChoice(): Kind<ShardChoice> {
  return {
    expected: `auto, or shards from 0 to ${MAX_SHARDS - 1} such as 0-3 or 0,2,5`,
    schema: read((given) => (given === 'auto' ? given : readIndices(given))),
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
    if (last < first || last >= MAX_SHARDS) return undefined;
    for (let index = first; index <= last; index++) indices.add(index);
  }
  return [...indices].sort((one, other) => one - other);
}

const heading = 'Many bridges';
const declaring = declare({ heading, commands: ['shard', 'reshard'] });

export const sharding = {
  shards: declare({ heading, commands: ['run'] }).optional({
    kind: shardChoice(),
    defaultText: 'none: the queue itself is consumed',
    description:
      'Consume shards, which the shard command fills, instead of the queue. auto shares them evenly among all bridges that are started so; 0-3 or 0,2 names them, and a second bridge for the same shard is on standby.',
    example: 'auto',
  }),
  count: declaring.setting({
    flag: '--shard-count',
    kind: count(1, MAX_SHARDS),
    default: 8,
    description:
      'The number of shards. The shard command declares them unless there are some already; reshard changes their number.',
    example: '8',
  }),
  queueType: declaring.setting({
    flag: '--shard-queue-type',
    kind: oneOf('quorum', 'classic'),
    default: 'quorum',
    description:
      'The type of newly declared shard queues: quorum queues survive the loss of a node, classic queues cost the broker less.',
    example: 'classic',
  }),
  patienceMs: declare({ heading, commands: ['reshard'] }).setting({
    kind: duration({ min: 1000 }),
    default: 120_000,
    description: 'How long reshard waits without progress before it gives up; it can be run again.',
    example: '5m',
  }),
};
