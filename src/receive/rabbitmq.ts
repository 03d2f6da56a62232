/**
 * The receiver for RabbitMQ: keeps a connection to one of the hosts, and on it a consumption of one queue, whatever
 * happens to either. What is not there is waited for with a reason that people can act on; it never gives up by itself.
 */
import type { Receiver, ReceiverHandler, ReceiverState } from '../delivery.js';
import { Announcer } from './announcer.js';
import { Backoff, type BackoffBounds, DEFAULT_BACKOFF } from './backoff.js';
import {
  type BrokerConnection,
  OPENING_DEADLINE_MS,
  openConnection,
  PUBLISHER_CONNECTION_NAME,
  whereOf,
} from './connection.js';
import { type Explanation, explain, hostAndPort, type Where } from './explain.js';
import { Intake, type IntakeCounts, type IntakeOptions } from './intake.js';
import { pause, settledOrAborted, settledWithin } from './pause.js';
import { ownQueues, type RabbitReceiverOptions, type RabbitReceiverStatus } from './rabbitmq-options.js';
import { TapBindings } from './tap-bindings.js';
import { declareTap, declareTemporaryTap, mayConsume, type QueueDepth, queueDepth } from './topology.js';
import { type BrokerHost, describeBrokers } from './transport-url.js';

export type {
  DeadLetterOptions,
  DrainSource,
  RabbitReceiverOptions,
  RabbitReceiverStatus,
  RenewalOptions,
  TapSource,
} from './rabbitmq-options.js';

const MOST_PREFETCH = 65_535;
const DEFAULT_STANDBY_MS = 1_000;
const DEFAULT_RECHECK_MS = 10_000;
/** A queue that a service may declare any moment is not waited for as patiently as a broker that is down. */
const QUEUE_BACKOFF: BackoffBounds = { initialMs: 250, maximumMs: 5_000 };
/** A consumption shorter than this does not count as success: one that fails at once must not be retried at once. */
const STABLE_AFTER_MS = 1_000;

type Attempt = { readonly kind: 'consuming'; readonly intake: Intake } | Wait;
/** What is in the way. `ms` is how long to wait for it; absent: as the backoff says. */
type Wait = Explanation & {
  readonly kind: 'wait';
  readonly ms?: number;
  readonly level: 'info' | 'warn';
  /** There is nothing in the way but another bridge that does the work. */
  readonly isStandby?: boolean;
};

/**
 * Consumes a queue over a connection of its own, until {@link stop}: reconnects, waits for what is not there, keeps a second
 * bridge away, renews what stays open for long, and keeps dead letters.
 */
