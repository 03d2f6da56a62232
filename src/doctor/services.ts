/** The services' own configuration, where the settings name it: whether they send, and whether they agree. */
import { readOsloConfig } from '../oslo/config.js';
import { type OsloProfiling, readOsloProfiling } from '../oslo/profiling.js';
import type { BrokerSettings } from '../settings/settings.js';
import { osloSources } from '../sidecar/assemble.js';
import type { Examination } from './examination.js';
import { type Finding, fail, ok, warn } from './finding.js';

const WHERE = 'services';

export async function examineServices(exam: Examination, settings: BrokerSettings): Promise<void> {
  const sources = osloSources(settings);
  if (sources.length === 0) {
    exam.skip(
      WHERE,
      ['profiling'],
      'neither --oslo-config-file nor --oslo-config-dir names their configuration',
    );
    return;
  }
  const services = new Map<string, OsloProfiling>();
  for (const source of sources) {
    const service = await exam.check<OsloProfiling>(WHERE, source.name, async () => {
      const config = readOsloConfig(source, settings.osloEnvironment);
      const read = config.ok ? readOsloProfiling(config.value) : config;
      if (!read.ok) return fail(read.problem, 'correct the line');
      return { finding: describe(read.value), value: read.value };
    });
    if (service !== undefined) services.set(source.name, service);
  }
  if (services.size < 2) return;
  exam.note(WHERE, 'durability', agreeOnDurability(services));
  exam.note(WHERE, 'HMAC keys', agreeOnKeys([...services.values()]));
}

function describe({ enabled, driver, declares }: OsloProfiling): Finding {
  if (!enabled)
    return warn('the profiler is off', 'set enabled = true in [profiler], and restart the service');
  if (driver !== 'messaging') {
    return warn(
      `its trace points go to ${driver}, and not over the message bus`,
      'set connection_string = messaging:// in [profiler], and restart the service',
    );
  }
  return ok(`sends trace points; declares ${declares} queues`);
}

function agreeOnDurability(services: ReadonlyMap<string, OsloProfiling>): Finding {
  const kinds = new Set([...services.values()].map(({ declares }) => declares));
  if (kinds.size === 1) return ok('all declare alike');
  const list = [...services].map(([file, { declares }]) => `${file} ${declares}`).join('; ');
  return fail(
    `they declare the same queue differently: ${list}; all but the first are refused with 406, and lose every notification`,
    'set amqp_durable_queues, rabbit_quorum_queue and amqp_auto_delete alike in all of them, and delete the old queue and exchanges',
  );
}

function agreeOnKeys(services: readonly OsloProfiling[]): Finding {
  const [first = [], ...others] = services.map(({ hmacKeys }) => hmacKeys);
  if (first.some((key) => others.every((keys) => keys.includes(key)))) return ok('all know a key in common');
  return warn(
    'no key that all know: a trace ends where a service does not know the key it was signed with',
    'let hmac_keys in [profiler] have a key in common in every service',
  );
}
