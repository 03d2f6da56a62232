/** `trace-id`: from the UUID that `openstack --os-profile` printed to the trace in the backend. */
import { BridgeError } from '../../errors.js';
import { toTraceId } from '../../mapping/ids.js';
import type { Settings } from '../../settings/settings.js';
import { linkTo } from '../../trace-view/trace-link.js';
import type { CommandContext } from '../context.js';

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export async function execute(settings: Settings, { stdout }: CommandContext): Promise<number> {
  const { operands, traceId, json } = settings;
  const wrong = traceId.anyId ? undefined : operands.find((id) => !UUID.test(id));
  if (wrong !== undefined) {
    throw new BridgeError(
      'CONFIG_INVALID',
      `'${wrong}' is not a UUID`,
      'Give the whole id that openstack --os-profile printed; pass --any-id if it is meant to be another one.',
    );
  }
  const traces = operands.map((id) => describeTrace(id, traceId.uiUrl));
  if (json) stdout.write(`${JSON.stringify(traces, undefined, 2)}\n`);
  else for (const { traceId: id, url } of traces) stdout.write(`${[id, url].filter(Boolean).join('  ')}\n`);
  return 0;
}

function describeTrace(id: string, uiUrl: string | undefined): { id: string; traceId: string; url?: string } {
  const traceId = toTraceId(id);
  return { id, traceId, ...(uiUrl === undefined ? {} : { url: linkTo(uiUrl, traceId) }) };
}
