// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { project } from './cli.js';

/** A kernel without the bug on one device, in a run of its folder's name; `kernel` and `rest` are more lines of the matrix. */
export async function oneJob(
  dir: string,
  kernel = '',
  device = 'qemu-pseries-p9',
  rest = '',
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'one.yaml');
  const text = `name: ${basename(dir)}
fix:
  add: ${project}/jobs/patches/kvm-hv-xfer-to-guest
  remove: [${project}/jobs/patches/remove-kvm-hv-xfer-to-guest]
kernels:
  - name: patched
    source: debian:linux-source
    fix: present
    expect: PASS
${kernel}
devices: [${device}]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 3}]
${rest}`;
  await writeFile(file, text);
  return file;
}

/** A machine whose CPU is never started. */
export const hungDevice =
  '{name: hung, machine: "pseries,cap-nested-hv=on,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", cpu: POWER9, memory-mb: 1024, smp: 1, accel: tcg, console: hvc0, extra-args: ["-S"]}';
