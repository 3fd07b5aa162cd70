// SPDX-License-Identifier: MIT
import type { Cage } from '../../system/cage.js';
import type { QemuBinary } from './binary.js';
import { architectureNamed } from '../../architectures/architectures.js';
import type { QemuMachine } from '../../architectures/machine.js';

/** Beside the guest's memory: the translated code (1 GiB), QEMU itself and its threads' stacks, bytes. */
const qemuMemoryBytes = 8 * 1024 ** 3;

/** What QEMU needs of this computer to be a machine, without what it boots. */
export function qemuCage(machine: QemuMachine, binary: QemuBinary): Cage {
  const { hostFiles } = architectureNamed(machine.architecture).kvm;
  return {
    programs: [binary.program],
    ...(machine.accel === 'kvm' && { reads: hostFiles, devices: ['/dev/kvm'] }),
    memoryBytes: machine.memoryMb * 1024 ** 2 + qemuMemoryBytes,
    // It writes nothing.
    fileBytes: 1024 ** 2,
  };
}
