/** The broker that the measurements run on: virtual hosts of their own, and backlogs in them. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, connect } from 'amqplib';
import { bodyAt } from './corpus.js';

export const QUEUE = 'profiler.info';

const PROPERTIES = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  deliveryMode: 2,
  priority: 0,
} as const;

/** A virtual host with the services' queue. */
export interface Vhost {
  readonly amqpUrl: string;
  /** As OpenStack writes it. */
  readonly transportUrl: string;
  /** Publishes the bodies `from` to `to` of the corpus, and waits until the queue has them. */
  fill(from: number, to: number): Promise<void>;
  /** Messages in the queue that nobody has. */
  ready(): Promise<number>;
  withChannel<Result>(operation: (channel: Channel) => Promise<Result>): Promise<Result>;
  remove(): Promise<void>;
}

let made = 0;

export async function createVhost(): Promise<Vhost> {
  const name = `bench-${process.pid}-${++made}`;
  await manage('PUT', `vhosts/${name}`);
  const url = new URL(variable('OSPROFILER_BRIDGE_BENCH_AMQP_URL'));
  url.pathname = `/${name}`;
  const { host, username, password } = url;
  await manage('PUT', `permissions/${name}/${username}`, { configure: '.*', write: '.*', read: '.*' });
  const amqpUrl = url.toString();

  const withChannel: Vhost['withChannel'] = async (operation) => {
    const connection = await connect(amqpUrl);
    try {
      const channel = await connection.createChannel();
      const result = await operation(channel);
      // The connection's closing would overtake what the channel still has to send.
      await channel.close();
      return result;
    } finally {
      await connection.close();
    }
  };
  // As the services declare it with OpenStack's default options.
  await withChannel((channel) => channel.assertQueue(QUEUE, { durable: false, autoDelete: false }));
  const ready = () => withChannel(async (channel) => (await channel.checkQueue(QUEUE)).messageCount);
  return {
    amqpUrl,
    transportUrl: `rabbit://${username}:${password}@${host}/${name}`,
    fill: (from, to) => withChannel((channel) => publish(channel, from, to)),
    ready,
    withChannel,
    remove: async () => void (await manage('DELETE', `vhosts/${name}`)),
  };
}

export async function brokerVersion(): Promise<string> {
  const { rabbitmq_version, erlang_version } = (await manage('GET', 'overview')) as Record<string, string>;
  return `RabbitMQ ${rabbitmq_version}, Erlang ${erlang_version}`;
}

async function publish(channel: Channel, from: number, to: number): Promise<void> {
  const { messageCount } = await channel.checkQueue(QUEUE);
  for (let index = from; index < to; index++) {
    if (!channel.sendToQueue(QUEUE, bodyAt(index), PROPERTIES)) await once(channel, 'drain');
  }
  while ((await channel.checkQueue(QUEUE)).messageCount < messageCount + to - from) await sleep(50);
}

async function manage(method: string, path: string, body?: unknown): Promise<unknown> {
  const url = new URL(`/api/${path}`, variable('OSPROFILER_BRIDGE_BENCH_MANAGEMENT_URL'));
  const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
  url.username = '';
  url.password = '';
  const response = await fetch(url, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run npm run bench`);
  return value;
}
