/**
 * The broker as a service's own configuration file names it (nova.conf, keystone.conf, …). Options, their defaults and
 * their older names are those of openstack/oslo.messaging: `transport.py`, `notify/notifier.py`,
 * `_drivers/impl_rabbit.py`.
 */
import { type Expanded, expandReferences, type IniSections, type IniValue, parseOsloIni } from './ini.js';
import { type BrokerAddress, parseTransportUrl } from './transport-url.js';

/** What a service's file says about its notifications. */
export interface OsloBroker {
  /** The URL's own options before those of `[oslo_messaging_rabbit]`. */
  readonly address: BrokerAddress;
  /** As the service sees it, password included: not for logs. */
  readonly transportUrl: string;
  /** Notification drivers, all that are given; osprofiler's notifications do not depend on them. */
  readonly drivers: readonly string[];
  /** Topics of the service's other notifications; `['notifications']` when the file has none. */
  readonly topics: readonly string[];
  /** Only when the file sets it: services have defaults of their own beside oslo.messaging's `openstack`. */
  readonly controlExchange?: string;
  /** Options of the URL that have no effect here. */
  readonly ignored: readonly string[];
}

export type ReadOsloBroker =
  | ({ readonly ok: true } & OsloBroker)
  | { readonly ok: false; readonly problem: string };

type Place = readonly [section: string, key: string];

const NOTIFICATIONS = 'oslo_messaging_notifications';
const RABBIT = 'oslo_messaging_rabbit';

const NOTIFICATION_URL: readonly Place[] = [
  [NOTIFICATIONS, 'transport_url'],
  ['DEFAULT', 'notification_transport_url'],
];
const DEFAULT_URL: readonly Place[] = [['DEFAULT', 'transport_url']];
const DRIVER: readonly Place[] = [
  [NOTIFICATIONS, 'driver'],
  ['DEFAULT', 'notification_driver'],
];
const TOPICS: readonly Place[] = [
  [NOTIFICATIONS, 'topics'],
  ['rpc_notifier2', 'topics'],
  ['DEFAULT', 'notification_topics'],
];
const CONTROL_EXCHANGE: readonly Place[] = [['DEFAULT', 'control_exchange']];
/** Options of `[oslo_messaging_rabbit]`, the older name after the newer. */
const RABBIT_OPTIONS = [
  ['ssl', 'rabbit_use_ssl'],
  ['ssl_ca_file', 'kombu_ssl_ca_certs'],
  ['ssl_cert_file', 'kombu_ssl_certfile'],
  ['ssl_key_file', 'kombu_ssl_keyfile'],
  ['ssl_key_password'],
  ['heartbeat_timeout_threshold'],
] as const;

/**
 * Reads the broker from the text of a service's file.
 * @param fileName for problems; they give lines by number and never quote them
 */
export function readOsloBroker(text: string, fileName: string): ReadOsloBroker {
  const parsed = parseOsloIni(text);
  if (!parsed.ok) {
    return { ok: false, problem: `${fileName}: ${parsed.problem}` };
  }
  const options = new OptionReader(parsed.sections);
  const url = options.last(NOTIFICATION_URL) || options.last(DEFAULT_URL);
  const defaults = new Map<string, string>();
  for (const names of RABBIT_OPTIONS) {
    const value = options.last(names.map((name) => [RABBIT, name] as const));
    if (value !== undefined) {
      defaults.set(names[0], value);
    }
  }
  const drivers = options.all(DRIVER);
  const topics = options.last(TOPICS);
  const controlExchange = options.last(CONTROL_EXCHANGE);
  if (options.problem !== undefined) {
    return { ok: false, problem: `${fileName}: ${options.problem}` };
  }
  if (url === undefined) {
    const expected = `expected one in [DEFAULT] or [${NOTIFICATIONS}], like rabbit://user:password@host:5672/vhost`;
    return { ok: false, problem: `${fileName} sets no transport_url; ${expected}` };
  }
  const broker = parseTransportUrl(url, defaults);
  if (!broker.ok) {
    return { ok: false, problem: `${fileName}: transport_url or [${RABBIT}]: ${broker.problem}` };
  }
  return {
    ok: true,
    address: broker.address,
    transportUrl: url,
    drivers,
    topics: topics === undefined ? ['notifications'] : splitList(topics),
    ...(controlExchange === undefined ? {} : { controlExchange }),
    ignored: broker.ignored,
  };
}

/** Looks options up and keeps the first problem, so that the reading above stays one list of options. */
export class OptionReader {
  problem: string | undefined;

  constructor(private readonly sections: IniSections) {}

  /** The option's last value under the first of its names that the file has. */
  last(places: readonly Place[]): string | undefined {
    const place = places.find(([section, key]) => this.values(section, key).length > 0);
    const value = place && this.values(...place).at(-1);
    return value && this.take(expandReferences(this.sections, place[0], value));
  }

  /** Every value; oslo.config puts those under older names first. */
  all(places: readonly Place[]): string[] {
    return [...places].reverse().flatMap(([section, key]) => {
      const expanded = this.values(section, key).map((value) =>
        expandReferences(this.sections, section, value),
      );
      return expanded.flatMap((each) => this.take(each) ?? []);
    });
  }

  private values(section: string, key: string): readonly IniValue[] {
    return this.sections.get(section)?.get(key) ?? [];
  }

  private take(expanded: Expanded): string | undefined {
    if (expanded.ok) {
      return expanded.value;
    }
    this.problem ??= expanded.problem;
    return undefined;
  }
}

/** oslo.config's `List` (`types.py`): commas at the end do not count, empty items within do. */
function splitList(text: string): string[] {
  const items = text.trim().replace(/,+$/, '');
  return items === '' ? [] : items.split(',').map((item) => item.trim());
}
