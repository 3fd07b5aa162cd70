// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { bootIdOf, bootIdWord } from '../devices/boot-id.js';
import type { Boot, Device } from '../devices/device.js';
import { qemuMachineOf } from '../devices/registry.js';
import type { Job } from '../model/job.js';
import { selectedCases } from '../payload/busy-guest/cases.js';
import { digest } from '../system/files.js';
import type { Bootable } from './bootable.js';
import type { ExpectedConsole } from './console-session.js';
import { vmmGuestOf } from './vmm-images.js';

/** The QEMU that is packed for the machine under test. */
const guestQemu = 'qemu-system-ppc64';

/** What a job boots: its kernel, and what the kernel and the payload are told. */
export function bootOf(
  job: Job,
  kernel: Pick<Bootable, 'image' | 'initramfs' | 'commandLine' | 'vmmImages' | 'program' | 'facts'>,
): Boot {
  const { quotaUs, periodUs, vcpus, seconds, cpus, cases, tags, trace } = job.test.parameters;
  const offsets = kernel.facts['trace_offsets'];
  const guest = vmmGuestOf(job);
  const image = guest === undefined ? kernel : kernel.vmmImages.get(guest);
  if (image === undefined) throw new Error(`no image with QEMU was made for ${job.name}`);
  return {
    kernel: kernel.image,
    initramfs: image.initramfs,
    // The machine ends when its kernel dies.
    commandLine: [...kernel.commandLine, 'panic=-1', ...job.kernel.commandLine],
    payloadArgs: [
      `--quota-us=${quotaUs}`,
      `--period-us=${periodUs}`,
      `--vcpus=${vcpus}`,
      `--seconds=${seconds}`,
      ...(cases === undefined ? [] : [`--case=${cases.join(',')}`]),
      ...(tags === undefined ? [] : [`--tag=${tags.join(',')}`]),
      ...(trace === true ? ['--trace'] : []),
      ...(trace === true && offsets !== undefined ? [`--trace-offsets=${offsets}`] : []),
      ...(guest === undefined ? [] : [`--vmm=${guestQemu}`, `--vmm-guest=${guest}`]),
    ],
    cpus: job.deviceSpec?.smp ?? cpus ?? vcpus,
    ...(kernel.program !== undefined && { program: kernel.program }),
  };
}

/**
 * The same with an id of the boot, made of what is booted, how, and on which machine: the same inputs give the same
 * bytes. Where no two runs are the same it is this run's own.
 */
export async function bootWithId(
  job: Job,
  kernel: Bootable,
  device: Device,
  run: { readonly dir: string; readonly startedAt: string },
): Promise<Boot> {
  const boot = bootOf(job, kernel);
  const repeats = (await device.inputs(boot)) !== undefined;
  const own = repeats ? '' : `${basename(run.dir)} ${run.startedAt} ${job.name}`;
  // Not the device's name: a machine is the same whoever starts it, and so are its metrics.
  const machine = JSON.stringify(job.deviceSpec ?? qemuMachineOf(job)?.name ?? job.device);
  const words = [...boot.commandLine, '--', ...boot.payloadArgs, String(boot.cpus)];
  const id = digest(kernel.key, basename(boot.initramfs), machine, own, words.join(' '));
  return { ...boot, commandLine: [...boot.commandLine, bootIdWord(id.slice(0, 16))] };
}

/** What the console of a boot must say to be its own. */
export function expectedConsole(job: Job, boot: Boot): ExpectedConsole {
  return { cases: selectedCases(job.test.parameters), bootId: bootIdOf(boot) };
}
