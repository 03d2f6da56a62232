/** A private RabbitMQ for one test file: the machine's own, or the one that `--broker 4` unpacked. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Channel, connect, type GetMessage } from 'amqplib';
import { until } from './patience.js';

/** As scripts/private-broker.mjs has it. */
interface PrivateBroker {
  readonly amqpUrl: string;
  readonly managementUrl: string;
  readonly port: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  restartApplication(): Promise<void>;
  evaluate(expression: string): Promise<void>;
}

export interface BrokerOptions {
  /** Further lines of rabbitmq.conf. */
  readonly configuration?: readonly string[];
  /** The text of advanced.config. */
  readonly advanced?: string;
}

/**
 * Deliveries unacknowledged for longer than this have their channel closed with 406, and that is looked for all the
 * time instead of once a minute.
 */
export function withConsumerTimeout(ms: number): BrokerOptions {
  return {
    configuration: [`consumer_timeout = ${ms}`],
    advanced: '[{rabbit, [{channel_tick_interval, 500}]}].',
  };
}

export interface QueueState {
  readonly messages: number;
  readonly unacknowledged: number;
  readonly consumers: number;
}

export class Broker {
  private constructor(private readonly process: PrivateBroker) {}

  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const script = pathToFileURL(join(process.cwd(), 'scripts', 'private-broker.mjs')).href;
    const { startPrivateBroker } = (await import(script)) as {
      startPrivateBroker(options: BrokerOptions & { home?: string }): Promise<PrivateBroker>;
    };
    const home = process.env['OSPROFILER_BRIDGE_TEST_BROKER_HOME'];
    return new Broker(await startPrivateBroker({ ...options, ...(home ? { home } : {}) }));
  }

  get port(): number {
    return this.process.port;
  }

  /** The management API's root. */
  get managementUrl(): string {
    return this.process.managementUrl;
  }

  /** Shuts down in order, and starts again on the same data. */
  restart(): Promise<void> {
    return this.process.restart();
  }

  /** The same as {@link restart}, in a third of the time: what the broker runs in goes on. */
  restartApplication(): Promise<void> {
    return this.process.restartApplication();
  }

  /** The process of a classic queue answers nothing more, or does again. */
  suspend(vhost: string, queue: string, isSuspended = true): Promise<void> {
    const resource = `rabbit_misc:r(<<"${vhost}">>, queue, <<"${queue}">>)`;
    const how = isSuspended ? 'suspend' : 'resume';
    return this.process.evaluate(
      `{ok, Q} = rabbit_amqqueue:lookup(${resource}), sys:${how}(amqqueue:get_pid(Q)).`,
    );
  }

  /** Raises the alarm for memory, which stops all who publish, or lets it be over. */
  alarm(isOn: boolean): Promise<void> {
    const watermark = isOn ? '0.00001' : '0.4';
    return this.process.evaluate(`vm_memory_monitor:set_vm_memory_high_watermark(${watermark}).`);
  }

  /** Ends at once, as in a power cut, and starts again on the same data. */
  async crash(): Promise<void> {
    await this.process.kill();
    await this.process.restart();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  /** Makes a virtual host. @returns its name. */
  async createVhost(): Promise<string> {
    const name = `test-${randomUUID()}`;
    await this.ask('PUT', `vhosts/${name}`);
    await this.ask('PUT', `permissions/${name}/guest`, { configure: '.*', write: '.*', read: '.*' });
    return name;
  }

  /** Makes a user who may do everything in the virtual host, or gives the one there is another password. */
  async setUser(vhost: string, name: string, password: string): Promise<void> {
    await this.ask('PUT', `users/${name}`, { password, tags: '' });
    await this.ask('PUT', `permissions/${vhost}/${name}`, { configure: '.*', write: '.*', read: '.*' });
  }

  /** An AMQP URL that goes to the broker itself. */
  url(vhost: string): string {
    return `${this.process.amqpUrl}/${vhost}`;
  }

  /** Asks the management API: `path` after `/api/`. @returns undefined for what is not there. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const { protocol, host, username, password } = new URL(this.process.managementUrl);
    const response = await fetch(`${protocol}//${host}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`management API: ${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** What the management API says of a queue, half a second late; undefined when it knows of none. */
  async queueState(vhost: string, queue: string): Promise<QueueState | undefined> {
    const answer = (await this.ask('GET', `queues/${vhost}/${encodeURIComponent(queue)}`)) as
      | { messages?: number; messages_unacknowledged?: number; consumers?: number }
      | undefined;
    if (answer?.messages === undefined) return undefined;
    return {
      messages: answer.messages,
      unacknowledged: answer.messages_unacknowledged ?? 0,
      consumers: answer.consumers ?? 0,
    };
  }

  /** How many messages wait in a queue, as the queue itself says at this moment; undefined when there is none. */
  async ready(vhost: string, queue: string): Promise<number | undefined> {
    return this.withChannel(vhost, async (channel) => {
      try {
        return (await channel.checkQueue(queue)).messageCount;
      } catch {
        return undefined;
      }
    });
  }

  /** Takes all messages out of a queue. */
  empty(vhost: string, queue: string): Promise<GetMessage[]> {
    return this.withChannel(vhost, async (channel) => {
      const messages: GetMessage[] = [];
      for (;;) {
        const message = await channel.get(queue, { noAck: true });
        if (message === false) return messages;
        messages.push(message);
      }
    });
  }

  /** Runs an operation on a connection and channel of its own. */
  async withChannel<T>(vhost: string, operation: (channel: Channel) => Promise<T>): Promise<T> {
    const connection = await connect(this.url(vhost));
    connection.on('error', () => undefined);
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      const result = await operation(channel);
      // amqplib's closing of the connection overtakes what a channel still has to send; a channel's does not.
      await channel.close().catch(() => undefined);
      return result;
    } finally {
      await connection.close().catch(() => undefined);
    }
  }

  /** Waits until the queue says so. */
  async untilQueue(
    vhost: string,
    queue: string,
    what: string,
    holds: (state: QueueState) => boolean,
  ): Promise<void> {
    let last: QueueState | undefined;
    await until(
      () => `${queue}: ${what}; it is ${JSON.stringify(last)}`,
      async () => {
        last = await this.queueState(vhost, queue);
        return last !== undefined && holds(last);
      },
    );
  }
}
