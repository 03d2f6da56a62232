/**
 * One connection to one host of the broker: TLS, heartbeats, and an end that never takes the process with it.
 * amqplib's own recovery is not used: it knows one host, and a drop while it sets up can crash the process.
 */
import { readFile } from 'node:fs/promises';
import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  connect,
  type Options,
  type SocketOptions,
} from 'amqplib';
import type { Log } from '../contracts.js';
import { messageOf } from '../errors.js';
import type { BrokerAddress, BrokerHost, BrokerTls } from '../oslo/transport-url.js';
import { settledWithin } from '../pause.js';
import { readFramesFast, untilOpened } from './amqplib-patches.js';
import { hostAndPort, type Where } from './hints.js';

export type { Channel, GetMessage } from 'amqplib';

/** How the connection is called in the broker's listings. */
export const CONNECTION_NAME = 'osprofiler-otel-bridge';
export const DOCTOR_CONNECTION_NAME = `${CONNECTION_NAME} doctor`;
export const PUBLISHER_CONNECTION_NAME = `${CONNECTION_NAME} publisher`;
/** Silence for twice this long is the end of a connection; RabbitMQ's own default of 60 s finds a dead peer late. */
const DEFAULT_HEARTBEAT_SECONDS = 30;
/** How long opening a connection, or an operation, may take before it is given up. */
export const OPENING_DEADLINE_MS = 10_000;
/** How long the broker may take to answer while the bridge lets go; after that it counts as gone. */
export const ANSWER_DEADLINE_MS = 5_000;
/** How long a closed connection's socket may take to say its last words before it is destroyed. */
const LINGER_MS = 1_000;

/** The broker has not answered an operation in time: a queue's process or its node hangs, or the whole broker. */
export class Unanswered extends Error {
  readonly code = 'UNANSWERED';
}

