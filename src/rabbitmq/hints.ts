/**
 * What an error of the broker or the network means to whoever runs the bridge, and what to do about it. Pure.
 * The texts that are told apart here were seen with amqplib 2.3 on RabbitMQ 3.10; nothing here repeats a password.
 */
import { messageOf } from '../errors.js';

/** Where an attempt went. `username` is for the hints; the password is never part of this. */
export interface Where {
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
}

/** What went wrong, and what to do about it: two sentences without a full stop. */
export interface Explanation {
  readonly reason: string;
  readonly hint: string;
}

/** `host:port`, with brackets round an IPv6 address. */
export function hostAndPort(where: { readonly host: string; readonly port: number }): string {
  return where.host.includes(':') ? `[${where.host}]:${where.port}` : `${where.host}:${where.port}`;
}

/**
 * Explains whatever an attempt to connect, check, lock, declare, bind or consume threw.
 * @param queue - the queue that the bridge consumes, for the hints.
 */
export function explain(error: unknown, where: Where, queue: string): Explanation {
  const message = messageOf(error).trim();
  const code = codeOf(error);
  return (
    explainFile(error, code, message) ??
    explainUnanswered(code, message, where) ??
    explainNetwork(code, where) ??
    explainTls(code, message, where) ??
    explainHandshake(message, where) ??
    explainRefusal(code, message, where, queue) ??
    explainClosing(code, message, where) ?? {
      reason: `the broker ${hostAndPort(where)} could not be used: ${message || code || 'no reason given'}`,
      hint: "look at the broker's log",
    }
  );
}

/** Explains why a publication to a queue of ours did not come off. */
export function explainUnwritten(
  published: { readonly kind: 'refused' | 'missing' } | { readonly kind: 'failed'; readonly error: unknown },
  where: Where,
  queue: string,
): Explanation {
  switch (published.kind) {
    case 'refused':
      return {
        reason: `the queue "${queue}" takes no more: it is full`,
        hint: 'see what is in it, and make room (osprofiler-otel-bridge dead-letters list, replay, purge)',
      };
    case 'missing':
      return { reason: `the queue "${queue}" was deleted`, hint: 'declaring it again' };
    case 'failed':
      return explain(published.error, where, queue);
  }
}

/** An AMQP reply code (a number) or a system error's code (a text), as text; empty when there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' || typeof error.code === 'number' ? String(error.code) : '';
}

/** System errors that come from opening or reading a file, never from a socket. */
const FILE_CODES: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM']);

function explainFile(error: unknown, code: string, message: string): Explanation | undefined {
  const operation = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  if (!FILE_CODES.has(code) || (operation !== 'open' && operation !== 'read')) return undefined;
  return {
    reason: `a file of the TLS settings cannot be read (${code}): ${message}`,
    hint: 'correct the path in the transport URL, or let the user that runs the bridge read it',
  };
}

const NETWORK: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'start the broker, or correct host and port in the transport URL'],
  ENOTFOUND: [
    'the name is unknown',
    "correct the host in the transport URL, or the machine's name resolution",
  ],
  EAI_AGAIN: ['the name cannot be looked up now', "check the machine's name resolution"],
  ETIMEDOUT: ['no answer in time', 'check the address, and the firewalls on the way'],
  EHOSTUNREACH: ['no way there', 'check the address, the routes and the firewalls on the way'],
  ENETUNREACH: ['no way there', 'check the address, the routes and the firewalls on the way'],
  ECONNRESET: [
    'the connection was cut',
    'see whether the broker runs, and whether it expects TLS or a client certificate on this port',
  ],
  EPIPE: [
    'the connection was cut',
    'see whether the broker runs, and whether it expects TLS or a client certificate on this port',
  ],
};

function explainNetwork(code: string, where: Where): Explanation | undefined {
  const known = NETWORK[code];
  if (known === undefined) return undefined;
  return {
    reason: `the broker ${hostAndPort(where)} cannot be reached: ${known[0]} (${code})`,
    hint: known[1],
  };
}

function explainUnanswered(code: string, message: string, where: Where): Explanation | undefined {
  if (code !== 'UNANSWERED') return undefined;
  return {
    reason: `the broker ${hostAndPort(where)} hangs: ${message}`,
    hint: "see whether all nodes of the cluster run and the queue's leader is alive (rabbitmqctl cluster_status, list_queues name state)",
  };
}

const CHAIN_CODES: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
]);

