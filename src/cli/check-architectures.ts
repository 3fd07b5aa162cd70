// SPDX-License-Identifier: MIT
import type { Architecture } from '../architectures/architecture.js';
import { architectures, doctorFor, usualArchitecture } from '../architectures/architectures.js';
import { deviceNamed } from '../devices/registry.js';
import { prePullDevices } from '../jobs/generators/generator.js';
import { findTools, toolsFor } from '../system/tools.js';

/** What KVM's guests share on every architecture: the scheduler, task work, the check before a guest entry, KVM's own. */
const shared =
  /^(?:kernel\/(?:sched|entry|cgroup)\/|kernel\/task_work\.c$|virt\/|include\/linux\/(?:entry|kvm|sched|task_work|resume_user_mode|thread_info))/;

/** The architectures that files of a kernel tree are of; the usual one where they are of none, all where they are shared. */
export function architecturesOf(paths: readonly string[]): readonly Architecture[] {
  if (paths.some((path) => shared.test(path))) return architectures;
  const own = architectures.filter(({ name }) =>
    paths.some((path) => path.startsWith(`arch/${name}/`)),
  );
  return own.length > 0 ? own : [usualArchitecture];
}

/** The devices on which a series is checked that changes files, and what is left out here, in words. */
export interface Chosen {
  readonly devices: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * Every path of the architectures that a series changes. One whose compiler or QEMU is not here is left out where others
 * are tested.
 */
export async function devicesFor(paths: readonly string[]): Promise<Chosen> {
  const wanted = architecturesOf(paths);
  const devices: string[] = [];
  const leftOut: string[] = [];
  for (const architecture of wanted) {
    const own = architecture === usualArchitecture ? prePullDevices : architecture.everyPath;
    const isNeeded = architecture === usualArchitecture || wanted.length === 1;
    const lacking = isNeeded ? [] : await lackingFor(architecture, own);
    if (lacking.length === 0) devices.push(...own);
    else
      leftOut.push(
        `not tested on ${architecture.title}: no ${lacking.join(', no ')} ("busyguest ${doctorFor(architecture)}")`,
      );
  }
  return { devices, leftOut };
}

/** What this computer lacks for an architecture; a QEMU that was fetched is as good as the system's. */
async function lackingFor(
  architecture: Architecture,
  devices: readonly string[],
): Promise<readonly string[]> {
  const { program } = architecture.qemu;
  const missing = await Promise.all(devices.map(async (name) => deviceNamed(name)?.missing()));
  const runs = missing.some((reasons) => reasons?.length === 0);
  const tools = await findTools(toolsFor(architecture));
  const lacking = tools
    .filter(({ tool, version }) => version === undefined && !tool.optional)
    .map(({ tool }) => tool.name)
    .filter((name) => name !== program);
  return [...(runs ? [] : [program]), ...lacking];
}
