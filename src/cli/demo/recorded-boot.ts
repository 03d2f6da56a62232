/** The recording that the demo plays: a real server being booted by a real control plane. */
import { join } from 'node:path';
import { packageRoot } from '../../trace-view/package-root.js';

/** What was typed while it was recorded, but for `--os-profile`, which every traced command has. */
export const RECORDED_COMMAND = 'openstack server create --flavor m1.nano --image cirros --network net1 vm1';

/** The recording's path. */
export function recordedBoot(): string {
  return join(packageRoot(), 'recordings', 'nova-server-boot.ndjson.gz');
}
