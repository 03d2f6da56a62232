/**
 * The options of a transport URL, and of a service's `[oslo_messaging_rabbit]`, that say how to connect: TLS and
 * heartbeat. Names from openstack/oslo.messaging `_drivers/impl_rabbit.py`; beside them those that RabbitMQ documents
 * for `amqps://` (https://www.rabbitmq.com/docs/uri-query-parameters).
 */

/** How to speak TLS to the broker. Files are paths; nothing is read here. */
export interface BrokerTls {
  /** Certification authorities, PEM; absent: those the runtime trusts. */
  readonly ca?: string;
  /** The client's certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /**
   * Whether the broker's certificate is checked, chain and name. On unless the URL says `verify=verify_none`;
   * oslo.messaging by itself checks the chain only with a CA file, and the name only when asked to.
   */
  readonly verify: boolean;
  /** The name that the certificate must carry, when it is not the host's. */
  readonly serverName?: string;
}

/** Options by name, as text. */
export type Options = ReadonlyMap<string, string>;

export interface BrokerOptions {
  readonly tls?: BrokerTls;
  /** Seconds, 0 for none; absent: not said. */
  readonly heartbeatSeconds?: number;
  /** The names in the query that have no effect here. */
  readonly ignored: string[];
}

/** The names an option goes by: oslo.messaging's, then RabbitMQ's. */
const OPTION_NAMES = {
  ssl: ['ssl'],
  ca: ['ssl_ca_file', 'cacertfile'],
  cert: ['ssl_cert_file', 'certfile'],
  key: ['ssl_key_file', 'keyfile'],
  passphrase: ['ssl_key_password', 'password'],
  serverName: ['server_name_indication'],
  verify: ['verify'],
  heartbeat: ['heartbeat_timeout_threshold', 'heartbeat'],
} as const;

type OptionName = keyof typeof OPTION_NAMES;
type Lookup = (name: OptionName) => string | undefined;
/** Takes what is wrong and what would be right; never a value, since it may be a password gone astray. */
type Complain = (problem: string) => void;

const TLS_TEXTS = ['ca', 'cert', 'key', 'passphrase', 'serverName'] as const;
/** AMQP's heartbeat is an unsigned 16-bit number. */
const LONGEST_HEARTBEAT = 65_535;

/**
 * @param secure the URL's scheme says TLS
 * @param defaults used where the query says nothing
 */
export function readBrokerOptions(
  secure: boolean,
  query: Options,
  defaults: Options,
  complain: Complain,
): BrokerOptions {
  const option: Lookup = (name) => findOption(name, query) ?? findOption(name, defaults);
  const tls = readTls(secure, option, complain);
  const heartbeatSeconds = readHeartbeat(option('heartbeat'), complain);
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
    ignored: namesWithoutEffect(query, complain),
  };
}

function findOption(name: OptionName, options: Options): string | undefined {
  const names: readonly string[] = OPTION_NAMES[name];
  const given = names.find((each) => options.has(each));
  return given === undefined ? undefined : options.get(given);
}

function readTls(secure: boolean, option: Lookup, complain: Complain): BrokerTls | undefined {
  const verify = readVerify(option('verify'), complain);
  const ssl = readBoolean('ssl', option('ssl'), complain);
  if (secure && ssl === false) {
    complain('the transport URL begins with amqps:// but the option ssl says false: leave out one of them');
  }
  if (!secure && ssl !== true) {
    return undefined;
  }
  const texts: Partial<Record<(typeof TLS_TEXTS)[number], string>> = {};
  for (const name of TLS_TEXTS) {
    const value = option(name);
    if (value !== undefined && value !== '') {
      texts[name] = value;
    }
  }
  return { ...texts, verify };
}

/** What oslo.config's `Boolean` takes (`types.py`). */
function readBoolean(name: string, text: string | undefined, complain: Complain): boolean | undefined {
  const value = text?.toLowerCase();
  if (value === undefined) {
    return undefined;
  }
  if (['true', '1', 'on', 'yes'].includes(value)) {
    return true;
  }
  if (!['false', '0', 'off', 'no'].includes(value)) {
    complain(`the option ${name} is not a boolean: use true or false`);
  }
  return false;
}

function readVerify(text: string | undefined, complain: Complain): boolean {
  if (text !== undefined && text !== 'verify_peer' && text !== 'verify_none') {
    complain('the option verify is neither verify_peer nor verify_none');
  }
  return text !== 'verify_none';
}

function readHeartbeat(text: string | undefined, complain: Complain): number | undefined {
  const digits = text?.trim();
  if (digits === undefined || digits === '') {
    return undefined;
  }
  const seconds = /^\+?\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(seconds <= LONGEST_HEARTBEAT)) {
    complain(
      `the heartbeat (heartbeat_timeout_threshold) is not a number of seconds from 0 to ${LONGEST_HEARTBEAT}`,
    );
  }
  return seconds;
}

/** The broker's name is checked anyway, so asking for that is heeded and forbidding it is not. */
function namesWithoutEffect(query: Options, complain: Complain): string[] {
  const known = new Set<string>(Object.values(OPTION_NAMES).flat());
  const nameCheck = 'ssl_enforce_hostname_verification';
  if (readBoolean(nameCheck, query.get(nameCheck), complain) === true) {
    known.add(nameCheck);
  }
  return [...query.keys()].filter((name) => !known.has(name));
}
