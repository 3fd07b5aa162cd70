// SPDX-License-Identifier: MIT
import { lavaQemu, qemuCommandLine, someQemuCounts } from '../../devices/qemu/argv.js';
import { qemuMachineOf } from '../../devices/registry.js';
import type { Boot } from '../../devices/device.js';
import type { Artefact } from '../../labs/artefacts/artefact.js';
import type { ArtefactFile } from '../../labs/artefacts/publish.js';
import { bootMethod, type LavaBoot } from '../../labs/lava/boot-methods.js';
import type { LavaJob, LavaMachine, LavaPriority } from '../../labs/lava/job.js';
import type { Job } from '../../model/job.js';

/** How the jobs of a matrix become LAVA's. */
export interface LavaOptions {
  /** `qemu`: the matrix's own devices; otherwise one machine of `deviceType` stands in for them. */
  readonly boot: LavaBoot;
  readonly deviceType: string;
  /** Console device of a real machine. */
  readonly console: string;
  readonly priority: LavaPriority;
  readonly tags: readonly string[];
  /** More for LAVA to keep with the job. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Without an option: emulated machines of LAVA's own device type. */
export const lavaDefaults: LavaOptions = {
  boot: 'qemu',
  deviceType: 'qemu',
  console: 'hvc0',
  priority: 'medium',
  tags: [],
};

/** What a job needs from a web server. */
export function filesOf(boot: Boot, payload: string): Record<LavaFile, ArtefactFile> {
  return {
    kernel: { kind: 'vmlinux', path: boot.kernel },
    initramfs: { kind: 'initramfs.cpio', path: boot.initramfs },
    payload: { kind: 'busy-guest', path: payload },
  };
}

export type LavaFile = 'kernel' | 'initramfs' | 'payload';

/** Whether a job can run in LAVA that way; a device that is no QEMU has no device type there. */
export function fitsLava(job: Job, { boot }: LavaOptions): boolean {
  return boot !== 'qemu' || qemuMachineOf(job) !== undefined;
}

/** A job of the matrix as one for LAVA. `fitsLava` must hold. */
export function lavaJob(
  job: Job,
  boot: Pick<Boot, 'commandLine' | 'payloadArgs' | 'cpus'>,
  artefacts: Readonly<Record<LavaFile, Artefact>>,
  options: LavaOptions,
): LavaJob {
  const { firmwareMs } = bootMethod(options.boot);
  return {
    name: job.name,
    deviceType: options.deviceType,
    ...machineAndCommandLine(job, boot, options),
    ...artefacts,
    payloadArgs: boot.payloadArgs,
    timeouts: { ...job.timeouts, bootMs: job.timeouts.bootMs + firmwareMs },
    priority: options.priority,
    tags: options.tags,
    visibility: 'public',
    metadata: {
      busyguest_job: job.name,
      busyguest_kernel: job.kernel.name,
      busyguest_device: job.device,
      busyguest_test: job.test.name,
      busyguest_expect: job.expect,
      ...options.metadata,
    },
  };
}

function machineAndCommandLine(
  job: Job,
  boot: Pick<Boot, 'commandLine' | 'payloadArgs' | 'cpus'>,
  options: LavaOptions,
): { machine: LavaMachine; commandLine: string } {
  if (options.boot !== 'qemu') {
    const words = [`console=${options.console}`, ...boot.commandLine, '--', ...boot.payloadArgs];
    return { machine: { boot: options.boot }, commandLine: words.join(' ') };
  }
  const machine = qemuMachineOf(job);
  if (machine === undefined) throw new Error(`${job.device} is no emulated machine`);
  return {
    machine: lavaQemu(machine, boot.cpus),
    commandLine: qemuCommandLine(machine, boot, someQemuCounts(machine)),
  };
}
