// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { bootIdOf, bootIdWord } from '../devices/boot-id.js';
import type { Boot, Device } from '../devices/device.js';
import { qemuMachineOf } from '../devices/registry.js';
import type { Job } from '../model/job.js';
import { programOf } from '../payload/registry.js';
import { digest } from '../system/files.js';
import type { Bootable } from './bootable.js';
import type { ExpectedConsole } from './console-session.js';
import { isUsual, otherImageOf, recipeOf } from './images.js';

/** What a job boots: its kernel, and what the kernel and the payload are told. */
export function bootOf(
  job: Job,
  kernel: Pick<
    Bootable,
    'image' | 'initramfs' | 'commandLine' | 'otherImages' | 'program' | 'facts'
  >,
): Boot {
  const { parameters } = job.test;
  const { machine } = programOf(job.test);
  return {
    kernel: kernel.image,
    initramfs: initramfsOf(job, kernel),
    // The machine ends when its kernel dies.
    commandLine: [...kernel.commandLine, 'panic=-1', ...job.kernel.commandLine],
    payloadArgs: machine.argv(parameters, kernel.facts),
    cpus: job.deviceSpec?.smp ?? machine.cpus(parameters).count,
    ...(kernel.program !== undefined && { program: kernel.program }),
  };
}

function initramfsOf(
  job: Job,
  kernel: Pick<Bootable, 'initramfs' | 'otherImages' | 'program'>,
): string {
  if (isUsual(recipeOf(job)) || kernel.program !== undefined) return kernel.initramfs;
  const other = otherImageOf(job, kernel);
  if (other === undefined || !('image' in other)) throw new Error(`no image for ${job.name}`);
  return other.image.initramfs;
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
  const { judging, output } = programOf(job.test);
  return { cases: judging.cases(job.test.parameters), format: output, bootId: bootIdOf(boot) };
}
