/** A receiver with what it has to tell beside its state: of a broker a good deal, of a recording nothing. */
import type { Receiver } from '../contracts.js';
import { RabbitReceiver, type RabbitReceiverStatus } from '../rabbitmq/rabbitmq.js';
import { ShardReceiver } from '../sharding/shard-receiver.js';

export interface WatchedReceiver {
  readonly receiver: Pick<Receiver, 'name' | 'state'>;
  readonly status?: () => RabbitReceiverStatus;
  /** What waits in the queue and who consumes it; undefined while nobody can tell. Never rejects, and soon resolves. */
  readonly depth?: () => Promise<QueueDepth | undefined>;
}

export type QueueDepth = NonNullable<Awaited<ReturnType<RabbitReceiver['depth']>>>;

/** Whoever asks more often than this is told what was found before. */
const FRESH_MS = 5_000;
/** A scrape does not wait longer for a broker. */
const PATIENCE_MS = 1_000;

export function watchReceiver(receiver: Receiver): WatchedReceiver {
  if (!(receiver instanceof RabbitReceiver || receiver instanceof ShardReceiver)) return { receiver };
  return { receiver, status: () => receiver.status(), depth: sparing(() => receiver.depth()) };
}

/** Asking costs the broker a channel: many scrapes share one answer, and one that is late answers the next scrape. */
function sparing(ask: () => Promise<QueueDepth | undefined>): () => Promise<QueueDepth | undefined> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<QueueDepth | undefined> = Promise.resolve(undefined);
  return () => {
    const now = performance.now();
    if (now - askedAt >= FRESH_MS) {
      askedAt = now;
      answer = ask();
    }
    return soon(answer);
  };
}

async function soon<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, undefined);
  });
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first;
}
