// SPDX-License-Identifier: MIT
import type { Timeouts } from '../../model/job.js';
import type { Artefact } from '../artefacts/artefact.js';
import type { LavaBoot } from './boot-methods.js';

/** An emulated machine, as far as LAVA has to know it. */
export interface LavaQemu {
  readonly boot: 'qemu';
  /** LAVA's name for the architecture. */
  readonly arch: string;
  /** What a worker has to be for KVM: `POWER host with KVM-HV`. */
  readonly kvmHost: string;
  /** QEMU's program for it. */
  readonly program: string;
  /** QEMU's -machine with its options. */
  readonly machine: string;
  readonly cpu?: string;
  readonly accel: 'tcg' | 'kvm';
  readonly memoryMb: number;
  readonly cpus: number;
  /** QEMU's name for the network card that LAVA gives to it; undefined: LAVA's own choice. */
  readonly networkCard?: string | undefined;
  /** More arguments: those that the same machine has when busyguest starts it here. */
  readonly args: readonly string[];
}

/**
 * How a job's machine is brought to its kernel: a real one by petitboot, or by kexec of a host that
 * runs on it; with `ssh` and `minimal` the kernel under test runs there already, and the job brings
 * the payload only.
 */
export type LavaMachine = LavaQemu | { readonly boot: Exclude<LavaBoot, 'qemu'> };

/** One job for LAVA. */
export interface LavaJob {
  readonly name: string;
  readonly deviceType: string;
  readonly machine: LavaMachine;
  /** What is booted; of a running machine `payload` alone is used. */
  readonly kernel: Artefact;
  readonly initramfs: Artefact;
  readonly payload: Artefact;
  /** The whole kernel command line: console, options, `--`, the payload's arguments. */
  readonly commandLine: string;
  /** The payload's arguments, for where it is called by hand. */
  readonly payloadArgs: readonly string[];
  readonly timeouts: Pick<Timeouts, 'bootMs' | 'testMs'>;
  readonly priority: LavaPriority;
  /** Name of the suite and what LAVA reads on the console, where not the usual. */
  readonly monitor?: { readonly name: string; readonly pattern: string };
  /** Tags that the device must have; LAVA answers an unknown one with an internal error. */
  readonly tags: readonly string[];
  readonly visibility: 'public' | 'personal';
  /** Kept with the job by LAVA; strings only, so that they are found again as they are. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type LavaPriority = 'low' | 'medium' | 'high' | number;
