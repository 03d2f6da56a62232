/**
 * What services' own files say about profiling, as far as several of them must agree. Options and defaults are those of
 * openstack/osprofiler `opts.py` and openstack/oslo.messaging `_drivers/impl_rabbit.py`.
 */
import { OptionReader } from './config-file.js';
import { parseOsloIni } from './ini.js';

export interface OsloService {
  /** `[profiler] enabled`: without it the service sends nothing. */
  readonly enabled: boolean;
  /** The scheme of `[profiler] connection_string`; the rest may hold credentials. */
  readonly driver: string;
  /** Secret. */
  readonly hmacKeys: readonly string[];
  /** How the service declares queues and exchanges: two that differ cannot share them. */
  readonly declares: string;
}

export type ReadOsloService =
  | { readonly ok: true; readonly service: OsloService }
  | { readonly ok: false; readonly problem: string };

const PROFILER = 'profiler';
const RABBIT = 'oslo_messaging_rabbit';
/** osprofiler's own, known to everybody. */
const DEFAULT_KEY = 'SECRET_KEY';
const TRUE = ['true', '1', 'on', 'yes'];

/** @param fileName for problems; they give lines by number and never quote them */
export function readOsloService(text: string, fileName: string): ReadOsloService {
  const parsed = parseOsloIni(text);
  if (!parsed.ok) return { ok: false, problem: `${fileName}: ${parsed.problem}` };
  const options = new OptionReader(parsed.sections);
  const isOn = (...places: readonly (readonly [string, string])[]) =>
    TRUE.includes(options.last(places)?.toLowerCase() ?? '');
  const connection = options.last([[PROFILER, 'connection_string']]) ?? 'messaging://';
  const isDurable = isOn(
    [RABBIT, 'amqp_durable_queues'],
    [RABBIT, 'rabbit_durable_queues'],
    ['DEFAULT', 'amqp_durable_queues'],
  );
  const isAutoDelete = isOn([RABBIT, 'amqp_auto_delete'], ['DEFAULT', 'amqp_auto_delete']);
  const kind = isOn([RABBIT, 'rabbit_quorum_queue']) ? 'quorum' : isDurable ? 'durable' : 'transient';
  const service: OsloService = {
    enabled: isOn([PROFILER, 'enabled'], [PROFILER, 'profiler_enabled']),
    driver: connection.split(':', 1)[0]!,
    hmacKeys: (options.last([[PROFILER, 'hmac_keys']]) ?? DEFAULT_KEY).split(','),
    declares: `${kind}${isAutoDelete ? ', auto-delete' : ''}`,
  };
  return options.problem === undefined
    ? { ok: true, service }
    : { ok: false, problem: `${fileName}: ${options.problem}` };
}
