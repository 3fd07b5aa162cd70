// SPDX-License-Identifier: MIT
import { commentedYaml } from '../commented-yaml.js';

/** How a machine is started. */
export interface QemuCommand {
  readonly command: string;
  /** LAVA's name for the architecture. */
  readonly arch: string;
  /** Its arguments without kernel and initramfs, which come from the job. */
  readonly args: readonly string[];
}

/** How long LAVA may take where the definition says nothing, minutes. */
const standardMinutes = 10;

/** LAVA's own, from its template of all device types: a dispatcher without a server knows none. */
const constants = {
  posix: {
    lava_test_sh_cmd: '/bin/sh',
    lava_test_results_dir: '/lava-%s',
    lava_test_shell_file: '~/.bashrc',
  },
  'kernel-start-message': 'Linux version [0-9]',
  'default-shell-prompt': 'lava-test: # ',
  spawn_maxread: '4092',
  failure_retry: 1,
  boot_retry: 1,
};

/**
 * A device file for lava-run: what a LAVA server makes out of its device type `qemu`, the device's
 * dictionary and the job's context.
 */
export function qemuDeviceFile({ command, args, arch }: QemuCommand): string {
  const value = {
    device_type: 'qemu',
    available_architectures: [arch],
    actions: {
      deploy: { connections: { serial: null }, methods: { image: null } },
      boot: {
        connections: { serial: null },
        methods: { qemu: { parameters: { command, options: args } } },
      },
    },
    character_delays: { boot: 0, test: 0 },
    constants,
    timeouts: {
      actions: { default: { minutes: standardMinutes } },
      connections: { default: { minutes: standardMinutes } },
    },
  };
  return commentedYaml(value, {
    head: ['Device for lava-run, made by busyguest; docs/lava.md says how to call it by hand.'],
    notes: [
      {
        at: ['actions', 'boot', 'methods', 'qemu', 'parameters', 'options'],
        text: 'LAVA adds what the job says of its kernel and initramfs',
      },
    ],
    flow: ['connections', 'character_delays', 'default'],
  });
}
