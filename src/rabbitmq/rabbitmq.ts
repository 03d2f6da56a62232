/**
 * The receiver for RabbitMQ: keeps a connection to one of the hosts, and on it a consumption of one queue, whatever
 * happens to either. What is not there is waited for with a reason that people can act on; it never gives up by itself.
 */
import type { Receiver, ReceiverHandler, ReceiverState } from '../contracts.js';
import { pause, settledOrAborted, settledWithin } from '../pause.js';
import { Backoff, type BackoffBounds, DEFAULT_BACKOFF } from './backoff.js';
import {
  type BrokerConnection,
  OPENING_DEADLINE_MS,
  openConnection,
  PUBLISHER_CONNECTION_NAME,
  Unanswered,
} from './connection.js';
import { ConsumerSession, type ConsumerSessionOptions, type SessionCounts } from './consumer-session.js';
import { type Explanation, explain, hostAndPort, type Where } from './hints.js';
import { ownQueues, type RabbitReceiverOptions, type RabbitReceiverStatus } from './rabbitmq-options.js';
import { type Connected, ReconnectLoop } from './reconnect-loop.js';
import { TapBindings } from './tap-bindings.js';
import { declareTap, declareTemporaryTap, mayConsume, type QueueDepth, queueDepth } from './topology.js';

export type {
  DeadLetterOptions,
  DrainSource,
  RabbitReceiverOptions,
  RabbitReceiverStatus,
  RequeueOptions as RenewalOptions,
  TapSource,
} from './rabbitmq-options.js';

const MOST_PREFETCH = 65_535;
const DEFAULT_STANDBY_MS = 1_000;
const DEFAULT_RECHECK_MS = 10_000;
/** A queue that a service may declare any moment is not waited for as patiently as a broker that is down. */
const QUEUE_BACKOFF: BackoffBounds = { initialMs: 250, maximumMs: 5_000 };
/** A consumption shorter than this does not count as success: one that fails at once must not be retried at once. */
const STABLE_AFTER_MS = 1_000;

type Attempt = { readonly kind: 'consuming'; readonly intake: ConsumerSession } | Wait;
/** What is in the way. `ms` is how long to wait for it; absent: as the backoff says. */
type Wait = Explanation & {
  readonly kind: 'wait';
  readonly ms?: number;
  readonly level: 'info' | 'warn';
  /** There is nothing in the way but another bridge that does the work. */
  readonly isStandby?: boolean;
  /** The broker hangs: another host may answer. */
  readonly isUnanswered?: boolean;
};

/**
 * Consumes a queue over a connection of its own, until {@link stop}: reconnects, waits for what is not there, keeps a second
 * bridge away, renews what stays open for long, and keeps dead letters.
 */
export class RabbitReceiver implements Receiver {
  readonly name: string;
  readonly #link: ReconnectLoop;
  readonly #counts: SessionCounts = { deadLettered: 0, requeued: 0 };
  readonly #options: RabbitReceiverOptions;
  readonly #queueBackoff: Backoff;
  readonly #bindings: TapBindings | undefined;
  #queue: string;
  #intake: ConsumerSession | undefined;

  constructor(options: RabbitReceiverOptions) {
    const { source, log, random } = options;
    const queue = source.queue ?? (source.mode === 'drain' ? 'profiler.info' : 'osprofiler-otel-bridge');
    this.name = `rabbitmq ${source.mode} ${queue}`;
    this.#link = new ReconnectLoop(options, queue, (why, where) => this.#announce('warn', why, where));
    this.#options = options;
    this.#queue = queue;
    this.#queueBackoff = new Backoff(QUEUE_BACKOFF, random);
    if (source.mode === 'tap') {
      const { exchanges, routingKeys, recheckMs = DEFAULT_RECHECK_MS } = source;
      this.#bindings = new TapBindings({ exchanges, routingKeys, recheckMs, log });
    }
  }

  get state(): ReceiverState {
    return this.#link.state;
  }

  get unacknowledged(): number {
    return this.#intake?.unacknowledged ?? 0;
  }