export class RabbitReceiver implements Receiver {
  readonly name: string;
  readonly #options: RabbitReceiverOptions;
  readonly #announcer: Announcer;
  readonly #backoff: Backoff;
  readonly #queueBackoff: Backoff;
  readonly #bindings: TapBindings | undefined;
  readonly #stopping = new AbortController();
  readonly #counts: IntakeCounts = { deadLettered: 0, renewed: 0 };
  #state: ReceiverState = { kind: 'connecting' };
  #queue: string;
  #nextHost = 0;
  #connections = 0;
  #connection: BrokerConnection | undefined;
  #host: BrokerHost | undefined;
  #intake: Intake | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RabbitReceiverOptions) {
    const { source, log, random } = options;
    this.#options = options;
    this.#queue = source.queue ?? (source.mode === 'drain' ? 'profiler.info' : 'osprofiler-otel-bridge');
    this.name = `rabbitmq ${source.mode} ${this.#queue}`;
    this.#announcer = new Announcer(log);
    this.#backoff = new Backoff(options.backoff ?? DEFAULT_BACKOFF, random);
    this.#queueBackoff = new Backoff(QUEUE_BACKOFF, random);
    if (source.mode === 'tap') {
      const { exchanges, routingKeys, recheckMs = DEFAULT_RECHECK_MS } = source;
      this.#bindings = new TapBindings({ exchanges, routingKeys, recheckMs, log });
    }
  }

  get state(): ReceiverState {
    return this.#state;
  }

  get unsettled(): number {
    return this.#intake?.unsettled ?? 0;
  }

  status(): RabbitReceiverStatus {
    const connection = this.#connection?.open ? this.#connection : undefined;
    return {
      queue: this.#queue,
      brokers: describeBrokers(this.#options.address),
      ...(connection === undefined ? {} : { broker: hostAndPort(connection.where) }),
      reconnects: Math.max(0, this.#connections - 1),
      unsettled: this.unsettled,
      ...this.#counts,
      heldDeadLetters: this.#intake?.heldDeadLetters ?? 0,
      parked: this.#intake?.parked ?? 0,
      blocked: this.#intake?.blocked ?? false,
      ...(this.#bindings === undefined ? {} : { bindings: this.#bindings.report }),
    };
  }

  /** What waits in the queue and who consumes it; undefined without a connection or a queue. Never rejects. */
  async depth(): Promise<QueueDepth | undefined> {
    if (!this.#connection?.open) return undefined;
    return settledWithin(queueDepth(this.#connection, this.#queue), OPENING_DEADLINE_MS);
  }

  async run(handler: ReceiverHandler): Promise<void> {
    if (this.#running !== undefined) throw new Error('a receiver runs once');
    this.#running = this.#receive(handler);
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#running === undefined) this.#state = { kind: 'ended' };
    else await settledWithin(this.#running, OPENING_DEADLINE_MS);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#intake?.close();
    await this.#connection?.close();
  }

  async #receive(handler: ReceiverHandler): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const connection = await this.#connect();
      if (connection !== undefined) await this.#useConnection(connection, handler);
      if (!signal.aborted) await pause(this.#backoff.next(), signal);
    }
    this.#state = { kind: 'ended' };
  }

  /** Tries each host once, beginning with the one after the last tried. */
  async #connect(): Promise<BrokerConnection | undefined> {
    const { address, log } = this.#options;
    const reasons: string[] = [];
    for (let tried = 0; tried < address.hosts.length; tried += 1) {
      const host = address.hosts[this.#nextHost]!;
      this.#nextHost = (this.#nextHost + 1) % address.hosts.length;
      try {
        this.#host = host;
        return await openConnection(address, host, this.#stopping.signal, log);
      } catch (error) {
        if (this.#stopping.signal.aborted) return undefined;
        const explanation = explain(error, whereOf(address, host), this.#queue);
        this.#announce('warn', explanation, whereOf(address, host));
        reasons.push(explanation.reason);
      }
    }
    this.#state = { kind: 'waiting', reason: reasons.join('; ') };
    return undefined;
  }

  /** Consumes over one connection until it is gone or the receiver stops. */
  async #useConnection(connection: BrokerConnection, handler: ReceiverHandler): Promise<void> {
    this.#connection = connection;
    this.#connections += 1;
    const { where } = connection;
    this.#options.log.info({ broker: hostAndPort(where), vhost: where.vhost }, 'connected to the broker');
    while (connection.open && !this.#stopping.signal.aborted) {
      const attempt = await this.#attempt(connection, handler);
      const wait = attempt.kind === 'wait' ? attempt : await this.#consume(connection, attempt.intake);
      if (wait === undefined || !connection.open || this.#stopping.signal.aborted) continue;
      this.#wait(wait.level, wait, where);
      await pause(wait.ms ?? this.#backoff.next(), this.#stopping.signal, connection.gone);
    }
    if (this.#stopping.signal.aborted) return;
    const lost = (await connection.closed) ?? new Error('Unexpected close');
    this.#wait('warn', explain(lost, where, this.#queue), where);
  }

  /** One attempt to get at the queue's messages; what is in the way comes back as a value. */
  async #attempt(connection: BrokerConnection, handler: ReceiverHandler): Promise<Attempt> {
    try {
      const obstacle = await this.#prepare(connection);
      if (obstacle !== undefined) return obstacle;
      const intake = await Intake.open(connection, this.#intakeOptions(handler));
      return { kind: 'consuming', intake };
    } catch (error) {
      const explanation = explain(error, connection.where, this.#queue);
      return { kind: 'wait', level: 'warn', ...explanation };
    }
  }

  #intakeOptions(handler: ReceiverHandler): IntakeOptions {
    const { address, prefetch, log, backoff, random } = this.#options;
    const host = this.#host!;
    return {
      ...{ handler, log, random, announcer: this.#announcer, counts: this.#counts },
      queue: this.#queue,
      prefetch: Math.min(MOST_PREFETCH, Math.max(1, Math.floor(prefetch))),
      stopping: this.#stopping.signal,
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
  async #consume(connection: BrokerConnection, intake: Intake): Promise<Wait | undefined> {
    const { signal } = this.#stopping;
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
    if (performance.now() - begun >= STABLE_AFTER_MS) this.#backoff.reset();
    const explanation =
      end.kind === 'cancelled'
        ? cancelled(this.#queue)
        : explain(end.error ?? new Error('the channel was closed'), connection.where, this.#queue);
    return { kind: 'wait', level: 'warn', ...explanation };
  }

  #declareConsuming(connection: BrokerConnection): void {
    const { host, port, vhost } = connection.where;
    this.#state = { kind: 'consuming' };
    this.#announcer.forget();
    this.#queueBackoff.reset();
    const fields = { broker: hostAndPort({ host, port }), vhost, queue: this.#queue };
    this.#options.log.info(fields, `consuming ${this.#queue}`);
  }

  #wait(level: Wait['level'], explanation: Explanation & Pick<Wait, 'isStandby'>, where: Where): void {
    const { reason, isStandby = false } = explanation;
    this.#state = { kind: 'waiting', reason, ...(isStandby ? { isStandby } : {}) };
    this.#announce(level, explanation, where);
  }

  #announce(level: 'info' | 'warn', { reason, hint }: Explanation, where: Where): void {
    const fields = { broker: hostAndPort(where), vhost: where.vhost, queue: this.#queue, hint };
    this.#announcer.say(level, fields, `waiting: ${reason}`);
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