/** Rejects with {@link Unanswered} when `answer` has not come in time. @param what for people: `consuming "q"`. */
export async function answered<T>(answer: Promise<T>, what: string, ms = OPENING_DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const give = (): void => reject(new Unanswered(`no answer within ${ms / 1_000} s to ${what}`));
    timer = setTimeout(give, ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An open connection. Once it is lost it stays lost; the receiver opens another. */
export class BrokerConnection {
  /** Resolves when the connection is gone, with the reason when it was not closed from here. */
  readonly closed: Promise<Error | undefined>;
  readonly #gone = new AbortController();
  #blocked = false;

  constructor(
    private readonly model: ChannelModel,
    readonly where: Where,
    private readonly socket: AbortController,
    log: Log,
  ) {
    let reason: Error | undefined;
    model.on('error', (error: Error) => {
      reason ??= error;
    });
    // A listener of amqplib's events that throws ends up here instead of in the process.
    model.on('handler-error', (error: Error) =>
      log.error({ error: messageOf(error) }, 'a connection event failed'),
    );
    const fields = { broker: hostAndPort(where), vhost: where.vhost };
    model.on('blocked', (why: string) => {
      this.#blocked = true;
      log.warn({ ...fields, reason: why }, 'the broker is short of resources and blocks publishers');
    });
    model.on('unblocked', () => {
      this.#blocked = false;
      log.info(fields, 'the broker takes publications again');
    });
    this.closed = new Promise((resolve) => {
      model.on('close', (error?: Error) => {
        this.#gone.abort();
        // A peer that is gone never ends its half of the socket, which would keep the process alive.
        setTimeout(() => socket.abort(), LINGER_MS).unref();
        resolve(reason ?? error);
      });
    });
  }

  /** What the broker calls itself: its product and version, empty where it does not say. */
  get server(): { readonly product: string; readonly version: string } {
    const { product, version } = this.model.connection.serverProperties;
    return { product: String(product ?? ''), version: String(version ?? '') };
  }

  get open(): boolean {
    return !this.#gone.signal.aborted;
  }

  /** Aborted when the connection is gone, to cut waits short. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether the broker blocks publishers for want of memory or disk. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** A channel that cannot crash the process: errors on it also reject the operation that caused them. */
  async createChannel(): Promise<Channel> {
    const channel = await answered(this.model.createChannel(), 'opening a channel');
    channel.on('error', () => undefined);
    return channel;
  }

  /** Like {@link createChannel}; the broker confirms what is published on it. */
  async createConfirmChannel(): Promise<ConfirmChannel> {
    const channel = await answered(this.model.createConfirmChannel(), 'opening a channel');
    channel.on('error', () => undefined);
    return channel;
  }

  /**
   * Runs one operation on a channel of its own, since a refusal (a passive check that finds nothing, too) closes the
   * channel it was asked on. Rejects with what the operation rejects with, or with {@link Unanswered}.
   * @param what for people: `declaring "q"`.
   */
  async onThrowawayChannel<T>(
    operation: (channel: Channel) => Promise<T>,
    what = 'an operation',
  ): Promise<T> {
    const channel = await this.createChannel();
    try {
      return await answered(operation(channel), what);
    } finally {
      // Not awaited: nothing depends on the handshake, and on a channel that a refusal closed it rejects at once.
      channel.close().catch(() => undefined);
    }
  }

  /** Closes in order, or after a deadline without; never rejects. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.model.close().catch(() => undefined);
    await settledWithin(this.closed, ANSWER_DEADLINE_MS);
    if (this.open) this.destroy();
  }

  /** Ends the connection without a word to a broker that does not answer. */
  destroy(): void {
    this.socket.abort();
  }
}

/**
 * Connects to one host. Rejects with whatever amqplib, the network or the TLS files' reading says (see `explain`).
 * @param signal - aborting it gives up an attempt under way.
 * @param name - how the broker lists it.
 */
export async function openConnection(
  address: BrokerAddress,
  host: BrokerHost,
  signal: AbortSignal,
  log: Log,
  name: string = CONNECTION_NAME,
): Promise<BrokerConnection> {
  const socket = new AbortController();
  const giveUp = (): void => socket.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  // amqplib's own limit is one of silence: a peer that drips bytes would hold the attempt up for ever.
  const deadline = setTimeout(giveUp, OPENING_DEADLINE_MS);
  try {
    const options = await socketOptions(address.tls, socket.signal, name);
    const opening = untilOpened(() => connect(connectOptions(address, host), options));
    const model = await Promise.race([opening, givenUp(socket.signal)]);
    readFramesFast(model.connection);
    return new BrokerConnection(model, whereOf(address, host), socket, log);
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', giveUp);
  }
}

/** Rejects when `signal` is aborted, in the terms of a socket that timed out. */
function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timedOut = (): void => reject(Object.assign(new Error('given up'), { code: 'ETIMEDOUT' }));
    if (signal.aborted) timedOut();
    else signal.addEventListener('abort', timedOut, { once: true });
  });
}

/** Where a host of the address is, for logs. */
export function whereOf(address: BrokerAddress, host: BrokerHost): Where {
  const username = host.username ?? address.username;
  return { host: host.host, port: host.port, vhost: address.vhost, username };
}

function connectOptions(address: BrokerAddress, host: BrokerHost): Options.Connect {
  return {
    protocol: address.tls === undefined ? 'amqp' : 'amqps',
    hostname: host.host,
    port: host.port,
    username: host.username ?? address.username,
    password: host.password ?? address.password,
    // amqplib decodes it once more, even here.
    vhost: encodeURIComponent(address.vhost),
    heartbeat: address.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS,
  };
}

async function socketOptions(
  tls: BrokerTls | undefined,
  signal: AbortSignal,
  name: string,
): Promise<SocketOptions & { signal: AbortSignal }> {
  return {
    signal,
    timeout: OPENING_DEADLINE_MS,
    keepAlive: true,
    noDelay: true,
    clientProperties: { connection_name: name },
    ...(tls === undefined ? {} : await brokerTlsOptions(tls)),
  };
}

/** What Node's TLS is told, the files read. */
export interface BrokerTlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
}

/** Read at each attempt, so that renewed certificates are taken up with the next connection. */
export async function brokerTlsOptions(tls: BrokerTls): Promise<BrokerTlsOptions> {
  return {
    rejectUnauthorized: tls.verify,
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.ca === undefined ? {} : { ca: await readFile(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: await readFile(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: await readFile(tls.key) }),
    ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
  };
}
