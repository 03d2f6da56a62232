/** `trace-id`: from the UUID that `openstack --os-profile` printed to the trace in the backend. */
import { toTraceId } from '../../translate/ids.js';
import type { CommandContext } from '../context.js';
import type { Settings } from '../settings.js';

export async function execute({ traceId }: Settings, { stdout }: CommandContext): Promise<number> {
  for (const uuid of traceId.uuids) {
    const id = toTraceId(uuid);
    stdout.write(traceId.uiUrl === undefined ? `${id}\n` : `${id}  ${linkTo(traceId.uiUrl, id)}\n`);
  }
  return 0;
}

/** @param template with `{traceId}`. */
export function linkTo(template: string, traceId: string): string {
  return template.replaceAll('{traceId}', traceId);
}
