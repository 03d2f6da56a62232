/** The services' own files, where the settings name them: whether they send, and whether they agree. */
import { type OsloService, readOsloService } from '../oslo/services.js';
import { readText } from '../sidecar/assemble.js';
import type { Examination } from './examination.js';
import { type Finding, fail, ok, warn } from './finding.js';

const WHERE = 'services';

export async function examineServices(exam: Examination, files: readonly string[]): Promise<void> {
  if (files.length === 0) {
    exam.skip(WHERE, ['profiling'], 'no --oslo-config-file names a file of theirs');
    return;
  }
  const services = new Map<string, OsloService>();
  for (const file of files) {
    const service = await exam.check<OsloService>(WHERE, file, async () => {
      const read = readOsloService(readText(file, "the service's configuration"), file);
      if (!read.ok) return fail(read.problem, 'correct the line');
      return { finding: describe(read.service), value: read.service };
    });
    if (service !== undefined) services.set(file, service);
  }
  if (services.size < 2) return;
  exam.note(WHERE, 'durability', agreeOnDurability(services));
  exam.note(WHERE, 'HMAC keys', agreeOnKeys([...services.values()]));
}

function describe({ enabled, driver, declares }: OsloService): Finding {
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

function agreeOnDurability(services: ReadonlyMap<string, OsloService>): Finding {
  const kinds = new Set([...services.values()].map(({ declares }) => declares));
  if (kinds.size === 1) return ok('all declare alike');
  const list = [...services].map(([file, { declares }]) => `${file} ${declares}`).join('; ');
  return fail(
    `they declare the same queue differently: ${list}; all but the first are refused with 406, and lose every notification`,
    'set amqp_durable_queues, rabbit_quorum_queue and amqp_auto_delete alike in all of them, and delete the old queue and exchanges',
  );
}

function agreeOnKeys(services: readonly OsloService[]): Finding {
  const [first = [], ...others] = services.map(({ hmacKeys }) => hmacKeys);
  if (first.some((key) => others.every((keys) => keys.includes(key)))) return ok('all know a key in common');
  return warn(
    'no key that all know: a trace ends where a service does not know the key it was signed with',
    'let hmac_keys in [profiler] have a key in common in every service',
  );
}