function explainTls(code: string, message: string, where: Where): Explanation | undefined {
  const at = hostAndPort(where);
  if (CHAIN_CODES.has(code)) {
    return {
      reason: `the certificate of ${at} is not trusted (${code})`,
      hint: 'name the CA file that signed it in the transport URL (ssl_ca_file)',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      reason: `the certificate of ${at} is for another name (${code})`,
      hint: 'use a name that the certificate carries as host, or say which one it carries (server_name_indication)',
    };
  }
  if (code.startsWith('CERT_')) {
    return {
      reason: `the certificate of ${at} is not valid (${code})`,
      hint: "renew the broker's certificate, and check both clocks",
    };
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return {
      reason: `${at} does not speak TLS (${code})`,
      hint: "use the broker's TLS port (usually 5671), or a transport URL without TLS",
    };
  }
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) {
    return {
      reason: `${at} does not accept the client certificate (${code})`,
      hint: 'name a certificate and key that the broker trusts in the transport URL',
    };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_')) {
    return {
      reason: `TLS with ${at} failed (${code}): ${message}`,
      hint: 'check the TLS settings of the transport URL and the broker',
    };
  }
  return undefined;
}

function explainHandshake(message: string, where: Where): Explanation | undefined {
  const at = hostAndPort(where);
  if (/^Handshake terminated by server: 403/.test(message)) {
    return {
      reason: `the broker ${at} does not accept user "${where.username}" with this password (403)`,
      hint: 'correct user and password in the transport URL; "guest" is welcome only from the broker\'s own machine',
    };
  }
  // amqplib keeps the reason of a refused connection.open to itself: only that one came is known.
  if (message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose') || /\b530\b/.test(message)) {
    return {
      reason: `the broker ${at} does not let user "${where.username}" into the virtual host "${where.vhost}"`,
      hint:
        'see that it exists (rabbitmqctl list_vhosts), that the user has permissions in it ' +
        `(rabbitmqctl list_user_permissions ${where.username}), and that no connection limit is reached`,
    };
  }
  if (message.startsWith('Handshake terminated by server') || message.includes('during opening handshake')) {
    return {
      reason: `the broker ${at} ended the handshake: ${message}`,
      hint: 'see whether this port speaks AMQP 0-9-1, and whether it expects TLS',
    };
  }
  if (message.startsWith('connect ETIMEDOUT')) {
    return {
      reason: `the broker ${at} does not answer in time`,
      hint: 'check host and port, the firewalls on the way, and whether this port expects TLS',
    };
  }
  return undefined;
}

function explainRefusal(code: string, message: string, where: Where, queue: string): Explanation | undefined {
  const said = brokerText(message);
  const inVhost = `in the virtual host "${where.vhost}" of ${hostAndPort(where)}`;
  switch (code) {
    case '403':
      if (said.includes('exclusive use')) {
        return {
          reason: `somebody else consumes "${queue}" exclusively ${inVhost}`,
          hint: 'stop that consumer (rabbitmqctl list_consumers), or use tap mode with a queue of its own',
        };
      }
      return {
        reason: `user "${where.username}" lacks a permission ${inVhost}: ${said}`,
        hint: permissionHint(message, where),
      };
    case '404':
      return {
        reason: `something is missing ${inVhost}: ${said}`,
        hint: 'waiting for it; an OpenStack service makes it with its first notification',
      };
    case '405':
      return {
        reason: `the queue belongs to another connection ${inVhost}: ${said}`,
        hint: 'stop the other program, or name another queue',
      };
    case '406':
      return {
        reason: `the broker holds something against the queue or what was settled ${inVhost}: ${said}`,
        hint: "compare the queue's properties and the broker's consumer_timeout with the bridge's settings",
      };
    default:
      return undefined;
  }
}

/** Which of RabbitMQ's three permissions the refused operation needs. */
function permissionHint(message: string, where: Where): string {
  const needed = neededFor(message);
  return `grant ${needed}: rabbitmqctl set_permissions -p "${where.vhost}" "${where.username}" <configure> <write> <read>`;
}

function neededFor(message: string): string {
  if (message.includes('BasicConsume')) return 'read on the queue';
  if (message.includes('QueueBind')) return 'write on the queue and read on the exchange';
  if (message.includes("exchange 'amq.default'")) return 'write on "^amq\\.default$", to set messages aside';
  const purpose = message.includes('.lock.')
    ? 'the lock that keeps a second bridge away'
    : 'what the bridge declares';
  return `configure on it (for ${purpose}: "^osprofiler-otel-bridge")`;
}

function explainClosing(code: string, message: string, where: Where): Explanation | undefined {
  if (code === '320') {
    return {
      reason: `the broker ${hostAndPort(where)} closed the connection: ${brokerText(message)}`,
      hint: 'reconnecting; the broker stops, or an operator closed it',
    };
  }
  if (message === 'Heartbeat timeout' || message === 'Unexpected close') {
    return {
      reason: `the connection to ${hostAndPort(where)} was lost: ${message.toLowerCase()}`,
      hint: 'reconnecting; if it comes back often, look at the network and at the broker',
    };
  }
  return undefined;
}

/** The broker's own words in amqplib's message, without the symbol before them. */
function brokerText(message: string): string {
  const quoted = /with message "([\s\S]*)"$/.exec(message)?.[1] ?? message;
  return quoted.replace(/^[A-Z_]+ - /, '');
}
