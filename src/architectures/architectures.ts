// SPDX-License-Identifier: MIT
import { debianName } from '../model/source-ref.js';
import type { Facts } from '../model/result.js';
import type { Architecture } from './architecture.js';
import type { QemuMachine } from './machine.js';
import { arm64 } from './arm64.js';
import { powerpc } from './powerpc/architecture.js';
import { riscv } from './riscv.js';
import { x86 } from './x86.js';

/** Every architecture; the first is taken where nobody says which. */
export const architectures: readonly Architecture[] = [powerpc, x86, arm64, riscv];

/** The one that is meant where nobody says which. */
export const usualArchitecture = powerpc;

/** An architecture by the kernel's name for it; the usual one where none is given. */
export function architectureNamed(name: string = usualArchitecture.name): Architecture {
  const found = architectures.find((one) => one.name === name);
  if (found === undefined) throw new Error(`unknown architecture ${name}`);
  return found;
}

/** The command that shows what an architecture needs of this computer. */
export const doctorFor = ({ name }: Architecture): string =>
  name === usualArchitecture.name ? 'doctor' : `doctor --arch ${name}`;

/** The architecture that a Debian kernel package is for, by its name: `linux-image-cloud-arm64`, or `debian:` with it. */
export function architectureOfPackage(name: string): Architecture {
  const ending = debianName(name)?.package ?? name;
  return architectures.find(({ image }) => image.packageEnding.test(ending)) ?? usualArchitecture;
}

/** What an architecture adds to the identity of something that is kept: nothing where it is the usual one. */
export const keyOf = ({ name }: Architecture): readonly string[] =>
  name === usualArchitecture.name ? [] : [name];

/** What the facts of a kernel say of its architecture: nothing where it is the usual one. */
export const factsOf = (architecture: Architecture): Readonly<Record<string, string>> =>
  architecture === usualArchitecture ? {} : { kernel_architecture: architecture.name };

/** The architecture of a kernel by its facts, which may come from a file: the usual one for a name that nobody knows. */
export const architectureOfFacts = (facts: Facts): Architecture =>
  architectures.find(({ name }) => name === facts['kernel_architecture']) ?? usualArchitecture;

/** Every emulated machine. */
export const qemuMachines: readonly QemuMachine[] = architectures.flatMap(
  ({ machines }) => machines,
);

/** What the names of devices begin with whose machine LAVA's lava-run starts; the machine's own follows. */
export const lavaRunPrefix = 'lava-run-';

/** The row of an emulated machine by the name of a device, whoever starts it; undefined for another name. */
export function emulatedMachine(device: string): QemuMachine | undefined {
  const wanted = device.startsWith(lavaRunPrefix) ? device.slice(lavaRunPrefix.length) : device;
  return qemuMachines.find(({ name }) => name === wanted);
}
