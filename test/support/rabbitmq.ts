/**
 * A real RabbitMQ for integration tests: the one that two environment variables name, which `npm test` sets to a
 * private broker of its own. Each test works in a virtual host of its own, so nothing of one is seen by another.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, connect } from 'amqplib';
import type { BrokerAddress } from '../../src/oslo/transport-url.js';

const AMQP_VARIABLE = 'OSPROFILER_BRIDGE_TEST_AMQP_URL';
const MANAGEMENT_VARIABLE = 'OSPROFILER_BRIDGE_TEST_MANAGEMENT_URL';

/** How long a condition may take to come true before the test fails: far beyond what anything takes, on a busy machine too. */
const PATIENCE_MS = 60_000;

export interface TestUser {
  readonly username: string;
  readonly password: string;
}

/** What a user may do in a virtual host, as RabbitMQ's three regular expressions. */
export interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** A virtual host that goes with the test. */
export interface TestVhost {
  readonly name: string;
  /** Where it is, as the receiver takes it; `user` instead of the administrator. */
  address(user?: TestUser): BrokerAddress;
  /**
   * Runs an operation on a connection and channel of the test's own. Resolves when the broker has confirmed what was
   * published on it: a quorum queue may lose what nobody waited for when the channel ends.
   */
  withChannel<T>(operation: (channel: Channel) => Promise<T>): Promise<T>;
  /** A fresh user with these permissions here; without any, it may not enter. */
  createUser(permissions?: Permissions): Promise<TestUser>;
  /** Has the broker close the bridges' connections to this virtual host; waits until there is one. */
  closeBridgeConnections(): Promise<void>;
  remove(): Promise<void>;
}

export interface TestBroker {
  readonly host: string;
  readonly port: number;
  /** An AMQP URL to a virtual host. */
  url(vhost: string): string;
  /** Asks the management API: `path` after `/api/`. @returns the decoded answer, undefined when it is empty. */
  management(method: string, path: string, body?: unknown): Promise<unknown>;
  createVhost(): Promise<TestVhost>;
}

/** The broker for tests. Throws when there is none: a test that needs one must not pass without. */
export function broker(): TestBroker {
  const amqp = new URL(required(AMQP_VARIABLE));
  const managementRoot = new URL(required(MANAGEMENT_VARIABLE));
  const admin: TestUser = {
    username: decodeURIComponent(amqp.username),
    password: decodeURIComponent(amqp.password),
  };
  const host = amqp.hostname;
  const port = Number(amqp.port || 5672);
  const management = (method: string, path: string, body?: unknown): Promise<unknown> =>
    ask(managementRoot, method, path, body);
  const url = (vhost: string): string =>
    `amqp://${amqp.username}:${amqp.password}@${host}:${port}/${encodeURIComponent(vhost)}`;
  return {
    host,
    port,
    url,
    management,
    createVhost: async () => {
      const name = `test-${randomUUID()}`;
      await management('PUT', `vhosts/${name}`);
      await management('PUT', `permissions/${name}/${encodeURIComponent(admin.username)}`, ALL);
      return testVhost({ name, host, port, admin, url: url(name), management });
    },
  };
}

const ALL: Permissions = { configure: '.*', write: '.*', read: '.*' };

interface VhostParts {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly admin: TestUser;
  readonly url: string;
  readonly management: TestBroker['management'];
}

function testVhost({ name, host, port, admin, url, management }: VhostParts): TestVhost {
  const users: string[] = [];
  const closed = new Set<string>();
  return {
    name,
    address: (user = admin) => ({ hosts: [{ host, port }], ...user, vhost: name }),
    withChannel: async (operation) => {
      const connection = await connect(url);
      connection.on('error', () => undefined);
      try {
        const channel = await connection.createConfirmChannel();
        channel.on('error', () => undefined);
        const result = await operation(channel);
        await channel.waitForConfirms();
        // amqplib's closing of the connection overtakes what a channel still has to send; a channel's does not.
        await channel.close().catch(() => undefined);
        return result;
      } finally {
        await connection.close().catch(() => undefined);
      }
    },
    createUser: async (permissions) => {
      const user = { username: `user-${randomUUID()}`, password: randomUUID() };
      users.push(user.username);
      await management('PUT', `users/${user.username}`, { password: user.password, tags: '' });
      if (permissions !== undefined)
        await management('PUT', `permissions/${name}/${user.username}`, permissions);
      return user;
    },
    closeBridgeConnections: async () => {
      // Connections show up in the management API, and leave it, some time after they are made and closed.
      const names = await eventually(async () => {
        const listed = connectionNames(await management('GET', `vhosts/${name}/connections`));
        const fresh = listed.filter((connection) => !closed.has(connection));
        return fresh.length > 0 ? fresh : undefined;
      });
      for (const connection of names) {
        closed.add(connection);
        await management('DELETE', `connections/${encodeURIComponent(connection)}`);
      }
    },
    remove: async () => {
      await management('DELETE', `vhosts/${name}`);
      for (const user of users) await management('DELETE', `users/${user}`);
    },
  };
}

/** Resolves with the first value other than undefined and false; rejects with the last one's absence. */
export async function eventually<T>(probe: () => Promise<T> | T): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`did not come true within ${PATIENCE_MS / 1000} s`);
    await sleep(20);
  }
}

function connectionNames(listed: unknown): string[] {
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((connection: { name?: string; client_properties?: { connection_name?: string } }) =>
    connection.client_properties?.connection_name === 'osprofiler-otel-bridge' &&
    connection.name !== undefined
      ? [connection.name]
      : [],
  );
}

async function ask(root: URL, method: string, path: string, body: unknown): Promise<unknown> {
  const credentials = `${decodeURIComponent(root.username)}:${decodeURIComponent(root.password)}`;
  const response = await fetch(`${root.protocol}//${root.host}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // Gone already is as good as deleted.
  const fine = response.ok || (method === 'DELETE' && response.status === 404);
  if (!fine) throw new Error(`management API: ${method} ${path} → ${response.status} ${text}`);
  return text === '' || response.status === 404 ? undefined : JSON.parse(text);
}

function required(variable: string): string {
  const value = process.env[variable];
  if (value === undefined || value === '') {
    throw new Error(`${variable} is not set: run "npm test", which starts a private broker and sets it`);
  }
  return value;
}
