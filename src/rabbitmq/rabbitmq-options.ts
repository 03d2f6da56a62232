/** What a receiver for RabbitMQ is told, and what it tells. */
import type { Log } from '../contracts.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import type { BackoffBounds } from './backoff.js';
import type { ConsumerSessionOptions } from './consumer-session.js';
import { DEAD_LETTER_QUEUE, DEFAULT_MAX_DEAD_LETTERS } from './dead-letters.js';
import { DEFAULT_REQUEUE_AFTER_MS, DEFAULT_REQUEUE_AT_DELIVERIES } from './requeue.js';
import type { BindingReport } from './tap-bindings.js';
import { holdingQueueName, type OwnQueue } from './topology.js';

/** Consume the queue that OpenStack's publishers declare, without ever declaring it. */
export interface DrainSource {
  readonly mode: 'drain';
  /** Default `profiler.info`. */
  readonly queue?: string;
}

/** Consume a queue of our own, bound to OpenStack's exchanges as far and as soon as they exist. */
export interface TapSource {
  readonly mode: 'tap';
  /** Durable, declared unless it is there. Default `osprofiler-otel-bridge`. */
  readonly queue?: string;
  readonly exchanges: readonly string[];
  readonly routingKeys: readonly string[];
  /** How often the exchanges are looked at again. Default 10,000 ms. */
  readonly recheckMs?: number;
  /** Use a queue that goes with the connection instead, its name beginning with `queue`. Default false. */
  readonly temporary?: boolean;
}

/** What a {@link RabbitReceiver} consumes, and how. */
export interface RabbitReceiverOptions {
  readonly address: BrokerAddress;
  readonly source: DrainSource | TapSource;
  /** Unsettled messages at a time; cut to 1 … 65,535, which is what AMQP can say. */
  readonly prefetch: number;
  readonly log: Log;
  /**
   * Keep a second bridge away from the queue, and stand by while another has it. Among sharders any number may share
   * it, and all of them keep bridges away that would take it for themselves. Default true.
   */
  readonly exclusive?: boolean | 'among sharders';
  /** How often a bridge that stands by tries to take over. Default 1,000 ms. */
  readonly standbyMs?: number;
  /** Between attempts to connect, and to write to queues of our own. Default 250 ms to 30 s. */
  readonly backoff?: BackoffBounds;
  /**
   * Where messages go that can never become spans. `false`: the broker discards them, by the queue's own dead-letter
   * policy; so it does for a temporary tap. Default: the queue `osprofiler-otel-bridge.dead-letters`.
   */
  readonly deadLetters?: false | DeadLetterOptions;
  /**
   * How deliveries are renewed that stay open. `false`: they are held until the broker runs out of patience; so they
   * are for a temporary tap.
   */
  readonly requeue?: false | RequeueOptions;
  /** Uniform in [0, 1), for jitter. */
  readonly random?: () => number;
}

/** A durable queue of our own, declared unless it is there. */
export interface DeadLetterOptions {
  /** Default `osprofiler-otel-bridge.dead-letters`. */
  readonly queue?: string;
  /** How many messages it takes, when the bridge declares it. Default 10,000. */
  readonly maxLength?: number;
}

/** When a delivery that stays open goes round by the holding queue. */
export interface RequeueOptions {
  /** Milliseconds after which an open delivery is renewed; well below the broker's `consumer_timeout`. Default 10 min. */
  readonly afterMs?: number;
  /**
   * A message that a quorum queue gave out so often before is renewed at once if it stays open, before the queue's
   * delivery limit discards it. At least 1, the default.
   */
  readonly atDeliveries?: number;
}

/** Facts for health, metrics and `doctor`. */
export interface RabbitReceiverStatus {
  /** The queue that is, or is to be, consumed. */
  readonly queue: string;
  /** Its hosts and virtual host as the settings have them, whichever is connected: `rabbit1:5672,rabbit2:5672/nova`. */
  readonly brokers: string;
  /** `host:port` while connected. */
  readonly broker?: string;
  /** Connections made after the first one. */
  readonly reconnects: number;
  readonly unacknowledged: number;
  /** Messages written to the dead-letter queue. */
  readonly deadLettered: number;
  /** Rejected messages that cannot be written there now, and are held. Anything but 0 needs somebody to look. */
  readonly heldDeadLetters: number;
  /** Deliveries renewed. */
  readonly requeued: number;
  /** Unsettled deliveries that came back from the holding queue. */
  readonly fromHoldingQueue: number;
  /** Whether the broker blocks publishers at the moment. */
  readonly blocked: boolean;
  /** Of a tap. */
  readonly bindings?: BindingReport;
}

/** The queues of our own that a consumption of `queue` needs. */
export function ownQueues(
  { source, deadLetters = {}, requeue: renewal = {} }: RabbitReceiverOptions,
  queue: string,
): Pick<ConsumerSessionOptions, 'deadLetters' | 'requeue'> {
  // What comes out of a queue that goes with the connection has no claim to outlive it.
  if (source.mode === 'tap' && source.temporary) return { deadLetters: undefined, requeue: undefined };
  return {
    deadLetters: deadLetters === false ? undefined : deadLetterQueue(deadLetters),
    requeue:
      renewal === false
        ? undefined
        : { holdingQueue: { name: holdingQueueName(queue) }, ...patience(renewal) },
  };
}

function deadLetterQueue({ queue, maxLength }: DeadLetterOptions): OwnQueue {
  return { name: queue ?? DEAD_LETTER_QUEUE, maxLength: maxLength ?? DEFAULT_MAX_DEAD_LETTERS };
}

function patience({ afterMs, atDeliveries }: RequeueOptions): Required<RequeueOptions> {
  return {
    afterMs: afterMs ?? DEFAULT_REQUEUE_AFTER_MS,
    // Copies in the holding queue are not counted: at 0 they would be renewed for ever.
    atDeliveries: Math.max(1, atDeliveries ?? DEFAULT_REQUEUE_AT_DELIVERIES),
  };
}
