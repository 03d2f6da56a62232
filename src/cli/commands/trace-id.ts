/** `trace-id`: from the UUID that `openstack --os-profile` printed to the trace in the backend. */
import { toTraceId } from '../../mapping/ids.js';
import type { Settings } from '../../settings/settings.js';
import { linkTo } from '../../trace-view/trace-link.js';
import type { CommandContext } from '../context.js';

export async function execute({ operands, traceId }: Settings, { stdout }: CommandContext): Promise<number> {
  for (const uuid of operands) {
    const id = toTraceId(uuid);
    stdout.write(traceId.uiUrl === undefined ? `${id}\n` : `${id}  ${linkTo(traceId.uiUrl, id)}\n`);
  }
  return 0;
}
