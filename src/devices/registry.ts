// SPDX-License-Identifier: MIT
import type { DeviceSpec, Job } from '../model/job.js';
import { describedDevices, readDescribed } from './described/folder.js';
import type { Device } from './device.js';
import type { Description } from './described/schema.js';
import { ipmiDevice } from './ipmi/ipmi-device.js';
import type { Architecture } from '../architectures/architecture.js';
import {
  architectureNamed,
  emulatedMachine,
  keyOf,
  qemuMachines,
  usualArchitecture,
} from '../architectures/architectures.js';
import type { QemuMachine } from '../architectures/machine.js';
import { describedParts } from '../architectures/powerpc/machines.js';
import { localDevice, ownArchitecture } from './local/local-device.js';
import { lavaRunDevice } from './lava/lava-run-device.js';
import { qemuDevice } from './qemu/qemu-device.js';
import { sshDevice } from './ssh/ssh-device.js';

const builtIn: ReadonlyMap<string, Device> = new Map(
  [...qemuMachines.map(qemuDevice), ...qemuMachines.map(lavaRunDevice), localDevice].map(
    (device) => [device.name, device],
  ),
);
const described = new Map<string, Device>();

/** The names of the emulated machines: what a stranger's bundle may ask for. */
export const emulatedNames: readonly string[] = qemuMachines.map(({ name }) => name);

/** The names of all devices: built-in ones, and those that the user has described. */
export const deviceNames = (): readonly string[] => [
  ...new Set([...builtIn.keys(), ...describedDevices().keys()]),
];

/** A device by its name, or undefined. Throws JobError when its description has mistakes. */
export function deviceNamed(name: string): Device | undefined {
  const known = builtIn.get(name) ?? described.get(name);
  if (known !== undefined) return known;
  const file = describedDevices().get(name);
  if (file === undefined) return undefined;
  const device = deviceFrom(name, readDescribed(file));
  described.set(name, device);
  return device;
}

function deviceFrom(name: string, description: Description): Device {
  return description.kind === 'ssh' ? sshDevice(name, description) : ipmiDevice(name, description);
}

/**
 * The emulated machine that a job names, whoever starts it, as a table row; undefined for a device
 * of another kind.
 */
export function qemuMachineOf(job: Job): QemuMachine | undefined {
  if (job.deviceSpec) return machineOf(job.deviceSpec);
  return emulatedMachine(job.device);
}

/** The architecture of a device's machines: that of an emulated one, this computer's, or else the usual one. */
export function architectureOf(device: string): Architecture {
  if (device === localDevice.name) return ownArchitecture ?? usualArchitecture;
  return architectureNamed(emulatedMachine(device)?.architecture);
}

/** The kernel's name for a device's architecture where it is not the usual one. */
export function foreignArchitecture(device: string): string | undefined {
  const [name] = keyOf(architectureOf(device));
  return name;
}

/**
 * The device that a job names. On a host whose KVM can do it, an emulated machine is taken over by
 * its twin under KVM: the real thing beats its emulation.
 */
export async function deviceOf(job: Job): Promise<Device> {
  if (job.deviceSpec) return qemuDevice(machineOf(job.deviceSpec));
  const twin = await takenOverBy(job.device);
  if (twin) return twin;
  const device = deviceNamed(job.device);
  if (!device) throw new Error(`unknown device ${job.device}`);
  return device;
}

/** The device that runs in place of another here: one that QEMU was started with. */
export async function takenOverBy(name: string): Promise<Device | undefined> {
  const twin = builtIn.get(qemuMachines.find((one) => one.name === name)?.twin ?? '');
  if (twin === undefined) return undefined;
  return (await twin.missing()).length === 0 ? twin : undefined;
}

/** A device of the user's own, from the job matrix. It promises no path: nobody knows which. */
export function machineOf(spec: DeviceSpec): QemuMachine {
  const [machine = '', ...options] = spec.machine.split(',');
  return {
    name: spec.name,
    title: `described in the job matrix: ${spec.machine}`,
    machine,
    options: options.map((flag) => ({ flag, why: 'asked for in the job matrix' })),
    ...(spec.cpu !== undefined && { cpu: spec.cpu }),
    accel: spec.accel,
    memoryMb: spec.memoryMb,
    extra: [...spec.devices.flatMap((device) => ['-device', device]), ...spec.extraArgs].map(
      (flag) => ({ flag, why: 'asked for in the job matrix' }),
    ),
    ...(spec.icount && { icountSince: [7, 0] as const }),
    sameBytes: false,
    console: spec.console,
    ...describedParts(spec.machine, spec.accel),
    promised: {},
  };
}