  status(): RabbitReceiverStatus {
    return {
      queue: this.#queue,
      ...this.#link.status(),
      unacknowledged: this.unacknowledged,
      ...this.#counts,
      heldDeadLetters: this.#intake?.heldDeadLetters ?? 0,
      fromHoldingQueue: this.#intake?.fromHoldingQueue ?? 0,
      blocked: this.#intake?.blocked ?? false,
      ...(this.#bindings === undefined ? {} : { bindings: this.#bindings.report }),
    };
  }

  /** What waits in the queue and who consumes it; undefined without a connection or a queue. Never rejects. */
  async depth(): Promise<QueueDepth | undefined> {
    const { connection } = this.#link;
    if (connection === undefined) return undefined;
    return settledWithin(queueDepth(connection, this.#queue), OPENING_DEADLINE_MS);
  }

  run(handler: ReceiverHandler): Promise<void> {
    return this.#link.run((connected) => this.#use(connected, handler));
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#intake?.close();
    await this.#link.close();
  }

  /** Consumes over one connection until it is gone or the receiver stops. */
  async #use(connected: Connected, handler: ReceiverHandler): Promise<void> {
    const { connection } = connected;
    const { where } = connection;
    while (connection.open && !this.#link.stopping.aborted) {
      const attempt = await settledOrAborted(this.#attempt(connected, handler), this.#link.stopping);
      if (attempt === undefined) break;
      const wait = attempt.kind === 'wait' ? attempt : await this.#consume(connection, attempt.intake);
      if (wait === undefined || this.#link.stopping.aborted) continue;
      if (!connection.open && wait.isUnanswered !== true) continue;
      this.#wait(wait.level, wait, where);
      if (wait.isUnanswered) return connection.destroy();
      await pause(wait.ms ?? this.#link.backoff.next(), this.#link.stopping, connection.gone);
    }
    if (this.#link.stopping.aborted) return;
    const lost = (await connection.closed) ?? new Error('Unexpected close');
    this.#wait('warn', explain(lost, where, this.#queue), where);
  }

  /** One attempt to get at the queue's messages; what is in the way comes back as a value. */
  async #attempt(connected: Connected, handler: ReceiverHandler): Promise<Attempt> {
    const { connection } = connected;
    try {
      const obstacle = await this.#prepare(connection);
      if (obstacle !== undefined) return obstacle;
      const intake = await ConsumerSession.open(connection, this.#intakeOptions(connected, handler));
      return { kind: 'consuming', intake };
    } catch (error) {
      const explanation = explain(error, connection.where, this.#queue);
      return { kind: 'wait', level: 'warn', isUnanswered: error instanceof Unanswered, ...explanation };
    }
  }

  #intakeOptions({ host }: Connected, handler: ReceiverHandler): ConsumerSessionOptions {
    const { address, prefetch, log, backoff, random } = this.#options;
    return {
      ...{ handler, log, random, statusLogger: this.#link.statusLogger, counts: this.#counts },
      queue: this.#queue,
      prefetch: Math.min(MOST_PREFETCH, Math.max(1, Math.floor(prefetch))),
      stopping: this.#link.stopping,
      backoff: backoff ?? DEFAULT_BACKOFF,
      connect: (signal) => openConnection(address, host, signal, log, PUBLISHER_CONNECTION_NAME),
      ...ownQueues(this.#options, this.#queue),
    };
  }

  /** Lock, queue and bindings. */
  async #prepare(connection: BrokerConnection): Promise<Wait | undefined> {
    const { source, exclusive = true, standbyMs = DEFAULT_STANDBY_MS } = this.#options;
    if (source.mode === 'tap' && source.temporary) {
      this.#queue = await declareTemporaryTap(connection, source.queue ?? 'osprofiler-otel-bridge');
    } else {
      if (!(await mayConsume(connection, this.#queue, exclusive))) return standBy(standbyMs);
      if (source.mode === 'tap') await declareTap(connection, this.#queue);
      else if ((await queueDepth(connection, this.#queue)) === undefined)
        return this.#missingQueue(connection);
    }
    await this.#bindings?.bind(connection, this.#queue);
    return undefined;
  }

  #missingQueue(connection: BrokerConnection): Wait {
    return {
      kind: 'wait',
      level: 'warn',
      ms: this.#queueBackoff.next(),
      reason: `there is no queue "${this.#queue}" in the virtual host "${connection.where.vhost}"`,
      hint: 'an OpenStack service with the profiler enabled declares it with its first notification; see queue and vhost',
    };
  }

  /** Consumes until the receiver stops (then undefined), or the consumption ends: then why, and how long to wait. */
  async #consume(connection: BrokerConnection, intake: ConsumerSession): Promise<Wait | undefined> {
    const signal = this.#link.stopping;
    this.#intake = intake;
    if (!signal.aborted) this.#declareConsuming(connection);
    const begun = performance.now();
    const over = new AbortController();
    const bindings = this.#bindings?.keep(connection, this.#queue, over.signal);
    const end = await settledOrAborted(intake.ended, signal);
    over.abort();
    await (signal.aborted ? intake.cancel() : intake.close());
    await bindings;
    if (signal.aborted || end === undefined) return undefined;
    if (performance.now() - begun >= STABLE_AFTER_MS) this.#link.backoff.reset();
    const explanation =
      end.kind === 'cancelled'
        ? cancelled(this.#queue)
        : explain(end.error ?? new Error('the channel was closed'), connection.where, this.#queue);
    return { kind: 'wait', level: 'warn', ...explanation };
  }

  #declareConsuming(connection: BrokerConnection): void {
    const { host, port, vhost } = connection.where;
    this.#link.state = { kind: 'consuming' };
    this.#link.statusLogger.forget();
    this.#queueBackoff.reset();
    const fields = { broker: hostAndPort({ host, port }), vhost, queue: this.#queue };
    this.#options.log.info(fields, `consuming ${this.#queue}`);
  }

  #wait(level: Wait['level'], explanation: Explanation & Pick<Wait, 'isStandby'>, where: Where): void {
    const { reason, isStandby = false } = explanation;
    this.#link.state = { kind: 'waiting', reason, ...(isStandby ? { isStandby } : {}) };
    this.#announce(level, explanation, where);
  }

  #announce(level: 'info' | 'warn', { reason, hint }: Explanation, where: Where): void {
    const fields = { broker: hostAndPort(where), vhost: where.vhost, queue: this.#queue, hint };
    this.#link.statusLogger.say(level, fields, `waiting: ${reason}`);
  }
}

function standBy(ms: number): Wait {
  return {
    kind: 'wait',
    level: 'info',
    ms,
    isStandby: true,
    reason: 'another bridge consumes this queue; standing by',
    hint: 'this one takes over when the other ends; two on one queue would tear pairs apart',
  };
}

function cancelled(queue: string): Explanation {
  return {
    reason: `the broker cancelled the consumer of "${queue}": the queue was deleted, or a delivery was held too long`,
    hint: 'consuming again as soon as the queue is there',
  };
}
