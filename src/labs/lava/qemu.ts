// SPDX-License-Identifier: MIT
import type { Note } from '../commented-yaml.js';
import type { LavaJob, LavaQemu } from './job.js';
import { monitorAction, monitorNotes } from './monitor.js';
import { duration, fetched, type BootActions } from './boot-actions.js';

/** LAVA's own device type `qemu`, told to be one of our machines. */
export function qemuActions(job: LavaJob, machine: LavaQemu): BootActions {
  return {
    context: contextOf(machine),
    actions: [
      {
        deploy: {
          to: 'tmpfs',
          images: {
            kernel: { image_arg: '-kernel {kernel}', ...fetched(job.kernel) },
            initrd: {
              image_arg: `-initrd {initrd} -append "${job.commandLine}"`,
              ...fetched(job.initramfs),
            },
          },
        },
      },
      { boot: { timeout: duration(job.timeouts.bootMs), method: 'qemu', media: 'tmpfs' } },
      monitorAction(job, 'BUSYGUEST-START'),
    ],
    notes: [...contextNotes(machine), ...monitorNotes(2)],
  };
}

function contextOf(machine: LavaQemu): Readonly<Record<string, unknown>> {
  const isKvm = machine.accel === 'kvm';
  return {
    arch: machine.arch,
    machine: machine.machine,
    memory: machine.memoryMb,
    ...(!isKvm && { no_kvm: true }),
    ...(machine.networkCard !== undefined && { model: machine.networkCard }),
    netdevice: 'none',
    extra_options: [
      ...(machine.cpu === undefined || isKvm ? [] : [`-cpu ${machine.cpu}`]),
      `-smp ${machine.cpus}`,
      ...(isKvm ? [] : ['-accel tcg']),
      ...machine.args,
    ],
  };
}

function contextNotes(machine: LavaQemu): Note[] {
  const at = (key: string): Note['at'] => ['context', key];
  const notes: Note[] = [
    { at: at('arch'), text: `the program is ${machine.program}; the kernel is little-endian` },
    { at: at('netdevice'), text: 'LAVA always gives a network card; no network behind it' },
  ];
  if (machine.accel === 'kvm') {
    notes.push({
      at: at('memory'),
      text: `no no_kvm: LAVA adds "-cpu host -enable-kvm"; the worker must be a ${machine.kvmHost}`,
    });
  } else {
    notes.push({
      at: at('no_kvm'),
      text: 'emulated: without it LAVA adds "-cpu host -enable-kvm"',
    });
    notes.push({
      at: at('extra_options'),
      text: `the CPU stands here because LAVA takes no notice of "cpu" for ${machine.arch}`,
    });
  }
  if (machine.networkCard !== undefined) {
    notes.push({ at: at('model'), text: 'a card without a ROM file; the same as here' });
  }
  return notes;
}
