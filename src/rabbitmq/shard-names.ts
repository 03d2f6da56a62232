/**
 * How many shards there are and what they are called. Names carry the number of shards: those of two layouts never
 * meet, so that a process that has not heard of a change cannot mix them up.
 */

export type ShardQueueType = 'quorum' | 'classic';

export interface Layout {
  readonly shards: number;
  readonly queueType: ShardQueueType;
}

const PREFIX = 'osprofiler-otel-bridge.shard';

/** The queue whose one message says which layout holds. */
export const RECORD_QUEUE = `${PREFIX}s`;
/** A queue without messages: each replica that shares the shards consumes it, to be counted. */
export const REPLICAS_QUEUE = `${PREFIX}s.replicas`;
/** What the lock is named after that whoever changes the layout holds. */
export const LAYOUT_LOCK = `${PREFIX}s`;

/** The direct exchange of a layout; the routing key is the index of a shard. */
export function exchangeName(shards: number): string {
  return `${PREFIX}.of-${shards}`;
}

/** What the lock is named after that the replica in this seat holds. */
export function seatName(seat: number): string {
  return `${REPLICAS_QUEUE}.${seat}`;
}

export function shardQueue(index: number, shards: number): string {
  return `${PREFIX}.${index}-of-${shards}`;
}

/** Whether an exchange is one of those that lead to shards. */
export function isShardExchange(name: string): boolean {
  return name.startsWith(`${PREFIX}.of-`);
}

/** The indices of a layout's shards. */
export function indicesOf({ shards }: Pick<Layout, 'shards'>): number[] {
  return Array.from({ length: shards }, (_, index) => index);
}
