/**
 * oslo.messaging's transport URLs, `rabbit://user:password@host:5672,host2:5672/vhost?options`, read as the services
 * read them: openstack/oslo.messaging `transport.py` (splitting and decoding), `_drivers/impl_rabbit.py` (options) and
 * kombu's `transport/pyamqp.py` (what is left out). `amqp://` and `amqps://` are taken too, with the options that
 * RabbitMQ documents for them (https://www.rabbitmq.com/docs/uri-query-parameters).
 *
 * No problem ever quotes the URL: a password that was not encoded can turn up in any part of it.
 */
import { isIPv6 } from 'node:net';
import { type BrokerTls, type Options, readBrokerOptions } from './broker-options.js';
import { decodePercent, encodePercent, parseQuery } from './url-text.js';

export type { BrokerTls, Options } from './broker-options.js';
export { redactTransportUrl } from './url-text.js';

/** One node of the cluster. */
export interface BrokerHost {
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Only when the URL gives this host credentials; otherwise those of the address hold. Both are there or neither. */
  readonly username?: string;
  readonly password?: string;
}

/** Where the broker is and how to get in. */
export interface BrokerAddress {
  /** At least one, in the URL's order. */
  readonly hosts: readonly BrokerHost[];
  /** Those of the first host that has any, `guest` otherwise. */
  readonly username: string;
  readonly password: string;
  /** Decoded; `/` when the URL names none. */
  readonly vhost: string;
  readonly tls?: BrokerTls;
  /** Seconds, 0 for none; absent: not said. */
  readonly heartbeatSeconds?: number;
}

/** An address with the names of the URL's options that have no effect here, or what is wrong and what would be right. */
export type ParsedTransportUrl =
  | { readonly ok: true; readonly address: BrokerAddress; readonly ignored: string[] }
  | { readonly ok: false; readonly problem: string };

type Complain = (problem: string) => void;

interface Scheme {
  readonly secure: boolean;
  /** Of a host that names none. */
  readonly port: number;
}

/**
 * oslo.messaging fills in `host.port or 5672` whatever the scheme and the options, so a broker that its services reach
 * over TLS without naming a port listens there. `amqps` is not oslo.messaging's: RabbitMQ's own rule holds.
 */
const PLAIN: Scheme = { secure: false, port: 5672 };
const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['rabbit', PLAIN],
  ['kombu', PLAIN],
  ['kombu+amqp', PLAIN],
  ['kombu+pyamqp', PLAIN],
  ['kombu+amqps', { secure: true, port: 5672 }],
  ['amqp', PLAIN],
  ['amqps', { secure: true, port: 5671 }],
]);
const SHAPE = 'rabbit://user:password@host:5672/vhost';
const ENCODE = 'characters like / ? # @ : , and % in a user name or password are to be percent-encoded';
/** What kombu's pyamqp transport fills in for a user name or password that is missing or empty. */
const GUEST = 'guest';

/**
 * Reads a transport URL.
 * @param defaults options to use where the URL does not give them, as a service's `[oslo_messaging_rabbit]` does
 */
export function parseTransportUrl(text: string, defaults: Options = new Map()): ParsedTransportUrl {
  const parts = splitUrl(text);
  if (parts === undefined) {
    return {
      ok: false,
      problem: `the transport URL begins with none of rabbit://, kombu://, amqp:// and amqps://; expected ${SHAPE}`,
    };
  }
  const problems: string[] = [];
  const complain = (problem: string) => problems.push(problem);
  const { ignored, ...options } = readBrokerOptions(
    parts.scheme.secure,
    parseQuery(parts.query),
    defaults,
    complain,
  );
  const hosts = readHosts(parts.authority, parts.scheme.port, complain);
  if (problems.length > 0) {
    return { ok: false, problem: problems.join('; ') };
  }
  const first = hosts.find((host) => host.username !== undefined);
  const username = first?.username ?? GUEST;
  const password = first?.password ?? GUEST;
  const vhost = decodePercent(parts.path.slice(1)) || '/';
  return { ok: true, address: { hosts, username, password, vhost, ...options }, ignored };
}

interface UrlParts {
  readonly scheme: Scheme;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** Splits as Python's `urlsplit` does; tabs and line ends vanish, since a URL may be continued over lines of a file. */
function splitUrl(text: string): UrlParts | undefined {
  const oneLine = text.replace(/[\t\r\n]/g, '').trim();
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*)|(?=\/))([^?#]*)(?:\?([^#]*))?/i.exec(oneLine);
  const scheme = SCHEMES.get(match?.[1]?.toLowerCase() ?? '');
  if (match === null || scheme === undefined) {
    return undefined;
  }
  const [, , authority = '', path = '', query = ''] = match;
  return { scheme, authority, path, query };
}

/** A URL without hosts is oslo.messaging's default, `rabbit://`: the broker on this machine. */
function readHosts(authority: string, defaultPort: number, complain: Complain): BrokerHost[] {
  const entries = authority.split(',').filter((entry) => entry !== '');
  if (entries.length === 0) {
    return [{ host: 'localhost', port: defaultPort }];
  }
  return entries.map((entry, index) => {
    const where = `host ${index + 1} in the transport URL`;
    return readHost(entry, defaultPort, (problem) => complain(problem.replace('%s', where)));
  });
}

/** `user:password@host:port`; the last `@` counts, since a user name may contain one. */
function readHost(entry: string, defaultPort: number, complain: Complain): BrokerHost {
  const at = entry.lastIndexOf('@');
  const credentials = at === -1 ? {} : readCredentials(entry.slice(0, at));
  const [, bracketed, name = '', port = ''] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(entry.slice(at + 1)) ?? [];
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    complain('%s has something other than an IPv6 address in its brackets; right would be [::1]:5672');
  } else if (bracketed === undefined && name === '') {
    complain(`%s has no name; expected ${SHAPE}`);
  } else if (bracketed === undefined && !/^[\p{L}\p{N}._~-]+$/u.test(name)) {
    complain(`%s has a character in its name that no host has; ${ENCODE}`);
  }
  return {
    host: bracketed ?? name,
    port: readPort(port, defaultPort, complain),
    ...credentials,
  };
}

function readCredentials(text: string): { username?: string; password?: string } {
  const colon = text.indexOf(':');
  const username = decodePercent(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? '' : decodePercent(text.slice(colon + 1));
  if (username === '' && password === '') {
    return {};
  }
  return { username: username || GUEST, password: password || GUEST };
}

function readPort(text: string, defaultPort: number, complain: Complain): number {
  if (text === '') {
    return defaultPort;
  }
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    complain(
      `the port of %s is not a number from 1 to 65535; ${ENCODE}, and an IPv6 address goes in brackets`,
    );
  }
  return port;
}

/** Hosts and virtual host, without any credential: `rabbit1:5672,rabbit2:5672/nova`. */
export function describeBrokers({ hosts, vhost }: BrokerAddress): string {
  const places = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return `${places.join(',')}/${vhost === '/' ? '' : encodePercent(vhost)}`;
}

/** For people: every host and user, no password and no option; it can be parsed again. */
export function describeAddress(address: BrokerAddress): string {
  const hosts = address.hosts.map(({ host, port, username }, index) => {
    const user = username ?? (index === 0 ? address.username : undefined);
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    return user === undefined ? place : `${encodePercent(user)}@${place}`;
  });
  const vhost = address.vhost === '/' ? '' : encodePercent(address.vhost);
  return `rabbit://${hosts.join(',')}/${vhost}`;
}
