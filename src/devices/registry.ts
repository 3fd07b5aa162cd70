// SPDX-License-Identifier: MIT
import type { DeviceSpec, Job } from '../model/job.js';
import type { Device } from './device.js';
import { qemuMachines, type QemuMachine } from './qemu/machines.js';
import { qemuDevice } from './qemu/qemu-device.js';

const builtIn: ReadonlyMap<string, Device> = new Map(
  qemuMachines.map((machine) => [machine.name, qemuDevice(machine)]),
);

/** The names of all built-in devices. */
export const deviceNames: readonly string[] = [...builtIn.keys()];

/** All built-in devices. */
export const devices: readonly Device[] = [...builtIn.values()];

/** The emulated machine that a job names, as a table row; undefined for a device of another kind. */
export function qemuMachineOf(job: Job): QemuMachine | undefined {
  return job.deviceSpec
    ? machineOf(job.deviceSpec)
    : qemuMachines.find(({ name }) => name === job.device);
}

/**
 * The device that a job names. On a POWER host whose KVM can do it, a `qemu-pseries` device is
 * taken over by its `kvm-pseries` twin: the real thing beats its emulation.
 */
export async function deviceOf(job: Job): Promise<Device> {
  if (job.deviceSpec) return qemuDevice(machineOf(job.deviceSpec));
  const twin = builtIn.get(job.device.replace(/^qemu-pseries-p/, 'kvm-pseries-p'));
  if (twin && twin.name !== job.device && (await twin.missing()).length === 0) return twin;
  const device = builtIn.get(job.device);
  if (!device) throw new Error(`unknown device ${job.device}`);
  return device;
}

/** A device of the user's own, from the job matrix. It promises no path: nobody knows which. */
function machineOf(spec: DeviceSpec): QemuMachine {
  const [machine = '', ...options] = spec.machine.split(',');
  return {
    name: spec.name,
    title: `described in the job matrix: ${spec.machine}`,
    machine,
    options: options.map((flag) => ({ flag, why: 'asked for in the job matrix' })),
    ...(spec.cpu !== undefined && { cpu: spec.cpu }),
    accel: spec.accel,
    memoryMb: spec.memoryMb,
    extra: spec.extraArgs.map((flag) => ({ flag, why: 'asked for in the job matrix' })),
    ...(spec.icount && { icountSince: [7, 0] as const }),
    sameBytes: false,
    console: spec.console,
    payload: [],
    promised: {},
  };
}
