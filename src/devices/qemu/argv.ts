// SPDX-License-Identifier: MIT
import type { LavaQemu } from '../../labs/lava/job.js';
import type { Boot } from '../device.js';
import { architectureNamed } from '../../architectures/architectures.js';
import type { Flag, QemuMachine } from '../../architectures/machine.js';

/**
 * An instruction counts as 2^4 ns of virtual time. Less makes no difference that the kernel could
 * see and costs wall time; 2^8 makes the kernel itself too slow for its own tick.
 */
const icountShift = 4;

/**
 * With counted instructions QEMU runs the CPUs of a machine in turn, and an instruction of any moves the clock of all
 * (docs/devices.md, "Several CPUs"): with n CPUs at work each would be n times as slow.
 */
const shiftOf = (cpus: number): number => Math.max(0, icountShift - Math.ceil(Math.log2(cpus)));

/**
 * A turn lasts to the next timer of the machine, divided by the CPUs. A CPU that has just left a nested guest has none
 * armed, and then a turn lasted up to 25 ms, in which others waited for a lock. The packet filter of a network that
 * nobody uses is a timer that always goes on, every 200 us of virtual time.
 */
const shortTurns = [
  ['-netdev', 'hubport,id=turns,hubid=1'],
  ['-object', 'filter-buffer,id=turn,netdev=turns,interval=200'],
];

/** The card that LAVA gives to every QEMU. */
const networkCard = (model: string): string[] => [
  ...['-net', `nic,${model},macaddr=52:54:00:12:34:58`],
  ...['-net', 'none'],
];

const machineOption = (machine: QemuMachine): string =>
  [machine.machine, ...machine.options.map(({ flag }) => flag)].join(',');

/** What is the same wherever the machine is started, whoever calls QEMU. A list for each option. */
function sharedOptions(
  machine: QemuMachine,
  cpus: number,
  icount: boolean,
  serial = 'stdio',
): string[][] {
  return [
    ...(icount ? [['-icount', `shift=${shiftOf(cpus)},sleep=off`]] : []),
    ...(icount && cpus > 1 ? shortTurns : []),
    // The same random numbers and the same date every time.
    ['-seed', '1'],
    ['-rtc', `base=2026-01-01${icount ? ',clock=vm' : ''}`],
    ['-nodefaults'],
    ['-no-user-config'],
    ['-serial', serial],
    ['-no-reboot'],
    ...machine.extra.map(({ flag }) => [flag]),
  ];
}

/** The arguments that make QEMU the machine and boot the kernel on it. */
export function qemuArgv(machine: QemuMachine, boot: Boot, icount: boolean): string[] {
  return [
    ...machineArgv(machine, boot.cpus, icount),
    '-kernel',
    boot.kernel,
    '-initrd',
    boot.initramfs,
    '-append',
    qemuCommandLine(machine, boot, icount),
  ];
}

/** The arguments that make QEMU the machine. @param serial where its console goes, as QEMU's -serial */
export function machineArgv(
  machine: QemuMachine,
  cpus: number,
  icount: boolean,
  serial = 'stdio',
): string[] {
  return [
    '-M',
    machineOption(machine),
    ...(machine.cpu === undefined ? [] : ['-cpu', machine.cpu]),
    '-m',
    String(machine.memoryMb),
    '-smp',
    String(cpus),
    '-accel',
    machine.accel,
    ...sharedOptions(machine, cpus, icount, serial).flat(),
    ...(machine.networkCard === undefined ? [] : networkCard(machine.networkCard)),
    '-display',
    'none',
    '-monitor',
    'none',
  ];
}

/** Whether virtual time counts instructions in a LAVA lab, where nobody knows the QEMU beforehand. */
export const someQemuCounts = (machine: QemuMachine): boolean =>
  machine.accel === 'tcg' && machine.icountSince !== undefined;

/** The same machine for LAVA's device type `qemu`; counts instructions wherever some QEMU can. */
export function lavaQemu(machine: QemuMachine, cpus: number): LavaQemu {
  const { lava, qemu, kvm } = architectureNamed(machine.architecture);
  return {
    boot: 'qemu',
    arch: lava,
    kvmHost: kvm.host,
    program: qemu.program,
    machine: machineOption(machine),
    ...(machine.cpu !== undefined && { cpu: machine.cpu }),
    accel: machine.accel,
    memoryMb: machine.memoryMb,
    cpus,
    ...(machine.networkCard !== undefined && { networkCard: machine.networkCard }),
    args: sharedOptions(machine, cpus, someQemuCounts(machine)).map((words) => words.join(' ')),
  };
}

/** Arguments of the payload with those that a machine needs, where the job does not say otherwise. */
export function withFlags(
  payloadArgs: readonly string[],
  flags: readonly Pick<Flag, 'flag'>[],
): string[] {
  const nameOf = (arg: string): string => arg.split('=')[0] ?? arg;
  const said = new Set(payloadArgs.map(nameOf));
  const more = flags.map(({ flag }) => flag).filter((flag) => !said.has(nameOf(flag)));
  return [...payloadArgs, ...more];
}

/** The kernel command line: the machine's console and options, the kernel's options, the payload's arguments. */
export function qemuCommandLine(
  machine: QemuMachine,
  boot: Pick<Boot, 'commandLine' | 'payloadArgs'>,
  icount: boolean,
): string {
  const payload = [
    ...withFlags(boot.payloadArgs, machine.payload),
    // Only here may the payload trust that no timer comes late.
    ...(icount ? ['--virtual-time'] : []),
  ];
  const kernel = (machine.kernel ?? []).map(({ flag }) => flag);
  return [`console=${machine.console}`, ...kernel, ...boot.commandLine, '--', ...payload].join(' ');
}
