// SPDX-License-Identifier: MIT
import type { Promised } from '../model/result.js';

/** A flag of QEMU's command line or of the payload's, and the reason why it is there. */
export interface Flag {
  readonly flag: string;
  readonly why: string;
  /** Versions of QEMU with which the need for it was seen; undefined: it is no workaround. */
  readonly seen?: string;
}

/** An emulated machine: everything that differs between them, and nothing else. */
export interface QemuMachine {
  readonly name: string;
  /** The kernel's name for its architecture. */
  readonly architecture: string;
  readonly title: string;
  /** QEMU's -M, without options. */
  readonly machine: string;
  readonly options: readonly Flag[];
  /** QEMU's -cpu; undefined where the machine decides. */
  readonly cpu?: string;
  readonly accel: 'tcg' | 'kvm';
  /** The same machine under this host's KVM, which takes its place where it can run. */
  readonly twin?: string | undefined;
  readonly memoryMb: number;
  /** More arguments. */
  readonly extra: readonly Flag[];
  /** First QEMU on which instruction counting works with this machine; undefined: never. */
  readonly icountSince?: readonly [major: number, minor: number] | undefined;
  /** With instruction counting two runs print the same bytes. */
  readonly sameBytes: boolean;
  readonly console: string;
  /**
   * QEMU's name for its network card, with `model=`. LAVA gives every QEMU one; with counted instructions one more device
   * moves the last digits of the metrics, so such a machine has it here too. Undefined: it has none here.
   */
  readonly networkCard?: string;
  /** Words of the kernel's own command line. */
  readonly kernel?: readonly Flag[];
  /** Arguments that the payload needs on this machine. */
  readonly payload: readonly Flag[];
  readonly promised: Promised;
}
