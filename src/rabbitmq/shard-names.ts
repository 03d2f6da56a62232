/**
 * How many shards there are and what they are called. Names carry the number of shards: those of two layouts never
 * meet, so that a process that has not heard of a change cannot mix them up.
 */

export type ShardExchange = 'direct' | 'consistent-hash';
export type ShardQueueType = 'quorum' | 'classic';

export interface Layout {
  readonly shards: number;
  /** Who hashes: the bridge, with a direct exchange, or the broker's plugin. */
  readonly exchange: ShardExchange;
  readonly queueType: ShardQueueType;
}

/** A layout that is to be made. `auto`: the plugin's exchange where the broker has it, otherwise direct. */
export interface WantedLayout extends Omit<Layout, 'exchange'> {
  readonly exchange: ShardExchange | 'auto';
}

const PREFIX = 'osprofiler-otel-bridge.shard';

/** The queue whose one message says which layout holds. */
export const RECORD_QUEUE = `${PREFIX}s`;
/** A queue without messages: each replica that shares the shards consumes it, to be counted. */
export const ROSTER_QUEUE = `${PREFIX}s.replicas`;
/** A queue without messages: each replica that has less than its share consumes it. */
export const WANTING_QUEUE = `${PREFIX}s.wanting`;
/** What the lock is named after that whoever changes the layout holds. */
export const LAYOUT_LOCK = `${PREFIX}s`;

export function exchangeName(shards: number): string {
  return `${PREFIX}.of-${shards}`;
}

/** The exchange of the plugin, between the layout's exchange and its queues. */
export function ringName(shards: number): string {
  return `${exchangeName(shards)}.ring`;
}

/** An exchange that leads nowhere: it is there when all queues are bound to the ring. */
export function ringMarkName(shards: number): string {
  return `${ringName(shards)}.whole`;
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
