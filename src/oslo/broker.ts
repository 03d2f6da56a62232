/**
 * The broker that a service sends its notifications to. Options, their defaults and their older names are those of
 * openstack/oslo.messaging: `transport.py`, `notify/notifier.py`, `_drivers/impl_rabbit.py`.
 */
import type { OsloConfig, OsloResult } from './config.js';
import { type BrokerAddress, parseTransportUrl } from './transport-url.js';

export interface OsloBroker {
  /** The URL's own options before those of `[oslo_messaging_rabbit]`. */
  readonly address: BrokerAddress;
  /** Options of the URL that have no effect here. */
  readonly ignored: readonly string[];
}

const NOTIFICATIONS = 'oslo_messaging_notifications';
const RABBIT = 'oslo_messaging_rabbit';
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
 * Reads the broker from a service's configuration: that of its notifications if they have one of their own.
 * @param name of the configuration, for problems
 */
export function readOsloBroker(config: OsloConfig, name: string): OsloResult<OsloBroker> {
  const own = config.get([NOTIFICATIONS, 'transport_url'], ['DEFAULT', 'notification_transport_url']);
  const url = own || config.get(['DEFAULT', 'transport_url']);
  const options = new Map<string, string>();
  for (const names of RABBIT_OPTIONS) {
    const value = config.get(...names.map((each) => [RABBIT, each] as const));
    if (value !== undefined) options.set(names[0], value);
  }
  if (config.problem !== undefined) return { ok: false, problem: config.problem };
  if (url === undefined) {
    const expected = `expected one in [DEFAULT] or [${NOTIFICATIONS}], like rabbit://user:password@host:5672/vhost`;
    return { ok: false, problem: `${name} sets no transport_url; ${expected}` };
  }
  const { ok, ...broker } = parseTransportUrl(url, options);
  if ('problem' in broker) {
    return { ok: false, problem: `${name}: transport_url or [${RABBIT}]: ${broker.problem}` };
  }
  return { ok: true, value: broker };
}
