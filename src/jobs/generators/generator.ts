// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import { powerpc } from '../../architectures/powerpc/architecture.js';
import type { matrixSchema } from '../schema.js';

/** A job matrix as its file would say it, with the same keys; defaults may be left out. */
export type MatrixInput = z.input<typeof matrixSchema>;

/** Values of `--set NAME=VALUE`; a name may be given more than once. */
export type GeneratorOptions = Readonly<Record<string, readonly string[]>>;

/**
 * Makes a job matrix. A `*.job.ts` file exports one by default; what it throws is shown to the
 * user as the reason why there is no matrix.
 */
export type Generator<Options = GeneratorOptions> = (
  options: Options,
) => MatrixInput | Promise<MatrixInput>;

/** The limit of the original report: 30 ms of every 100 ms. */
export const usualTest = { name: 'busy-guest', 'quota-us': 30_000, 'period-us': 100_000 } as const;

/** Emulated machines that together run every path of KVM-HV that has the limit to keep. */
export const hvDevices = powerpc.everyPath;

/** The one that is meant where nobody says which. */
export const [usualDevice = ''] = hvDevices;

/** The same with KVM-PR, which kernels of our config have, and distributions' have not. */
export const prePullDevices = [...hvDevices, 'qemu-pseries-pr-p8', 'qemu-pseries-pr-p9'] as const;
