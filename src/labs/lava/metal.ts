// SPDX-License-Identifier: MIT
import type { LavaJob } from './job.js';
import { monitorAction, monitorNotes } from './monitor.js';
import { duration, fetched, type BootActions } from './boot-actions.js';
import { hostPrompts, quietBoot } from './running.js';

/**
 * The boot loader of OpenPOWER machines is a Linux of its own. LAVA knows it not: its grub method
 * sends petitboot's commands, which stand in labs/lava/device-types/petitboot.jinja2.
 */
export function petitbootActions(job: LavaJob): BootActions {
  return {
    context: { extra_kernel_args: job.commandLine },
    actions: [
      {
        deploy: {
          to: 'tftp',
          kernel: fetched(job.kernel),
          ramdisk: {
            ...fetched(job.initramfs),
            install_modules: false,
            install_overlay: false,
          },
        },
      },
      {
        boot: { timeout: duration(job.timeouts.bootMs), method: 'grub', commands: 'petitboot' },
      },
      monitorAction(job, 'BUSYGUEST-START'),
    ],
    notes: [
      { at: ['context', 'extra_kernel_args'], text: 'the whole kernel command line' },
      {
        at: ['actions', 0, 'deploy', 'ramdisk', 'install_modules'],
        text: 'the initramfs stays as it is: its checksum is part of the result',
      },
      {
        at: ['actions', 1, 'boot', 'method'],
        text: "LAVA has no petitboot method; the device type makes grub's speak to petitboot's shell",
      },
      ...monitorNotes(2),
    ],
  };
}

/** A machine that runs Linux already: its kexec starts the kernel under test. */
export function kexecActions(job: LavaJob): BootActions {
  return {
    patient: ['auto-login-action'],
    actions: [
      {
        deploy: {
          to: 'downloads',
          images: { kernel: fetched(job.kernel), initrd: fetched(job.initramfs) },
        },
      },
      {
        boot: {
          timeout: duration(job.timeouts.bootMs),
          method: 'minimal',
          parameters: quietBoot,
          prompts: hostPrompts,
        },
      },
      {
        boot: {
          timeout: duration(job.timeouts.bootMs),
          method: 'kexec',
          deploy: true,
          command: 'kexec',
          kernel: '/tmp/busyguest-vmlinux',
          initrd: '/tmp/busyguest-initramfs',
          options: [`--append="${job.commandLine}"`],
          // The first two are the host's last words, which it may keep to itself.
          boot_message: 'Starting new kernel|Bye!|Linux version [0-9]',
          parameters: quietBoot,
          prompts: [String.raw`(?:BUSYGUEST-START|TAP version)[^\r\n]*\r*\n`],
        },
      },
      // What stands before the plan is what LAVA took for prompts.
      monitorAction(job, '1\\.\\.\\d+'),
    ],
    notes: [
      {
        at: ['actions', 1, 'boot', 'prompts'],
        text: 'shell of the host that calls kexec; for another prompt write it here',
      },
      {
        at: ['actions', 2, 'boot', 'deploy'],
        text: "the host fetches both files from the worker's web server, by wget",
      },
      {
        at: ['actions', 2, 'boot', 'prompts'],
        text: 'the new kernel has no shell: the first two lines of its test stand for prompts, whole, because LAVA cuts its log at a prompt',
      },
      ...monitorNotes(3),
    ],
  };
}
