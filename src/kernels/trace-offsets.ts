// SPDX-License-Identifier: MIT
import { readBuilt, writeForBuild } from './tree-file.js';

/** What is compiled besides the kernel, relative to the tree, without its ending. */
export const offsetsSource = 'kernel/sched/busyguest-offsets';

/** Members that the payload traces, named as its --trace-offsets wants them. */
const members = [
  ['cfs_rq', 'tg'],
  ['cfs_rq', 'runtime_remaining'],
  ['task_group', 'cfs_bandwidth.runtime'],
] as const;

/** Whether a kernel with this .config can be traced, and has no BTF that says where the members are. */
export function needsOffsets(config: string): boolean {
  const on = (symbol: string): boolean => config.includes(`\nCONFIG_${symbol}=y\n`);
  return on('KPROBE_EVENTS') && on('CFS_BANDWIDTH') && !on('DEBUG_INFO_BTF');
}

/** Puts a file beside the scheduler's that has the compiler say the offsets (include/linux/kbuild.h). */
export async function writeOffsetsSource(tree: string): Promise<void> {
  const lines = members.map(
    ([type, member], index) => `\tDEFINE(M${index}, offsetof(struct ${type}, ${member}));\n`,
  );
  const text = `// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kbuild.h>
#include <linux/sched.h>
#include "sched.h"

void busyguest_offsets(void);
void busyguest_offsets(void)
{
${lines.join('')}}
`;
  await writeForBuild(tree, `${offsetsSource}.c`, text);
}

/** The offsets in what the compiler made of it, as --trace-offsets takes them; undefined when one is missing. */
export function parseOffsets(assembly: string): string | undefined {
  const found = new Map(
    [...assembly.matchAll(/"->M(\d+) \$?(\d+) /g)].map(([, index, value]) => [index, value]),
  );
  const parts = members.map(([type, member], index) => {
    const value = found.get(String(index));
    return value === undefined ? undefined : `${type}.${member}=${value}`;
  });
  return parts.includes(undefined) ? undefined : parts.join(',');
}

/** What the compiler said, after offsetsSource was compiled to assembly in `obj`. */
export async function readOffsets(obj: string): Promise<string | undefined> {
  return parseOffsets((await readBuilt(obj, `${offsetsSource}.s`)) ?? '');
}
