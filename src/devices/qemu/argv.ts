// SPDX-License-Identifier: MIT
import type { Boot } from '../device.js';
import type { QemuMachine } from './machines.js';

/**
 * An instruction counts as 2^4 ns of virtual time. Less makes no difference that the kernel could
 * see and costs wall time; 2^8 makes the kernel itself too slow for its own tick.
 */
const icountShift = 4;

/** The arguments that make QEMU the machine and boot the kernel on it. */
export function qemuArgv(machine: QemuMachine, boot: Boot, icount: boolean): string[] {
  const options = machine.options.map(({ flag }) => `,${flag}`).join('');
  return [
    '-M',
    `${machine.machine}${options}`,
    ...(machine.cpu === undefined ? [] : ['-cpu', machine.cpu]),
    '-m',
    String(machine.memoryMb),
    '-smp',
    String(boot.cpus),
    '-accel',
    machine.accel,
    ...(icount ? ['-icount', `shift=${icountShift},sleep=off`] : []),
    // The same random numbers and the same date every time.
    '-seed',
    '1',
    '-rtc',
    `base=2026-01-01${icount ? ',clock=vm' : ''}`,
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-monitor',
    'none',
    '-serial',
    'stdio',
    '-no-reboot',
    ...machine.extra.map(({ flag }) => flag),
    '-kernel',
    boot.kernel,
    '-initrd',
    boot.initramfs,
    '-append',
    commandLine(machine, boot, icount),
  ];
}

function commandLine(machine: QemuMachine, boot: Boot, icount: boolean): string {
  const payload = [
    ...boot.payloadArgs,
    ...machine.payload.map(({ flag }) => flag),
    // Only here may the payload trust that no timer comes late.
    ...(icount ? ['--virtual-time'] : []),
  ];
  return [`console=${machine.console}`, ...boot.commandLine, '--', ...payload].join(' ');
}
