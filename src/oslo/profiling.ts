/**
 * What a service's configuration says about profiling, as far as several services must agree. Options and defaults are
 * those of openstack/osprofiler `opts.py` and openstack/oslo.messaging `_drivers/impl_rabbit.py`.
 */
import type { OsloConfig, OsloResult, Place } from './config.js';

export interface OsloProfiling {
  /** `[profiler] enabled`: without it the service sends nothing. */
  readonly enabled: boolean;
  /** The scheme of `[profiler] connection_string`; the rest may hold credentials. */
  readonly driver: string;
  /** Secret. */
  readonly hmacKeys: readonly string[];
  /** How the service declares queues and exchanges: two that differ cannot share them. */
  readonly declares: string;
}

const PROFILER = 'profiler';
const RABBIT = 'oslo_messaging_rabbit';
/** osprofiler's own default, which everybody knows. */
const DEFAULT_KEY = 'SECRET_KEY';
const TRUE = ['true', '1', 'on', 'yes'];

export function readOsloProfiling(config: OsloConfig): OsloResult<OsloProfiling> {
  const isOn = (...places: readonly Place[]) => TRUE.includes(config.get(...places)?.toLowerCase() ?? '');
  const connection = config.get([PROFILER, 'connection_string']) ?? 'messaging://';
  const isDurable = isOn(
    [RABBIT, 'amqp_durable_queues'],
    [RABBIT, 'rabbit_durable_queues'],
    ['DEFAULT', 'amqp_durable_queues'],
  );
  const isAutoDelete = isOn([RABBIT, 'amqp_auto_delete'], ['DEFAULT', 'amqp_auto_delete']);
  const kind = isOn([RABBIT, 'rabbit_quorum_queue']) ? 'quorum' : isDurable ? 'durable' : 'transient';
  return config.result({
    enabled: isOn([PROFILER, 'enabled'], [PROFILER, 'profiler_enabled']),
    driver: connection.split(':', 1)[0]!,
    hmacKeys: (config.get([PROFILER, 'hmac_keys']) ?? DEFAULT_KEY).split(','),
    declares: `${kind}${isAutoDelete ? ', auto-delete' : ''}`,
  });
}
